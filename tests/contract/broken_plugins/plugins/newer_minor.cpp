#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor made = sound::descriptor("com.example.newer");
        made.abi_minor_built = TANDEM_ABI_MINOR + 40;
        return made;
    }();
    return &mine;
}
