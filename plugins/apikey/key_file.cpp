#include "key_file.h"

#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "tandem/plugin/failure.hpp"

namespace tandem::apikey {

namespace {

plugin::Failure wrong(const std::string& why) {
    return plugin::Failure(TANDEM_INVALID, "option keys_file: " + why);
}

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool KeyFile::Mark::operator==(const Mark& other) const {
    return device == other.device && inode == other.inode && size == other.size &&
           modified_ns == other.modified_ns && changed_ns == other.changed_ns;
}

KeyFile::KeyFile(plugin::Host host, std::string path, std::shared_ptr<const Keys> written)
    : host_(std::move(host)), path_(std::move(path)), written_(std::move(written)), mark_(mark()) {
    keys_ = std::make_shared<const Keys>(read());
    looked_ms_ = host_.clock().monotonic_ms();
}

std::shared_ptr<const Keys> KeyFile::current() {
    const std::int64_t now = host_.clock().monotonic_ms();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (now - looked_ms_ < look_every_ms) return keys_;
    looked_ms_ = now;
    try {
        const Mark seen = mark();
        if (seen == mark_) return keys_;
        mark_ = seen;
        keys_ = std::make_shared<const Keys>(read());
        host_.log().info("the file of keys was read again",
                         {{"keys", std::to_string(keys_->size())}});
    } catch (const plugin::Failure& failure) {
        if (keys_->size() > 0)
            host_.log().error("nobody is let in by a key of the file", {{"why", failure.what()}});
        keys_ = std::make_shared<const Keys>(std::vector<std::string>{});
        mark_ = {};
    }
    return keys_;
}

KeyFile::Mark KeyFile::mark() const {
    struct stat state {};
    if (::stat(path_.c_str(), &state) != 0 || !S_ISREG(state.st_mode))
        throw wrong(path_ + " is no file that can be read");
    // Who may write it may sign in as anybody.
    if ((state.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        throw wrong(path_ + " may be written by its group or by others; chmod go-w");
    return {static_cast<std::uint64_t>(state.st_dev), static_cast<std::uint64_t>(state.st_ino),
            std::int64_t{state.st_size}, nanoseconds(state.st_mtim), nanoseconds(state.st_ctim)};
}

Keys KeyFile::read() const {
    std::ifstream file(path_, std::ios::binary);
    std::string text(max_bytes + 1, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.eof()) throw wrong(path_ + " cannot be read or is over 1 MiB");
    text.resize(static_cast<size_t>(file.gcount()));
    try {
        return Keys(lines_of(text), written_.get());
    } catch (const plugin::Failure& failure) {
        throw wrong(path_ + ": " + failure.what());
    }
}

}  // namespace tandem::apikey
