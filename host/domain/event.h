#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tandem::domain {

/// A place in an organisation's journal. Its text, `epoch-offset`, is the SSE id.
struct Position {
    std::string epoch;   // lower-case hex; another one means that history was lost
    int64_t offset = 0;  // of an event; 0: before the first

    bool operator==(const Position&) const = default;
};

std::string to_text(const Position& position);
/// Nothing if the text is not exactly a position: hex, `-`, up to 18 digits.
std::optional<Position> parse_position(std::string_view text);

/// What screens see. `payload` is the event's JSON, final; its position is not part of
/// it but put before it when it is sent.
struct Event {
    std::string id;
    std::string type;     // the contract's word: sms_received, ai_message_sent …
    std::string address;  // the conversation's; empty: of the whole organisation
    std::string payload;
    Time at{};
    int64_t offset = 0;  // the store's
};

}  // namespace tandem::domain
