#include <csignal>

#include "sound.h"

namespace {
tandem_status create(const tandem_host*, tandem_view, const tandem_instance** made, tandem_error*) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    *made = sound::instance();
    return TANDEM_OK;
}
}  // namespace

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor descriptor = sound::descriptor("com.example.mask");
        descriptor.create = create;
        return descriptor;
    }();
    return &mine;
}
