#include "base/id.h"

#include <sys/random.h>
#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace tandem {

IdSource::IdSource(const Clock& clock) : clock_(clock), random_(std::random_device{}()) {}

std::string IdSource::next() {
    const std::lock_guard lock(mutex_);
    const int64_t now = clock_.now().time_since_epoch().count();
    if (now > last_ms_) {
        last_ms_ = now;
        counter_ = static_cast<uint16_t>(random_() & 0x7ff);
    } else if (++counter_ > 0xfff) {
        // The counter is spent, or the clock went back: borrow from the future.
        ++last_ms_;
        counter_ = 0;
    }
    const uint64_t tail = random_();
    char text[48];
    std::snprintf(text, sizeof text, "%08llx-%04llx-7%03x-%04llx-%012llx",
                  static_cast<unsigned long long>(last_ms_ >> 16) & 0xffffffffULL,
                  static_cast<unsigned long long>(last_ms_ & 0xffff),
                  static_cast<unsigned>(counter_ & 0xfff),
                  static_cast<unsigned long long>(0x8000 | ((tail >> 48) & 0x3fff)),
                  static_cast<unsigned long long>(tail & 0xffffffffffffULL));
    return std::string(text, 36);
}

std::string random_hex(size_t bytes) {
    std::string text;
    text.reserve(bytes * 2);
    while (text.size() < bytes * 2) {
        unsigned char block[64];
        const size_t wanted = std::min(sizeof block, bytes - text.size() / 2);
        if (getrandom(block, wanted, 0) != static_cast<ssize_t>(wanted))
            throw std::runtime_error("the system gives no random bytes");
        static constexpr char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < wanted; ++i) {
            text.push_back(digits[block[i] >> 4]);
            text.push_back(digits[block[i] & 15]);
        }
    }
    return text;
}

}  // namespace tandem
