// tandem/plugin/testing/events.hpp: events back from the waist into records.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tandem/plugin/events.hpp"

namespace tandem::plugin::testing {

inline void take_event(Event& to, const tandem_event& raw) {
    to.dedupe_key = text(raw.dedupe_key);
    to.business_address = text(raw.business_address);
    to.customer_address = text(raw.customer_address);
    to.happened_at = raw.happened_at;
}

inline MessageReceived to_record(const tandem_message_received& raw) {
    MessageReceived record;
    take_event(record, raw.event);
    record.provider_id = text(raw.provider_id);
    record.text = text(raw.text);
    for (std::size_t i = 0; i < raw.media_count; ++i) {
        record.media.push_back(
            {std::string(text(raw.media[i]->url)), std::string(text(raw.media[i]->content_type))});
    }
    record.sender_name = text(raw.sender_name);
    record.opt = static_cast<Opt>(raw.opt);
    return record;
}

inline MessageStatus to_record(const tandem_message_status& raw) {
    MessageStatus record;
    take_event(record, raw.event);
    record.provider_id = text(raw.provider_id);
    record.message_id = text(raw.message_id);
    record.delivery = static_cast<Delivery>(raw.delivery);
    record.opt = static_cast<Opt>(raw.opt);
    record.provider_word = text(raw.provider_word);
    record.error_code = text(raw.error_code);
    record.error_text = text(raw.error_text);
    return record;
}

inline CallStarted to_record(const tandem_call_started& raw) {
    CallStarted record;
    take_event(record, raw.event);
    record.call_id = text(raw.call_id);
    record.conversation_id = text(raw.conversation_id);
    record.direction = static_cast<Direction>(raw.direction);
    record.asks_context = raw.asks_context != 0;
    record.our_call_id = text(raw.our_call_id);
    return record;
}

inline CallEnded to_record(const tandem_call_ended& raw) {
    CallEnded record;
    take_event(record, raw.event);
    record.call_id = text(raw.call_id);
    record.conversation_id = text(raw.conversation_id);
    record.direction = static_cast<Direction>(raw.direction);
    record.outcome = static_cast<CallOutcome>(raw.outcome);
    record.duration_s = raw.duration_s;
    record.failure_reason = text(raw.failure_reason);
    record.summary = text(raw.summary);
    record.analysis_json = text(raw.analysis_json);
    for (std::size_t i = 0; i < raw.turn_count; ++i) {
        record.turns.push_back({static_cast<Speaker>(raw.turns[i]->speaker), raw.turns[i]->seconds,
                                std::string(text(raw.turns[i]->text))});
    }
    record.our_call_id = text(raw.our_call_id);
    return record;
}

inline CallStatus to_record(const tandem_call_status& raw) {
    CallStatus record;
    take_event(record, raw.event);
    record.call_id = text(raw.call_id);
    record.line = static_cast<Line>(raw.line);
    record.duration_s = raw.duration_s;
    record.provider_word = text(raw.provider_word);
    record.error_code = text(raw.error_code);
    return record;
}

/// The record of an event made with the same headers; nothing for an unknown kind.
inline std::optional<AnyEvent> to_record(const tandem_event* raw) {
    switch (raw->kind) {
        case TANDEM_EVENT_MESSAGE_RECEIVED:
            return to_record(*reinterpret_cast<const tandem_message_received*>(raw));
        case TANDEM_EVENT_MESSAGE_STATUS:
            return to_record(*reinterpret_cast<const tandem_message_status*>(raw));
        case TANDEM_EVENT_CALL_STARTED:
            return to_record(*reinterpret_cast<const tandem_call_started*>(raw));
        case TANDEM_EVENT_CALL_ENDED:
            return to_record(*reinterpret_cast<const tandem_call_ended*>(raw));
        case TANDEM_EVENT_CALL_STATUS:
            return to_record(*reinterpret_cast<const tandem_call_status*>(raw));
    }
    return std::nullopt;
}

}  // namespace tandem::plugin::testing
