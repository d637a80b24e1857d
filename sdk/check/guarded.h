#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

namespace tandem::check {

/// Copies of bytes, each of which ends exactly where unreadable memory begins: reading one
/// byte too many is a crash here instead of somebody else's secret elsewhere. When the
/// call is over, `forget` takes them away for good, so that a plugin that kept a view is
/// found out as well.
class GuardedBytes {
public:
    GuardedBytes() = default;
    ~GuardedBytes() { forget(); }
    GuardedBytes(const GuardedBytes&) = delete;
    GuardedBytes& operator=(const GuardedBytes&) = delete;

    std::string_view keep(std::string_view bytes) {
        char* at = place(bytes.size(), 1);
        std::memcpy(at, bytes.data(), bytes.size());
        return {at, bytes.size()};
    }

    /// Room of this size that ends at the guard, as far as the alignment lets it.
    char* place(size_t size, size_t alignment) {
        const size_t pages = (size + alignment) / page() + 1;
        void* start = ::mmap(nullptr, (pages + 1) * page(), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) throw std::bad_alloc();
        ::mprotect(static_cast<char*>(start) + pages * page(), page(), PROT_NONE);
        blocks_.push_back({static_cast<char*>(start), pages * page()});
        const size_t offset = (pages * page() - size) / alignment * alignment;
        return static_cast<char*>(start) + offset;
    }

    // The addresses stay taken: given to somebody else, a kept view would read his bytes and
    // nobody would notice.
    void forget() {
        for (const Block& block : blocks_) {
            ::madvise(block.start, block.size, MADV_DONTNEED);
            ::mprotect(block.start, block.size, PROT_NONE);
        }
        blocks_.clear();
    }

private:
    struct Block {
        char* start;
        size_t size;
    };
    static size_t page() {
        static const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
        return size;
    }
    std::vector<Block> blocks_;
};

}  // namespace tandem::check
