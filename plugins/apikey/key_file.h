#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "keys.h"
#include "tandem/plugin/host.hpp"

namespace tandem::apikey {

/// A file of keys that is read again when it was changed: who is taken out of it is shut out
/// within a second, without a restart. Guards itself.
class KeyFile {
public:
    static constexpr size_t max_bytes = 1 << 20;        // a thousand long lines
    static constexpr std::int64_t look_every_ms = 500;  // a stat, no more

    /// `written` are the keys beside those of the file. Throws Failure(INVALID) for a file that
    /// cannot be read, that others may write, or that is wrong.
    KeyFile(plugin::Host host, std::string path, std::shared_ptr<const Keys> written);

    /// A file that has become wrong meanwhile lets nobody in until it is right again: which of
    /// its keys were to be shut out, nobody knows.
    std::shared_ptr<const Keys> current();

private:
    /// What tells one state of a file from the next.
    struct Mark {
        std::uint64_t device = 0, inode = 0;
        std::int64_t size = 0, modified_ns = 0, changed_ns = 0;
        bool operator==(const Mark& other) const;
    };

    Mark mark() const;
    Keys read() const;

    const plugin::Host host_;
    const std::string path_;
    const std::shared_ptr<const Keys> written_;
    std::mutex mutex_;
    // Guarded by mutex_.
    std::shared_ptr<const Keys> keys_;  // never null
    Mark mark_;
    std::int64_t looked_ms_ = 0;
};

}  // namespace tandem::apikey
