// tandem/plugin/events.hpp: what happened at a provider, in our words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tandem/abi/events.h"
#include "tandem/plugin/service.hpp"

namespace tandem::plugin {

/// What all events have. They name addresses, never an organisation.
struct Event {
    /// The same for a repeated delivery, for ever; never empty.
    std::string dedupe_key;
    /// The business's address, as the provider wrote it; empty: the one organisation that
    /// this instance serves.
    std::string business_address;
    /// The customer's, likewise; empty: withheld.
    std::string customer_address;
    /// The provider's own time, or zero.
    tandem_time happened_at = 0;
};

/// A reference to media; never fetched unasked.
struct Media {
    std::string url;
    std::string content_type;
};

/// The provider's own word on opting out, where it has one.
enum class Opt : std::uint32_t {
    None = TANDEM_OPT_NONE,
    Stop = TANDEM_OPT_STOP,
    Start = TANDEM_OPT_START,
    Help = TANDEM_OPT_HELP,
};

/// A customer wrote.
struct MessageReceived : Event {
    std::string provider_id;
    std::string text;
    std::vector<Media> media;
    std::string sender_name;  ///< A profile name; empty: not known.
    Opt opt = Opt::None;
};

/// The words of a message's life.
enum class Delivery : std::uint32_t {
    Other = TANDEM_DELIVERY_OTHER,
    Queued = TANDEM_DELIVERY_QUEUED,
    Sending = TANDEM_DELIVERY_SENDING,
    Sent = TANDEM_DELIVERY_SENT,
    Delivered = TANDEM_DELIVERY_DELIVERED,
    Undelivered = TANDEM_DELIVERY_UNDELIVERED,
    Failed = TANDEM_DELIVERY_FAILED,
    Read = TANDEM_DELIVERY_READ,
};

/// The provider tells what became of a message of ours.
struct MessageStatus : Event {
    std::string provider_id;
    std::string message_id;  ///< Our own id, where the provider gives it back; or empty.
    Delivery delivery = Delivery::Other;
    Opt opt = Opt::None;        ///< Stop: the provider blocks a customer who opted out.
    std::string provider_word;  ///< As the provider wrote it.
    std::string error_code;
    std::string error_text;
};

enum class Direction : std::uint32_t {
    Unknown = 0,
    Inbound = TANDEM_CALL_INBOUND,
    Outbound = TANDEM_CALL_OUTBOUND,
};

/// A call began. With `asks_context` the answer is made by Webhook::render_context.
struct CallStarted : Event {
    std::string call_id;          ///< The line's id.
    std::string conversation_id;  ///< The voice provider's id; empty: not known yet.
    Direction direction = Direction::Unknown;
    bool asks_context = false;
    std::string our_call_id;  ///< As start_call was given it, where the provider has it.
};

enum class CallOutcome : std::uint32_t {
    Unknown = TANDEM_OUTCOME_UNKNOWN,
    Success = TANDEM_OUTCOME_SUCCESS,
    Failure = TANDEM_OUTCOME_FAILURE,
    NeverConnected = TANDEM_OUTCOME_NEVER_CONNECTED,
};

enum class Speaker : std::uint32_t {
    Customer = TANDEM_SPEAKER_CUSTOMER,
    Ai = TANDEM_SPEAKER_AI,
    Human = TANDEM_SPEAKER_HUMAN,
};

/// One turn of a call's transcript.
struct CallTurn {
    Speaker speaker = Speaker::Customer;
    std::uint32_t seconds = 0;  ///< Since the beginning of the call.
    std::string text;
};

/// A call is over, or never came about.
struct CallEnded : Event {
    std::string call_id;
    std::string conversation_id;
    Direction direction = Direction::Unknown;
    CallOutcome outcome = CallOutcome::Unknown;
    std::uint32_t duration_s = 0;
    std::string failure_reason;
    std::string summary;
    std::string analysis_json;  ///< A JSON object, or empty.
    std::vector<CallTurn> turns;
    std::string our_call_id;  ///< As start_call was given it, where the provider has it.
};

/// The life of a phone line.
enum class Line : std::uint32_t {
    Other = TANDEM_LINE_OTHER,
    Ringing = TANDEM_LINE_RINGING,
    Answered = TANDEM_LINE_ANSWERED,
    Completed = TANDEM_LINE_COMPLETED,  ///< It was answered, and is over.
    Busy = TANDEM_LINE_BUSY,
    NoAnswer = TANDEM_LINE_NO_ANSWER,
    Failed = TANDEM_LINE_FAILED,
    Canceled = TANDEM_LINE_CANCELED,
};

/// The carrier tells what became of a phone line. Whoever speaks on it may be another
/// instance's: the host finds the call by the line's id alone.
struct CallStatus : Event {
    std::string call_id;  ///< The line's id.
    Line line = Line::Other;
    std::uint32_t duration_s = 0;  ///< With Completed.
    std::string provider_word;     ///< As the provider wrote it.
    std::string error_code;
};

using AnyEvent = std::variant<MessageReceived, MessageStatus, CallStarted, CallEnded, CallStatus>;

/// Each `with_raw` lends the waist's form of a record to `use` and gives back its answer; the
/// form is good only within that call.
inline tandem_event raw_event(const Event& event, std::uint32_t kind, std::size_t size) noexcept {
    tandem_event raw{};
    raw.size = static_cast<std::uint32_t>(size);
    raw.kind = kind;
    raw.dedupe_key = view(event.dedupe_key);
    raw.business_address = view_or_absent(event.business_address);
    raw.customer_address = view(event.customer_address);
    raw.happened_at = event.happened_at;
    return raw;
}

template <typename Use>
auto with_raw(const MessageReceived& event, Use&& use) {
    std::vector<tandem_media> media;
    media.reserve(event.media.size());
    std::vector<const tandem_media*> pointers;
    pointers.reserve(event.media.size());
    for (const Media& item : event.media) {
        auto raw_item = sized<tandem_media>();
        raw_item.url = view(item.url);
        raw_item.content_type = view(item.content_type);
        media.push_back(raw_item);
        pointers.push_back(&media.back());
    }
    tandem_message_received raw{};
    raw.event = raw_event(event, TANDEM_EVENT_MESSAGE_RECEIVED, sizeof raw);
    raw.provider_id = view(event.provider_id);
    raw.text = view(event.text);
    raw.media = pointers.data();
    raw.media_count = pointers.size();
    raw.sender_name = view_or_absent(event.sender_name);
    raw.opt = static_cast<std::uint32_t>(event.opt);
    return use(&raw.event);
}

template <typename Use>
auto with_raw(const MessageStatus& event, Use&& use) {
    tandem_message_status raw{};
    raw.event = raw_event(event, TANDEM_EVENT_MESSAGE_STATUS, sizeof raw);
    raw.provider_id = view(event.provider_id);
    raw.message_id = view_or_absent(event.message_id);
    raw.delivery = static_cast<std::uint32_t>(event.delivery);
    raw.opt = static_cast<std::uint32_t>(event.opt);
    raw.provider_word = view(event.provider_word);
    raw.error_code = view_or_absent(event.error_code);
    raw.error_text = view_or_absent(event.error_text);
    return use(&raw.event);
}

template <typename Use>
auto with_raw(const CallStarted& event, Use&& use) {
    tandem_call_started raw{};
    raw.event = raw_event(event, TANDEM_EVENT_CALL_STARTED, sizeof raw);
    raw.call_id = view(event.call_id);
    raw.conversation_id = view_or_absent(event.conversation_id);
    raw.direction = static_cast<std::uint32_t>(event.direction);
    raw.asks_context = event.asks_context ? 1 : 0;
    raw.our_call_id = view_or_absent(event.our_call_id);
    return use(&raw.event);
}

template <typename Use>
auto with_raw(const CallEnded& event, Use&& use) {
    std::vector<tandem_call_turn> turns;
    turns.reserve(event.turns.size());
    std::vector<const tandem_call_turn*> pointers;
    pointers.reserve(event.turns.size());
    for (const CallTurn& turn : event.turns) {
        auto raw_turn = sized<tandem_call_turn>();
        raw_turn.speaker = static_cast<std::uint32_t>(turn.speaker);
        raw_turn.seconds = turn.seconds;
        raw_turn.text = view(turn.text);
        turns.push_back(raw_turn);
        pointers.push_back(&turns.back());
    }
    tandem_call_ended raw{};
    raw.event = raw_event(event, TANDEM_EVENT_CALL_ENDED, sizeof raw);
    raw.call_id = view(event.call_id);
    raw.conversation_id = view_or_absent(event.conversation_id);
    raw.direction = static_cast<std::uint32_t>(event.direction);
    raw.outcome = static_cast<std::uint32_t>(event.outcome);
    raw.duration_s = event.duration_s;
    raw.failure_reason = view_or_absent(event.failure_reason);
    raw.summary = view_or_absent(event.summary);
    raw.analysis_json = view_or_absent(event.analysis_json);
    raw.turns = pointers.data();
    raw.turn_count = pointers.size();
    raw.our_call_id = view_or_absent(event.our_call_id);
    return use(&raw.event);
}

template <typename Use>
auto with_raw(const CallStatus& event, Use&& use) {
    tandem_call_status raw{};
    raw.event = raw_event(event, TANDEM_EVENT_CALL_STATUS, sizeof raw);
    raw.call_id = view(event.call_id);
    raw.line = static_cast<std::uint32_t>(event.line);
    raw.duration_s = event.duration_s;
    raw.provider_word = view_or_absent(event.provider_word);
    raw.error_code = view_or_absent(event.error_code);
    return use(&raw.event);
}

template <typename Use>
auto with_raw(const AnyEvent& event, Use&& use) {
    return std::visit([&use](const auto& known) { return with_raw(known, use); }, event);
}

/// For what a plugin learns outside of a webhook. From any thread, from start until stop.
class Events {
public:
    explicit Events(const tandem_host* host) noexcept
        : self_(host->self), table_(find_service<tandem_host_events>(host, TANDEM_HOST_EVENTS)) {}

    /// Hands one event, of any of the types above, to the host and never blocks. False: the
    /// host's queue is full, try again later. Throws where the host takes no such event.
    template <typename Known>
    bool emit(const Known& event) const {
        const auto push = service_function(table_, &tandem_host_events::emit, TANDEM_HOST_EVENTS);
        const tandem_status status =
            with_raw(event, [this, push](const tandem_event* raw) { return push(self_, raw); });
        if (status == TANDEM_LIMITED) return false;
        if (status < 0) throw Failure(status, "the host refused an event");
        return true;
    }

private:
    void* self_;
    const tandem_host_events* table_;
};

}  // namespace tandem::plugin
