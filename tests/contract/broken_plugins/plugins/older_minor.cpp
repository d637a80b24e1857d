#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor made = sound::descriptor("com.example.older");
        made.abi_minor_built = 0;
        return made;
    }();
    return &mine;
}
