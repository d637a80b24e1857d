#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v0() {
    return nullptr;
}
