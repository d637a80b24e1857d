#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "admit/idempotency.h"
#include "base/clock.h"
#include "base/workers.h"
#include "call/call.h"
#include "deliver/deliver.h"
#include "dispatch/dispatch.h"
#include "domain/identity.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "serve/refuse.h"
#include "store/store.h"

/// People at a conversation: they take it over from the AI, answer, and hand it back.
namespace tandem::control {

/// What the room stands on, which owes texts and turns to the desks.
struct Ground : dispatch::Ground {
    deliver::FenceGate* gate = nullptr;
    limit::Limits* limits = nullptr;      // null: nothing is limited
    limit::Spending* spending = nullptr;  // null: no caps
};

struct Options {
    Milliseconds idle{std::chrono::hours{2}};
    /// How long a join waits for AI requests that are on the wire already.
    Milliseconds patience{2000};
    /// After it a human's text is not sent any more.
    Milliseconds validity{std::chrono::hours{4}};
    /// Between two looks for sessions that nobody uses.
    Milliseconds look{std::chrono::seconds{15}};
};

/// Who acts, in which organisation.
struct Person {
    const domain::Organization* organization = nullptr;
    std::string agent_id;
    std::string agent_name;
    bool is_admin = false;
};

struct JoinOrder {
    std::string address;
    std::string handoff_reason;
    std::string custom_message;  // empty: none
    std::string call_action;     // `transfer`, `hang_up` or empty
    std::string call_to;         // E.164, with `transfer`
};
struct LeaveOrder {
    std::string address;
    std::string summary;
    std::vector<std::string> next_steps;
    bool success = true;
    bool force = false;  // for admin: whoever holds it
};
struct SendOrder {
    std::string address;
    std::string text;
    std::string message_type, priority;  // given back as they came
};
/// A request that came with an Idempotency-Key, which is remembered with what is done.
struct Keyed {
    admit::Once once;
    /// The answer around a verb's data.
    std::function<serve::Response(const std::string& data)> answer{};
};
/// Somebody was faster with the same key: it is to be looked up again.
struct KeyTaken {};
struct TransferOrder {
    std::string address;
    std::string to_agent_id, to_agent_name;
};
/// Which sessions, page by page.
struct SessionsOrder {
    bool active_only = true;
    unsigned page = 1, limit = 50;
};

/// Every verb reads the conversation, decides, and commits what it decided under the version
/// it read; a lost race means another look. Answers are the `data` of the contract as JSON
/// text. All functions block (the store, and a join for the wire), throw serve::Refused, and are
/// safe from any thread between `start` and `stop`, which belong to one.
class Control {
public:
    using Voices = std::map<std::string, std::shared_ptr<call::Voice>>;         // by instance
    using Channels = std::map<std::string, std::shared_ptr<deliver::Channel>>;  // by instance

    Control(Ground ground, Voices voices, Channels channels, Options options);
    ~Control();

    /// Begins to end sessions that nobody uses.
    void start();
    void stop();
    /// The same, but waits for requests in hand no longer than that. False: one of them still
    /// waits for a provider, and what they use must stay.
    bool stop(Milliseconds patience);
    /// Runs a request on one of the room's own threads, because it may wait for a provider.
    /// False: too many wait already.
    bool run(std::function<void()> work) { return workers_.run(std::move(work)); }

    /// With a key, these three may throw KeyTaken. A text's answer is kept in the commit of
    /// the text; a join's is not known before the gate is closed, and is the caller's to keep.
    std::string join(const Person& person, const JoinOrder& order, Keyed* key = nullptr);
    /// A join that was committed, and whose answer was lost with its process: how it is now.
    std::string joined(const Person& person, const JoinOrder& order);
    std::string leave(const Person& person, const LeaveOrder& order);
    std::string transfer(const Person& person, const TransferOrder& order);
    /// A text of the holder.
    std::string send(const Person& person, const SendOrder& order, Keyed* key = nullptr);
    /// A text of a human without a takeover; of the holder one like any other.
    std::string send_plain(const Person& person, const SendOrder& order, Keyed* key = nullptr);
    std::string status(const Person& person, const std::string& address, bool with_agent_sessions);
    std::string queue(const Person& person, const std::string& address, bool with_processed);
    /// Without ids all that waits.
    std::string process(const Person& person, const std::string& address,
                        const std::vector<std::string>& ids, bool all);
    /// The answer's data, and its pagination.
    std::pair<std::string, std::string> sessions(const Person& person, const SessionsOrder& order);

    /// The normal form of what a caller wrote, checked against a lead where one is named.
    std::string address_of(const domain::Organization& organization, std::string_view number,
                           const std::string& lead_id) const;
    /// Ends sessions that were idle too long; gives how many.
    unsigned end_idle_sessions();

    /// A conversation at one instant, and what changes in it; of this room's sources.
    struct Look;
    struct Draft;
    struct Joined;

private:
    void stop_timer();

    enum class Commit { Done, Again };

    Look look(const Person& person, const std::string& address) const;
    /// What a session among others is shown with: nothing waits at one that is over.
    Look look(const Person& person, const domain::ControlSession& session) const;
    bool is_unsent(const domain::OrganizationId& organization,
                   const domain::Message& message) const;
    Commit commit(Draft& draft);
    /// Reads, builds and commits until nothing came between. `build` says whether there is
    /// anything to write, and may refuse.
    void decide(const Person& person, const std::string& address,
                const std::function<bool(Draft&)>& build);

    void must_hold(const Look& look, const Person& person, bool force = false) const;
    /// Emergency, dear and own numbers are written to by nobody.
    static void must_be_allowed(const domain::Organization& organization,
                                const std::string& address);
    /// One of the organisation's messages, once for a request however often it is decided.
    void take_one(const Person& person, const std::string& address, bool& taken) const;
    domain::Message say(Draft& draft, const std::string& text, domain::MessageType type);
    void write_unsent(Draft& draft, domain::Message message) const;
    void meet(Draft& draft) const;
    void owe_turn(Draft& draft);
    void end(Draft& draft, const LeaveOrder& order, domain::SessionState state);
    void begin(Draft& draft, const JoinOrder& order);
    std::string answer_of(const Joined& joined) const;
    std::optional<Result<void>> take_call(const Person& person, const JoinOrder& order,
                                          const domain::Call& call) const;
    void count(std::string_view verb) const;

    const Ground ground_;
    const Voices voices_;
    const Channels channels_;
    const Options options_;
    Workers workers_;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool running_ = false;  // guarded by mutex_
    std::thread timer_;
};

}  // namespace tandem::control
