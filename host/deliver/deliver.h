#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/message.h"

namespace tandem::store {
struct Status;
}

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
    /// Nothing of this instance can be sent until somebody mends its account or settings.
    bool account_refused = false;
    std::string line_id;    // of a call, where known
    unsigned segments = 0;  // of a text, as billed; 0: not known
};

/// `accepted`, `refused`, `not_sent`, `unknown`; for metrics.
std::string_view word(Receipt::Kind kind);

/// A provider instance that carries texts. Safe from any thread; `send` and `look_up` block.
class Channel {
public:
    virtual ~Channel() = default;
    virtual const std::string& instance() const = 0;
    virtual Receipt send(const OutboundMessage& message) = 0;
    /// What became of a send of unknown outcome that began then: Accepted, NotSent (it
    /// certainly was not done) or Unknown. Sends nothing.
    virtual Receipt look_up(const OutboundMessage& /*message*/, Time /*begun_at*/) {
        return {};  // Unknown: nobody can be asked
    }
    /// UTF-16 code units of one message.
    virtual unsigned max_text_units() const = 0;
};

/// What a day of retries and callbacks writes of a message, and more.
constexpr unsigned lines_of_history = 1000;
/// Whether the last send of a message, as its history tells, certainly was not done: then it
/// waits to be tried again.
bool waits_for_another_try(const std::vector<store::Status>& history);

/// The half of the fence that a store cannot give. The AI's requests pass it between the
/// claim, which commits under the control epoch, and the provider: whoever takes a
/// conversation over commits first, then closes the gate, and from then on no request of
/// an older epoch begins. Safe from any thread.
class FenceGate {
    struct Passage {
        std::string organization, address, subject_id;
        int64_t control_epoch;
        bool fenced = false;   // guarded by mutex_
        bool on_wire = false;  // guarded by mutex_
        bool over = false;     // guarded by mutex_
    };

public:
    /// A request's way through the gate; it has left when this is gone. Confined to one
    /// thread; must not outlive the gate.
    class Pass {
    public:
        Pass(FenceGate& gate, std::list<Passage>::iterator passage)
            : gate_(gate), passage_(passage) {}
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

        /// The last look before the provider is called. False: the conversation was taken
        /// over, nothing may be sent.
        bool to_wire();
        /// The provider has answered, or will not: whoever takes the conversation over waits
        /// no longer, and not for what is recorded of it.
        void leave();

    private:
        FenceGate& gate_;
        const std::list<Passage>::iterator passage_;
    };

    /// To be called before the claim commits, so that a takeover that commits after the
    /// claim finds the request here. `subject_id` is the message or the call.
    std::unique_ptr<Pass> enter(const std::string& organization, const std::string& address,
                                int64_t control_epoch, const std::string& subject_id);

    /// To be called once the new epoch is committed. Turns back what has not reached the
    /// wire, waits until what has reached it is over, at most `patience`, and gives the
    /// subjects that are on the wire still.
    std::vector<std::string> close(const std::string& organization, const std::string& address,
                                   int64_t control_epoch, Milliseconds patience);

private:
    std::mutex mutex_;
    std::condition_variable left_;
    std::list<Passage> passages_;  // guarded by mutex_
};

}  // namespace tandem::deliver
