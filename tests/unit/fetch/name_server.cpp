#include "unit/fetch/name_server.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

namespace tandem::test {

namespace {

std::mutex mutex;
std::condition_variable changed;
bool silent = false;   // guarded by mutex
unsigned waiting = 0;  // guarded by mutex

void wait_in_silence() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.wait_for(lock, SilentNameServer::silence, [] { return !silent; });
    --waiting;
    changed.notify_all();
}

}  // namespace

SilentNameServer::SilentNameServer() {
    const std::lock_guard lock(mutex);
    silent = true;
}

SilentNameServer::~SilentNameServer() {
    std::unique_lock lock(mutex);
    silent = false;
    changed.notify_all();
    changed.wait(lock, [] { return waiting == 0; });
}

}  // namespace tandem::test

// In the place of libc's, for the libraries too.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
    using tandem::test::SilentNameServer;
    if (node && std::string_view(node) == SilentNameServer::name) {
        tandem::test::wait_in_silence();
        return EAI_AGAIN;
    }
    static const auto real =
        reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(node, service, hints, result);
}
