#include "limit/siphash.h"

#include <bit>
#include <random>

namespace tandem::limit {

namespace {

uint64_t random_word() {
    std::random_device device;
    return static_cast<uint64_t>(device()) << 32 | device();
}

struct State {
    uint64_t a, b, c, d;

    void round() {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    void take(uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

/// Little-endian, up to eight bytes.
uint64_t word_of(std::string_view bytes) {
    uint64_t word = 0;
    for (size_t i = 0; i < bytes.size(); ++i)
        word |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return word;
}

}  // namespace

SipHash::SipHash() : SipHash(random_word(), random_word()) {}

uint64_t SipHash::operator()(std::string_view text) const {
    State state{first_ ^ 0x736f6d6570736575, second_ ^ 0x646f72616e646f6d,
                first_ ^ 0x6c7967656e657261, second_ ^ 0x7465646279746573};
    const uint64_t length = static_cast<uint64_t>(text.size()) << 56;
    for (; text.size() >= 8; text.remove_prefix(8)) state.take(word_of(text.substr(0, 8)));
    state.take(length | word_of(text));
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace tandem::limit
