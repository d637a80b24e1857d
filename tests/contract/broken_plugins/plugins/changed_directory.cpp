#include <sys/stat.h>
#include <unistd.h>

#include "sound.h"

namespace {
tandem_status create(const tandem_host*, tandem_view, const tandem_instance** made, tandem_error*) {
    ::umask(0177);
    *made = sound::instance();
    return ::chdir("/") == 0 ? TANDEM_OK : TANDEM_INTERNAL;
}
}  // namespace

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_descriptor mine = [] {
        tandem_descriptor descriptor = sound::descriptor("com.example.directory");
        descriptor.create = create;
        return descriptor;
    }();
    return &mine;
}
