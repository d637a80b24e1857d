#include "domain/message.h"

#include <array>
#include <utility>

namespace tandem::domain {

namespace {

int rank(Delivery delivery) {
    switch (delivery) {
        case Delivery::Queued: return 1;
        case Delivery::Sending: return 2;
        case Delivery::Unknown: return 2;  // any word of the provider settles it
        case Delivery::Sent: return 3;
        case Delivery::Delivered:
        case Delivery::Undelivered:
        case Delivery::Failed:
        case Delivery::Expired:
        case Delivery::Superseded: return 5;
        case Delivery::Read: return 6;
        case Delivery::Received: return 7;
    }
    return 7;
}

char upper(char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

}  // namespace

std::string_view word(Author author) {
    switch (author) {
        case Author::Customer: return "user";
        case Author::Ai: return "agent";
        case Author::Human: return "human_agent";
        case Author::System: return "system";
    }
    return "system";
}

std::string_view word(MessageType type) {
    switch (type) {
        case MessageType::Text: return "text";
        case MessageType::Voice: return "voice";
        case MessageType::System: return "system";
    }
    return "system";
}

std::string_view word(Direction direction) {
    switch (direction) {
        case Direction::Inbound: return "inbound";
        case Direction::Outbound: return "outbound";
        case Direction::Internal: return "internal";
    }
    return "internal";
}

std::string_view word(Delivery delivery) {
    switch (delivery) {
        case Delivery::Received: return "received";
        case Delivery::Queued: return "queued";
        case Delivery::Sending: return "sending";
        case Delivery::Sent: return "sent";
        case Delivery::Delivered: return "delivered";
        case Delivery::Read: return "read";
        case Delivery::Failed: return "failed";
        case Delivery::Undelivered: return "undelivered";
        case Delivery::Unknown: return "unknown";
        case Delivery::Expired: return "expired";
        case Delivery::Superseded: return "superseded";
    }
    return "unknown";
}

bool climbs(Delivery current, Delivery next) {
    if (current == Delivery::Undelivered && next == Delivery::Delivered) return true;
    const bool never_left = current == Delivery::Failed || current == Delivery::Expired ||
                            current == Delivery::Superseded;
    if (next == Delivery::Read && never_left) return false;
    return rank(next) > rank(current) ||
           (next == Delivery::Unknown && current == Delivery::Sending);
}

OptWord opt_word(std::string_view text) {
    static constexpr std::string_view blanks = " \t\r\n";
    static constexpr std::string_view ends = " \t\r\n.!?,;:\"'";
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return OptWord::None;
    text = text.substr(first, text.find_last_not_of(ends) + 1 - first);
    std::string whole;
    if (text.size() > 16) return OptWord::None;
    for (const char letter : text) whole.push_back(upper(letter));

    static constexpr std::array<std::pair<std::string_view, OptWord>, 13> words{{
        {"STOP", OptWord::Stop},
        {"STOPALL", OptWord::Stop},
        {"UNSUBSCRIBE", OptWord::Stop},
        {"CANCEL", OptWord::Stop},
        {"END", OptWord::Stop},
        {"QUIT", OptWord::Stop},
        {"REVOKE", OptWord::Stop},
        {"OPTOUT", OptWord::Stop},
        {"START", OptWord::Start},
        {"YES", OptWord::Start},
        {"UNSTOP", OptWord::Start},
        {"HELP", OptWord::Help},
        {"INFO", OptWord::Help},
    }};
    for (const auto& [name, meaning] : words)
        if (whole == name) return meaning;
    return OptWord::None;
}

}  // namespace tandem::domain
