#include <csignal>

#include "sound.h"

namespace {
tandem_status create(const tandem_host*, tandem_view, const tandem_instance** made, tandem_error*) {
    std::signal(SIGHUP, SIG_IGN);
    *made = sound::instance();
    return TANDEM_OK;
}
}  // namespace

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor descriptor = sound::descriptor("com.example.handler");
        descriptor.create = create;
        return descriptor;
    }();
    return &mine;
}
