#include "sound.h"

extern "C" int nobody_defines_this();

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = sound::descriptor("com.example.missing");
    return nobody_defines_this() ? &mine : nullptr;
}
