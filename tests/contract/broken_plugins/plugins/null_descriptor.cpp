#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    return nullptr;
}
