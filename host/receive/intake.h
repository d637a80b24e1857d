#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "observe/observe.h"
#include "receive/receive.h"
#include "receive/record.h"
#include "serve/serve.h"
#include "store/store.h"

/// From a provider's request to a durable effect and then an answer. The one rule: no 2xx
/// before the commit, and no thread that waits for it.
namespace tandem::receive {

/// What the room stands on. All of it is borrowed and outlives the intake; lanes and
/// committer are stopped before it ends, so that no task of theirs finds it gone.
struct Ground {
    const domain::Organizations* organizations = nullptr;
    store::Store* store = nullptr;
    store::Committer* committer = nullptr;
    store::Lanes* lanes = nullptr;
    const Clock* clock = nullptr;
    IdSource* ids = nullptr;
    observe::Log* log = nullptr;
    observe::Metrics* metrics = nullptr;
    limit::Limits* limits = nullptr;      // null: bad signatures are not limited
    limit::Spending* spending = nullptr;  // null: nobody counts a call's minutes
};

struct IntakeOptions {
    std::string public_url;  // without a slash at the end
    Milliseconds coalesce{1500};
    Milliseconds late{900000};      // a text that is learnt of later is a human's to answer
    size_t emitted_events = 10000;  // of plugins, waiting to be recorded
    /// The contract gives a call's context 1 s; what is left of it is for the way back.
    Milliseconds context_patience{900};
    /// Between two looks for parked statuses that were missed by both sides.
    Milliseconds parked_sweep{300000};
};

/// A source, and whether its signatures are enforced or only reported.
struct Source {
    std::shared_ptr<WebhookSource> source;
    bool report_only = false;
};

/// Safe from any thread between `start` and `stop`, which belong to one.
class Intake : public EventIntake, public EventRecorder, public ParkedStatuses {
public:
    Intake(Ground ground, IntakeOptions options);
    ~Intake() override;

    /// Begins to record emitted events.
    void start();
    /// What is still waiting is logged and dropped: a provider tells it again, or nobody can.
    void stop();

    /// One webhook, on a worker: verified, normalised, recorded, answered. The first source
    /// is the one that the path names; where it says that the request is of an account that
    /// is not its own, its siblings behind it are asked, and the first that knows it is it.
    void take(const std::vector<Source>& family, const std::string& path, serve::Request request,
              serve::Responder responder);

    /// Told once, on any thread: the answer for the provider, or why there is none.
    using Answered = std::function<void(Result<WebhookAnswer>)>;
    /// What an authorised route of the host's own has to tell a source; no signature.
    void take_internal(const Source& source, WebhookRequest request, Answered answered);

    bool emit(const std::string& instance, ProviderEvent event) override;
    void record(const std::string& instance, ProviderEvent event, Done done) override;
    void apply(const domain::OrganizationId& organization, const std::string& instance,
               const std::string& provider_id) override;
    void apply_line(const domain::OrganizationId& organization,
                    const std::string& line_id) override;

private:
    using Instant = std::chrono::steady_clock::time_point;
    struct Delivery;
    using DeliveryPtr = std::shared_ptr<Delivery>;
    struct Emitted {
        std::string instance;
        ProviderEvent event;
        unsigned attempts = 0;
        Instant not_before{};
    };
    struct Impatient {
        std::weak_ptr<Delivery> delivery;
        Instant deadline{};
    };

    // intake.cpp: what is asked and what is answered.
    struct Genuine;
    void refuse(const std::vector<Source>& family, const std::string& path, const Error& why,
                const serve::Request& request, serve::Responder& responder);
    Genuine genuine_of(const std::vector<Source>& family, const WebhookRequest& request) const;
    void accept(DeliveryPtr delivery, Normalised said);
    void answer(const DeliveryPtr& delivery, Result<WebhookAnswer> result);
    void count(const std::string& instance, std::string_view event, std::string_view result);

    // scope.cpp: whose event it is.
    Result<Scope> scope_of(const std::string& instance, const ProviderEvent& event) const;
    Result<const domain::Organization*> owner_of(const std::string& instance,
                                                 std::string_view business,
                                                 std::string& number) const;

    // recording.cpp: one event after the other, each in the lane of its conversation.
    void advance(const DeliveryPtr& delivery);
    void attempt(const DeliveryPtr& delivery, const store::Lanes::Release& release);
    Result<void> settle_calls(Delivery& delivery, store::ChangeSet& set) const;
    void settle(const DeliveryPtr& delivery, const Result<store::Outcome>& outcome);
    void learned_line(const DeliveryPtr& delivery);
    void recorded(const DeliveryPtr& delivery, std::string_view result);
    void fail(const DeliveryPtr& delivery, Error error);

    // building.cpp: what the event in hand changes, from what is known of it.
    using Built = Result<std::optional<store::ChangeSet>>;
    Built build(Delivery& delivery, const MessageReceived& event);
    Built build(Delivery& delivery, const MessageStatus& event);
    Built build(Delivery& delivery, const CallStarted& event);
    Built build(Delivery& delivery, const CallEnded& event);
    Built build(Delivery& delivery, const CallStatus& event);
    Result<store::Snapshot> look_at(const Scope& scope, unsigned message_limit);
    Result<Moment> moment(const Scope& scope);
    Result<std::string> hash_key(const domain::OrganizationId& organization);
    Result<std::optional<domain::Message>> message_of(const Delivery& delivery,
                                                      const MessageStatus& event);
    Result<std::optional<domain::Call>> call_of(const Delivery& delivery, const std::string& ours,
                                                const std::string& line_id,
                                                const std::string& conversation_id);

    // parking.cpp: what came before what it is about.
    void park(const DeliveryPtr& delivery, const store::Lanes::Release& release);
    void unpark(const domain::OrganizationId& organization, const std::string& scope,
                const std::string& prefix);
    void take_parked(const domain::Organization& organization, const store::Note& note);
    void forget_parked(const Delivery& delivery);
    void sweep_parked();

    // waiting.cpp: the intake's own thread.
    void run();
    void begin(Emitted emitted);
    void end(Emitted emitted, const Result<WebhookAnswer>& result);
    void hurry(const DeliveryPtr& delivery);
    void answer_without_storage(const DeliveryPtr& delivery);

    const Ground ground_;
    const IntakeOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Emitted> emitted_;      // guarded by mutex_
    std::deque<Impatient> impatient_;  // guarded by mutex_: by deadline, the next first
    std::map<std::string, std::string> hash_keys_;  // guarded by mutex_: by organisation
    Instant next_sweep_{};                          // of the intake's thread
    size_t in_hand_ = 0;    // guarded by mutex_: emitted events being recorded
    bool running_ = false;  // guarded by mutex_
    bool stopped_ = false;  // guarded by mutex_: takes no more events
    std::thread thread_;
};

}  // namespace tandem::receive
