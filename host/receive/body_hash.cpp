#include <cstdint>
#include <type_traits>

#include "receive/record.h"

namespace tandem::receive {

namespace {

/// FNV-1a with 128 bits (draft-eastlake-fnv). Each part is preceded by its length, so that
/// no two lists of parts make the same bytes.
class StableHash {
public:
    void add(std::string_view part) {
        const uint64_t size = part.size();
        for (unsigned shift = 0; shift < 64; shift += 8) step((size >> shift) & 0xff);
        for (const char byte : part) step(static_cast<unsigned char>(byte));
    }
    void add(int64_t number) { add(std::to_string(number)); }

    std::string text() const {
        static constexpr char digits[] = "0123456789abcdef";
        std::string hex;
        for (int shift = 124; shift >= 0; shift -= 4)
            hex.push_back(digits[static_cast<unsigned>(state_ >> shift) & 0xf]);
        return hex;
    }

private:
    using Wide = unsigned __int128;

    void step(uint64_t byte) {
        state_ ^= byte;
        state_ *= (Wide{1} << 88) + 0x13b;
    }

    Wide state_ = (Wide{0x6c62272e07bb0142u} << 64) + 0x62b821756295c58du;
};

void add(StableHash& hash, const MessageReceived& event) {
    hash.add("message");
    hash.add(event.provider_id);
    hash.add(event.text);
    for (const domain::Media& one : event.media) hash.add(one.url);
}

void add(StableHash& hash, const MessageStatus& event) {
    hash.add("status");
    hash.add(event.provider_id);
    hash.add(event.message_id);
    hash.add(event.provider_word);
    hash.add(event.error_code);
}

void add(StableHash& hash, const CallStarted& event) {
    hash.add("started");
    hash.add(event.call_id);
    hash.add(event.conversation_id);
    hash.add(static_cast<int64_t>(event.direction));
}

void add(StableHash& hash, const CallEnded& event) {
    hash.add("ended");
    hash.add(event.call_id);
    hash.add(event.conversation_id);
    hash.add(static_cast<int64_t>(event.outcome));
    hash.add(event.duration_s);
    hash.add(event.summary);
    for (const domain::SpokenTurn& turn : event.turns) {
        hash.add(static_cast<int64_t>(turn.speaker));
        hash.add(turn.text);
    }
}

void add(StableHash& hash, const CallStatus& event) {
    hash.add("line");
    hash.add(event.call_id);
    hash.add(event.provider_word);
    hash.add(event.duration_s);
}

}  // namespace

std::string body_hash(const ProviderEvent& event) {
    StableHash hash;
    std::visit(
        [&](const auto& one) {
            using Event = std::decay_t<decltype(one)>;
            constexpr bool is_status =
                std::is_same_v<Event, MessageStatus> || std::is_same_v<Event, CallStatus>;
            if (!is_status) {
                hash.add(one.business_address);
                hash.add(one.customer_address);
            }
            add(hash, one);
        },
        event);
    return hash.text();
}

}  // namespace tandem::receive
