#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "domain/message.h"

namespace tandem::domain {

/// A customer as the business knows them; one per organisation and address.
struct Lead {
    std::string id;
    std::string address;
    std::string customer_name;
    std::string email;
    std::string status;  // empty: nobody set one
    std::string source;
    std::string attributes_json;  // a JSON object, or empty
    Time created_at{};
    Time updated_at{};
};

/// All that was said with one address, for ever.
struct Conversation {
    std::string address;
    std::string lead_id;
    std::string needs_human;  // the reason; empty: it does not
    std::string summary;      // of the last call
    /// Of ours, to which the customer last turned: answers come from it. Empty: none yet.
    std::string business_number;
    bool opted_out = false;
    int64_t waiting = 0;  // customer messages that wait for a human
    Time created_at{};
    Time last_activity_at{};
    int64_t version = 0;        // the store's; 0: absent
    int64_t control_epoch = 0;  // the store's: +1 with each change of who holds it
    int64_t message_count = 0;  // the store's: texts and spoken turns
    int64_t call_count = 0;     // the store's
};

enum class SessionState { Open = 1, Ended = 2, TimedOut = 3 };

/// A human holds a conversation.
struct ControlSession {
    std::string id;
    std::string address;
    std::string agent_id;
    std::string agent_name;
    SessionState state = SessionState::Open;
    std::string record_json;  // what else the contract's session has
    Time started_at{};
    Time last_activity_at{};
    Time ended_at{};
};

enum class CallOutcome { Unknown = 0, Success = 1, Failure = 2, NeverConnected = 3 };
enum class CallDirection { Inbound = 1, Outbound = 2 };

/// A call, live or over.
struct Call {
    std::string id;
    std::string address;
    std::string instance;
    std::string line_id;
    std::string conversation_id;
    CallDirection direction = CallDirection::Inbound;
    CallOutcome outcome = CallOutcome::Unknown;
    bool active = false;
    std::string summary;
    std::string record_json;
    int64_t duration_s = 0;
    Time started_at{};
    Time ended_at{};
};

/// The life of a phone line, as its carrier tells it.
enum class Line { Other, Ringing, Answered, Completed, Busy, NoAnswer, Failed, Canceled };

/// One turn of a call's transcript.
struct SpokenTurn {
    Author speaker = Author::Customer;
    unsigned seconds = 0;  // since the beginning of the call
    std::string text;
};

}  // namespace tandem::domain
