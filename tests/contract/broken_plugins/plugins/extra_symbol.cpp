#include "sound.h"

BROKEN_EXPORT int shared_by_accident() {
    return 1;
}

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = sound::descriptor("com.example.extra");
    return &mine;
}
