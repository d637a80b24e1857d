#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = sound::descriptor("Acme Channel");
    return &mine;
}
