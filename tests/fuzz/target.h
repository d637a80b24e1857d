#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What every target stands on. A target is one function, LLVMFuzzerTestOneInput, that must
/// return for any bytes; a promise that does not hold aborts, which is how a fuzzer learns of it.
namespace tandem::fuzz {

/// One promise. `what` is printed when it is broken.
inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

/// Whether this run shall find that it can find: with TANDEM_FUZZ_SEEDED_BUG in the environment
/// each target damages what it looks at, in a way that no file of its corpus shows at once.
inline bool seeded_bug() {
    static const bool seeded = std::getenv("TANDEM_FUZZ_SEEDED_BUG") != nullptr;
    return seeded;
}

inline std::string_view text(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

/// The first byte of the input, which chooses among variants; zero if there is none.
inline unsigned take_choice(std::string_view& input) {
    if (input.empty()) return 0;
    const auto choice = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    return choice;
}

/// The input up to a separator, or all of it; what was taken is gone from the input.
inline std::string_view take_until(std::string_view& input, char separator) {
    const std::size_t end = input.find(separator);
    const std::string_view piece = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return piece;
}

}  // namespace tandem::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
