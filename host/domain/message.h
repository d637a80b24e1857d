#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tandem::domain {

// The numbers are what stores keep: append, never renumber.
enum class Author { Customer = 1, Ai = 2, Human = 3, System = 4 };
enum class MessageType { Text = 1, Voice = 2, System = 3 };
enum class Direction { Inbound = 1, Outbound = 2, Internal = 3 };
enum class Delivery {
    Received = 1,
    Queued = 2,
    Sending = 3,
    Sent = 4,
    Delivered = 5,
    Read = 6,
    Failed = 7,
    Undelivered = 8,
    Unknown = 9,
    Expired = 10,
    Superseded = 11,  // an AI answer that came too late; kept, never sent
};

/// A reference to a picture or a file; never fetched unasked.
struct Media {
    std::string url;
    std::string content_type;
};

/// One text or one spoken turn of a conversation.
struct Message {
    std::string id;
    std::string address;  // the customer's
    int64_t number = 0;   // 1, 2, 3 … within the conversation; the store's
    Author author = Author::Customer;
    MessageType type = MessageType::Text;
    Direction direction = Direction::Inbound;
    Delivery delivery = Delivery::Received;
    std::string content;
    std::string provider_id;
    std::string instance;
    std::string agent_id;
    std::string agent_name;
    std::string session_id;
    std::string call_id;  // of a spoken turn: its call
    std::vector<Media> media;
    std::string error_code;
    std::string error_text;
    int64_t control_epoch = -1;  // the epoch an AI answer was computed for
    Time at{};
};

/// The contract's words: `user`, `agent`, `human_agent`, `system`.
std::string_view word(Author author);
/// `text`, `voice`, `system`.
std::string_view word(MessageType type);
/// `inbound`, `outbound`, `internal`.
std::string_view word(Direction direction);
/// `received`, `queued`, `sending` …
std::string_view word(Delivery delivery);

/// The status lattice: whether `next` may follow `current`. Equal or lower ranks may
/// not; between final states the first stays, but `delivered` may follow
/// `undelivered`, and `read` follows everything that arrived.
bool climbs(Delivery current, Delivery next);

/// What the opt-out words mean; the whole message, any case, blanks and closing
/// punctuation left out.
enum class OptWord { None, Stop, Start, Help };
OptWord opt_word(std::string_view text);

}  // namespace tandem::domain
