#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tandem/abi/events.h"
#include "tandem/host/outcome.hpp"

/// The events of a provider as values; read from whatever size the plugin knew.
namespace tandem::host {

struct EventHead {
    std::string dedupe_key, business_address, customer_address;
    tandem_time happened_at = 0;
};
struct Media {
    std::string url, content_type;
};
struct MessageReceived : EventHead {
    std::string provider_id, text;
    std::vector<Media> media;
    std::string sender_name;
    uint32_t opt = TANDEM_OPT_NONE;
};
struct MessageStatus : EventHead {
    std::string provider_id, message_id;
    uint32_t delivery = TANDEM_DELIVERY_OTHER, opt = TANDEM_OPT_NONE;
    std::string provider_word, error_code, error_text;
};
struct CallStarted : EventHead {
    std::string call_id, conversation_id;
    uint32_t direction = TANDEM_CALL_INBOUND;
    bool asks_context = false;
    std::string our_call_id;
};
struct CallTurn {
    uint32_t speaker = TANDEM_SPEAKER_CUSTOMER, seconds = 0;
    std::string text;
};
struct CallEnded : EventHead {
    std::string call_id, conversation_id;
    uint32_t direction = TANDEM_CALL_INBOUND;
    uint32_t outcome = TANDEM_OUTCOME_UNKNOWN;
    uint32_t duration_s = 0;
    std::string failure_reason, summary, analysis_json;
    std::vector<CallTurn> turns;
    std::string our_call_id;
};
struct CallStatus : EventHead {
    std::string call_id;
    uint32_t line = TANDEM_LINE_OTHER;
    uint32_t duration_s = 0;
    std::string provider_word, error_code;
};
using Event = std::variant<MessageReceived, MessageStatus, CallStarted, CallEnded, CallStatus>;

/// Twilio sends ten pictures at most; an hour's call has some hundred turns.
constexpr size_t max_media = 100;
constexpr size_t max_turns = 20000;

namespace reading {

inline void head(EventHead& to, const tandem_event& from) {
    to.dedupe_key = text(from.dedupe_key);
    to.business_address = text(from.business_address);
    to.customer_address = text(from.customer_address);
    to.happened_at = from.happened_at;
}

inline MessageReceived message_received(const tandem_event* raw) {
    const auto from = known_part<tandem_message_received>(raw);
    MessageReceived made;
    head(made, from.event);
    made.provider_id = text(from.provider_id);
    made.text = text(from.text);
    for (size_t i = 0; from.media && i < std::min(from.media_count, max_media); ++i) {
        const auto media = known_part<tandem_media>(from.media[i]);
        made.media.push_back({text(media.url), text(media.content_type)});
    }
    made.sender_name = text(from.sender_name);
    made.opt = from.opt;
    return made;
}

inline MessageStatus message_status(const tandem_event* raw) {
    const auto from = known_part<tandem_message_status>(raw);
    MessageStatus made;
    head(made, from.event);
    made.provider_id = text(from.provider_id);
    made.message_id = text(from.message_id);
    made.delivery = from.delivery;
    made.opt = from.opt;
    made.provider_word = text(from.provider_word);
    made.error_code = text(from.error_code);
    made.error_text = text(from.error_text);
    return made;
}

inline CallStarted call_started(const tandem_event* raw) {
    const auto from = known_part<tandem_call_started>(raw);
    CallStarted made;
    head(made, from.event);
    made.call_id = text(from.call_id);
    made.conversation_id = text(from.conversation_id);
    made.direction = from.direction;
    made.asks_context = from.asks_context != 0;
    made.our_call_id = text(from.our_call_id);
    return made;
}

inline CallEnded call_ended(const tandem_event* raw) {
    const auto from = known_part<tandem_call_ended>(raw);
    CallEnded made;
    head(made, from.event);
    made.call_id = text(from.call_id);
    made.conversation_id = text(from.conversation_id);
    made.direction = from.direction;
    made.outcome = from.outcome;
    made.duration_s = from.duration_s;
    made.failure_reason = text(from.failure_reason);
    made.summary = text(from.summary);
    made.analysis_json = text(from.analysis_json);
    for (size_t i = 0; from.turns && i < std::min(from.turn_count, max_turns); ++i) {
        const auto turn = known_part<tandem_call_turn>(from.turns[i]);
        made.turns.push_back({turn.speaker, turn.seconds, text(turn.text)});
    }
    made.our_call_id = text(from.our_call_id);
    return made;
}

inline CallStatus call_status(const tandem_event* raw) {
    const auto from = known_part<tandem_call_status>(raw);
    CallStatus made;
    head(made, from.event);
    made.call_id = text(from.call_id);
    made.line = from.line;
    made.duration_s = from.duration_s;
    made.provider_word = text(from.provider_word);
    made.error_code = text(from.error_code);
    return made;
}

}  // namespace reading

/// False: of a kind that this host does not know, or too small to be an event.
inline bool read_event(const tandem_event* raw, Event& to) {
    if (!raw || raw->size < sizeof(tandem_event)) return false;
    switch (raw->kind) {
        case TANDEM_EVENT_MESSAGE_RECEIVED: to = reading::message_received(raw); return true;
        case TANDEM_EVENT_MESSAGE_STATUS: to = reading::message_status(raw); return true;
        case TANDEM_EVENT_CALL_STARTED: to = reading::call_started(raw); return true;
        case TANDEM_EVENT_CALL_ENDED: to = reading::call_ended(raw); return true;
        case TANDEM_EVENT_CALL_STATUS: to = reading::call_status(raw); return true;
        default: return false;
    }
}

}  // namespace tandem::host
