#include <stdexcept>

#include "sound.h"

namespace {
struct Throwing {
    Throwing() { throw std::runtime_error("no licence file"); }
};
const Throwing throwing;
}  // namespace

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = sound::descriptor("com.example.constructor");
    return &mine;
}
