#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = sound::descriptor("com.example.twin");
    return &mine;
}
