#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
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
};

struct IntakeOptions {
    std::string public_url;  // without a slash at the end
    Milliseconds coalesce{1500};
    size_t emitted_events = 10000;  // of plugins, waiting to be recorded
};

/// A source, and whether its signatures are enforced or only reported.
struct Source {
    std::shared_ptr<WebhookSource> source;
    bool report_only = false;
};

/// Safe from any thread between `start` and `stop`, which belong to one.
class Intake : public EventIntake {
public:
    Intake(Ground ground, IntakeOptions options);
    ~Intake() override;

    /// Begins to record emitted events.
    void start();
    /// What is still waiting is logged and dropped: a provider tells it again, or nobody can.
    void stop();

    /// One webhook, on a worker: verified, normalised, recorded, answered.
    void take(const Source& source, const std::string& path, serve::Request request,
              serve::Responder responder);

    /// Told once, on any thread: the answer for the provider, or why there is none.
    using Answered = std::function<void(Result<WebhookAnswer>)>;
    /// What an authorised route of the host's own has to tell a source; no signature.
    void take_internal(const Source& source, WebhookRequest request, Answered answered);

    bool emit(const std::string& instance, ProviderEvent event) override;

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
    void accept(DeliveryPtr delivery, Normalised said);
    Result<Scope> scope_of(const std::string& instance, const ProviderEvent& event) const;
    const domain::Organization* owner_of(std::string_view business, std::string& number) const;
    void answer(const DeliveryPtr& delivery, Result<WebhookAnswer> result);
    void count(const std::string& instance, std::string_view event, std::string_view result);

    // recording.cpp: one event after the other, each in the lane of its conversation.
    void advance(const DeliveryPtr& delivery);
    void attempt(const DeliveryPtr& delivery, const store::Lanes::Release& release);
    Result<std::optional<store::ChangeSet>> build(Delivery& delivery);
    Result<std::optional<domain::Message>> message_of(const Delivery& delivery,
                                                      const MessageStatus& event);
    Result<std::optional<domain::Call>> call_of(const Delivery& delivery,
                                                const std::string& call_id,
                                                const std::string& conversation_id);
    void settle(const DeliveryPtr& delivery, const Result<store::Outcome>& outcome);
    void recorded(const DeliveryPtr& delivery, std::string_view result);
    void fail(const DeliveryPtr& delivery, Error error);

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
    size_t in_hand_ = 0;               // guarded by mutex_: emitted events being recorded
    bool running_ = false;             // guarded by mutex_
    bool stopped_ = false;             // guarded by mutex_: takes no more events
    std::thread thread_;
};

}  // namespace tandem::receive
