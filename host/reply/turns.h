#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "deliver/deliver.h"
#include "dispatch/dispatch.h"
#include "limit/limit.h"
#include "publish/payload.h"
#include "reply/reply.h"
#include "store/store.h"

namespace tandem::reply {

/// What the turns stand on.
struct Ground : dispatch::Ground {
    limit::Spending* spending = nullptr;  // null: no caps
};

struct TurnOptions {
    /// Names this process's claims; another one after each start.
    std::string worker;
    Milliseconds deadline{30000};  // of one answer
    /// Two answers, since one failure is tried again, and half of one to commit.
    Milliseconds lease{75000};
    /// After it an answer is not sent any more: an SMS from yesterday confuses.
    Milliseconds validity{std::chrono::hours{4}};
    /// How long a turn that the customer keeps interrupting waits for quiet.
    Milliseconds quiet{1500};
};

/// Lets the AI answer what customers wrote. The answer is computed outside of any lock and
/// committed only where the conversation still is as the AI saw it: under the control epoch
/// of the claim and the version that was read. An answer that comes after a takeover is kept
/// as a superseded draft and never sent. Safe from any thread.
class Turns : public dispatch::Desk {
public:
    using Responders = std::map<std::string, std::shared_ptr<TurnResponder>>;   // by instance
    using Channels = std::map<std::string, std::shared_ptr<deliver::Channel>>;  // by instance

    Turns(Ground ground, Responders responders, Channels channels, TurnOptions options);

    store::OwedKind kind() const override { return store::OwedKind::AiTurn; }
    void work(const store::Owed& owed) override;
    void stop() override { stopping_ = true; }

    /// An operator drops the row: in this change a human is asked for, where anything still
    /// waits for an answer.
    Result<std::function<void()>> dropped(const store::Owed& owed, store::ChangeSet& set) const;

private:
    /// One claimed row, and what is known of its conversation.
    struct Task;
    using Commit = dispatch::Commit;
    enum class Next { Over, Answer, GiveUp };

    bool look(Task& task) const;
    static bool waits(const Task& task);
    Next judge(const Task& task, std::string& reason) const;
    void answer_claimed(Task& task);
    std::optional<Answer> ask(const Task& task, unsigned round);
    /// False: the customer wrote meanwhile, the AI is to be asked again.
    bool conclude(Task& task, const std::optional<Answer>& answer);
    Commit commit_answer(const Task& task, const Answer& answer);
    /// `unsent`: an answer that waits for the human as a draft; empty: none.
    Commit commit_need(const Task& task, std::string_view reason, const std::string& unsent = {});
    Commit settle(const Task& task);
    void keep_draft(const Task& task, const std::string& text);
    void postpone(const Task& task);
    store::ChangeSet change_set(const Task& task) const;
    publish::Scene screen(const Task& task) const;
    domain::Message message(const Task& task, const std::string& text) const;
    Commit commit(store::ChangeSet set, const Task& task);
    void count(std::string_view result);

    const Ground ground_;
    const Responders responders_;
    const Channels channels_;
    const TurnOptions options_;
    std::atomic<bool> stopping_{false};
};

}  // namespace tandem::reply
