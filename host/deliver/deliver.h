#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "domain/message.h"

/// What is owed to providers is handed over: claimed, sent, tried again, settled.
namespace tandem::deliver {

struct OutboundMessage {
    std::string message_id;
    std::string from;
    std::string to;
    std::string text;
    std::string status_url;
    Milliseconds deadline{15000};
};

/// What became of a send; four different things.
struct Receipt {
    enum class Kind {
        Accepted,  // the provider has it
        Refused,   // the provider said no, for good
        NotSent,   // certainly not acted on; may be tried again
        Unknown,   // sent, no usable answer; not to be repeated blindly
    };
    Kind kind = Kind::Unknown;
    std::string provider_id;
    domain::Delivery delivery = domain::Delivery::Queued;
    Milliseconds retry_after{0};
    std::string error_code, error_text;
    bool opted_out = false;
};

/// A provider instance that carries texts. Safe from any thread; `send` blocks.
class Channel {
public:
    virtual ~Channel() = default;
    virtual const std::string& instance() const = 0;
    virtual Receipt send(const OutboundMessage& message) = 0;
    /// UTF-16 code units of one message.
    virtual unsigned max_text_units() const = 0;
};

}  // namespace tandem::deliver
