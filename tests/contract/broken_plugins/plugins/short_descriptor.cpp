#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor made = sound::descriptor("com.example.short");
        made.size = 40;
        return made;
    }();
    return &mine;
}
