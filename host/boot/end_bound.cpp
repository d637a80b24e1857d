#include "boot/end_bound.h"

#include <unistd.h>
#include <cstdlib>
#include <string_view>

namespace tandem::boot {

EndBound::~EndBound() {
    std::unique_lock lock(mutex_);
    over_ = true;
    ended_.notify_all();
    lock.unlock();
    if (thread_.joinable()) thread_.join();
}

void EndBound::begin(int code) {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) return;
    thread_ = std::thread([this, code] {
        std::unique_lock waiting(mutex_);
        if (ended_.wait_for(waiting, bound_, [this] { return over_; })) return;
        // The log may be what hangs.
        constexpr std::string_view text =
            "tandemd: something did not end in time; it is left as it is\n";
        static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
        std::_Exit(code);
    });
}

}  // namespace tandem::boot
