#include <cstdint>
#include <type_traits>

#include "admit/erased.h"
#include "receive/record.h"

namespace tandem::receive {

namespace {

/// All parts in one text. Each is preceded by its length, so that no two lists of parts make
/// the same one.
class Parts {
public:
    void add(std::string_view part) {
        text_ += std::to_string(part.size());
        text_ += ':';
        text_ += part;
    }
    void add(int64_t number) { add(std::string_view(std::to_string(number))); }

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

void add(Parts& parts, const MessageReceived& event) {
    parts.add("message");
    parts.add(event.provider_id);
    parts.add(event.text);
    for (const domain::Media& one : event.media) parts.add(one.url);
}

void add(Parts& parts, const MessageStatus& event) {
    parts.add("status");
    parts.add(event.provider_id);
    parts.add(event.message_id);
    parts.add(event.provider_word);
    parts.add(event.error_code);
}

void add(Parts& parts, const CallStarted& event) {
    parts.add("started");
    parts.add(event.call_id);
    parts.add(event.conversation_id);
    parts.add(static_cast<int64_t>(event.direction));
}

void add(Parts& parts, const CallEnded& event) {
    parts.add("ended");
    parts.add(event.call_id);
    parts.add(event.conversation_id);
    parts.add(static_cast<int64_t>(event.outcome));
    parts.add(event.duration_s);
    parts.add(event.summary);
    for (const domain::SpokenTurn& turn : event.turns) {
        parts.add(static_cast<int64_t>(turn.speaker));
        parts.add(turn.text);
    }
}

void add(Parts& parts, const CallStatus& event) {
    parts.add("line");
    parts.add(event.call_id);
    parts.add(event.provider_word);
    parts.add(event.duration_s);
}

}  // namespace

std::string body_hash(const ProviderEvent& event, const std::string& key) {
    Parts parts;
    std::visit(
        [&](const auto& one) {
            using Event = std::decay_t<decltype(one)>;
            constexpr bool is_status =
                std::is_same_v<Event, MessageStatus> || std::is_same_v<Event, CallStatus>;
            if (!is_status) {
                parts.add(one.business_address);
                parts.add(one.customer_address);
            }
            add(parts, one);
        },
        event);
    return admit::keyed_hash(key, parts.text());
}

}  // namespace tandem::receive
