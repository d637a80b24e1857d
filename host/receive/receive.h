#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/conversation.h"
#include "domain/message.h"

/// Webhook intake: what providers tell us, and what we tell them.
namespace tandem::receive {

/// A provider's request as its plugin sees it.
struct WebhookRequest {
    std::string method;
    std::string public_url;  // as the provider was told to call it, with the raw query
    std::string target;      // as received
    std::string path;        // of the route that matched
    std::vector<std::pair<std::string, std::string>> headers;  // in wire order
    std::string body;
    Time received_at{};
};

/// What each event has.
struct Incident {
    std::string dedupe_key;
    std::string business_address;  // as the provider wrote it; empty: of the one organisation
                                   // that the instance serves
    std::string customer_address;
    Time happened_at{};
};
struct MessageReceived : Incident {
    std::string provider_id;
    std::string text;
    std::vector<domain::Media> media;
    std::string sender_name;
    domain::OptWord opt = domain::OptWord::None;
};
struct MessageStatus : Incident {
    std::string provider_id;
    std::string message_id;  // ours, where the provider gives it back
    domain::Delivery delivery = domain::Delivery::Unknown;
    bool known_word = true;  // false: an unknown word; kept in the history only
    bool opted_out = false;  // the provider blocks a customer who opted out
    std::string provider_word, error_code, error_text;
};
struct CallStarted : Incident {
    std::string call_id;  // the line's
    std::string conversation_id;
    domain::CallDirection direction = domain::CallDirection::Inbound;
    bool asks_context = false;
    std::string our_call_id;  // where the provider gives it back
};
struct CallEnded : Incident {
    std::string call_id;
    std::string conversation_id;
    domain::CallDirection direction = domain::CallDirection::Inbound;
    domain::CallOutcome outcome = domain::CallOutcome::Unknown;
    unsigned duration_s = 0;
    std::string failure_reason, summary, analysis_json;
    std::vector<domain::SpokenTurn> turns;
    std::string our_call_id;  // where the provider gives it back
};
/// What became of a phone line; the call on it may be another instance's.
struct CallStatus : Incident {
    std::string call_id;  // the line's
    domain::Line line = domain::Line::Other;
    unsigned duration_s = 0;  // with Completed
    std::string provider_word, error_code;
};
using ProviderEvent =
    std::variant<MessageReceived, MessageStatus, CallStarted, CallEnded, CallStatus>;

struct WebhookAnswer {
    int status = 200;
    std::string content_type;
    std::string body;
};

/// What a genuine request says.
struct Normalised {
    std::vector<ProviderEvent> events;
    WebhookAnswer answer;
};

struct WebhookRoute {
    std::string method;
    std::string path;       // below /api/webhooks/{instance}/
    bool internal = false;  // only the host's own routes lead to it
};

/// A provider instance that receives webhooks. Safe from any thread.
class WebhookSource {
public:
    virtual ~WebhookSource() = default;
    virtual const std::string& instance() const = 0;
    /// The plugin's id: instances of one plugin may hand a request to one another.
    virtual const std::string& plugin() const { return instance(); }
    virtual const std::vector<WebhookRoute>& routes() const = 0;
    /// Unauthorized with the reason for the log; NotFound: of an account that is not this
    /// instance's; or Internal.
    virtual Result<void> verify(const WebhookRequest& request) = 0;
    /// Invalid: it makes no sense; Unsupported: of a type not meant here; Limited: it says
    /// more than is taken.
    virtual Result<Normalised> normalise(const WebhookRequest& request) = 0;
    virtual Result<WebhookAnswer> render_context(
        const WebhookRequest& request,
        const std::vector<std::pair<std::string, std::string>>& variables) = 0;
};

/// Where events go that a plugin learns outside of a webhook (tandem.host.events/1).
/// Never blocks; false when its bounded queue is full.
class EventIntake {
public:
    virtual ~EventIntake() = default;
    virtual bool emit(const std::string& instance, ProviderEvent event) = 0;
};

/// What became of an event that was taken.
enum class Recorded {
    New,      // it had its effect
    Known,    // it was here already
    Nobodys,  // of a message or a line that is not ours (yet)
};

/// Where events go whose recording somebody waits for. Never blocks.
class EventRecorder {
public:
    using Done = std::function<void(Result<Recorded>)>;

    virtual ~EventRecorder() = default;
    /// `done` is called once, from any thread, when the event is durable or was refused:
    /// NotFound, Invalid: it never can be recorded; else the store is away. Must not block.
    virtual void record(const std::string& instance, ProviderEvent event, Done done) = 0;
};

/// What providers said of a message or a line before we knew its id: kept for a day, and
/// recorded once the id is known. Both sides look after their commit, so that nothing is
/// lost in any order, and the dedupe keys see to it that nothing is recorded twice. Safe
/// from any thread; never blocks.
class ParkedStatuses {
public:
    virtual ~ParkedStatuses() = default;
    /// To be called after the commit that gave a message its provider's id.
    virtual void apply(const domain::OrganizationId& organization, const std::string& instance,
                       const std::string& provider_id) = 0;
    /// To be called after the commit that gave a call the id of its line.
    virtual void apply_line(const domain::OrganizationId& organization,
                            const std::string& line_id) = 0;
};

}  // namespace tandem::receive
