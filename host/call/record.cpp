#include "call/calls.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "call/reason.h"
#include "call/scene.h"

// What the provider said of a call, on the record.
namespace tandem::call {

namespace {

using deliver::Receipt;
using Kind = Receipt::Kind;
using State = Plan::State;

constexpr std::string_view room = "call";
constexpr unsigned tries_when_stopping = 3;

}  // namespace

/// What the start says of the account: the outlet learns it, and an operator does where that
/// changes something.
void Calls::judge(const Scene& scene, Receipt& receipt, deliver::Outlet::Pass& pass) {
    const std::string& instance = scene.owed.instance;
    // A start without a usable answer says nothing of the account.
    if (receipt.kind != Kind::Accepted && receipt.kind != Kind::Refused && !receipt.account_refused)
        return;
    const auto health =
        receipt.account_refused ? deliver::Health::AccountRefused : deliver::Health::Works;
    const bool changed = pass.tell(health, ground_.clock->steady());
    if (changed && receipt.account_refused) {
        ground_.log->error(
            room,
            "a provider refuses the account; correct its settings or ask the "
            "provider; nobody is called until then",
            {{"provider", instance}, {"code", receipt.error_code}, {"reason", receipt.error_text}});
    } else if (changed) {
        ground_.log->info(room, "a provider takes calls again", {{"provider", instance}});
    }
    if (!receipt.account_refused) return;
    // It is not the call that is refused.
    const bool for_later = scene.plan.scheduled_for != Time{};
    receipt.kind = for_later ? Kind::NotSent : Kind::Refused;
}

/// What the provider did is true whether the store can be written or not: this is tried for
/// half of the lease. What is still not recorded then is asked for.
void Calls::record(const store::Owed& owed, const Receipt& receipt) {
    count(owed.instance, word(receipt.kind));
    if (receipt.kind != Kind::Accepted)
        ground_.log->warn(room, "a call was not taken by its provider",
                          {{"provider", owed.instance},
                           {"organization", owed.organization},
                           {"call", owed.subject_id},
                           {"result", std::string(word(receipt.kind))},
                           {"code", receipt.error_code},
                           {"reason", receipt.error_text}});
    bool claimed = true;
    Fate fate;
    for (unsigned i = 0; i < options_.record_tries; ++i) {
        switch (record_once(owed, receipt, claimed, fate)) {
            case Commit::Done:
                if (fate.kind != Fate::Kind::Unknown || !fate.reason.empty())
                    callers_.tell(owed.subject_id, fate);
                return;
            case Commit::Again: continue;
            case Commit::Lost: claimed = false; continue;
            case Commit::Failed: break;
        }
        // A stop takes what may still be on its way to the disk, and no more.
        if (stopping_ && i >= tries_when_stopping) break;
        std::this_thread::sleep_for(options_.record_pause);
    }
    ground_.log->error(room, "what became of a call could not be recorded",
                       {{"owed", owed.id},
                        {"call", owed.subject_id},
                        {"result", std::string(word(receipt.kind))},
                        {"provider_id", receipt.provider_id}});
}

/// `fate` is what to tell whoever waits; Unknown without a reason: nothing yet.
Calls::Commit Calls::record_once(const store::Owed& owed, const Receipt& receipt, bool& claimed,
                                 Fate& fate) {
    const auto looked = look(owed);
    if (!looked) return looked.error().code == Code::NotFound ? Commit::Done : Commit::Failed;
    Scene scene = *looked;
    // Somebody else settled the row meanwhile; only what we know more is still to be said.
    if (!claimed && receipt.kind != Kind::Accepted) return Commit::Done;
    const bool opts_out =
        receipt.kind == Kind::Refused && receipt.opted_out && !scene.conversation().opted_out;
    if (opts_out) scene.snapshot.conversation->opted_out = true;
    store::ChangeSet set = change_of(scene, true);
    if (!claimed) set.preconditions.erase(set.preconditions.begin());
    fate = {};
    limit::Charge charge;
    const auto ends = [&](const End& end) {
        fate = {end.fate, {}, {}, end.reason};
        end_call(scene, end, set);
        auto settled = settle_charge(scene);
        if (!settled) return false;
        settled->write(set);
        charge = std::move(*settled);
        return true;
    };

    if (receipt.kind == Kind::Accepted || scene.provider_has_it()) {
        started(scene, receipt, set);
        fate = {Fate::Kind::Started, scene.call.conversation_id, scene.call.line_id, {}};
        if (claimed)
            set.operations.push_back(store::Settle{owed.id, store::Settlement::Done, {}, {}});
    } else if (receipt.kind == Kind::Refused) {
        End end{receipt.opted_out ? Fate::Kind::OptedOut : Fate::Kind::Refused,
                safe_reason(receipt.error_code, receipt.error_text)};
        if (receipt.account_refused) end = {Fate::Kind::NotMade, account_refused};
        if (!ends(end)) return Commit::Failed;
        if (opts_out)
            set.operations.push_back(
                publish::customer_opted(screen(scene), domain::OptWord::Stop, "STOP"));
    } else if (receipt.kind == Kind::NotSent) {
        scene.plan.state = State::Queued;
        scene.plan.asks = 0;
        const Time due = ground_.clock->now() + retry_delay(owed, receipt.retry_after);
        later(scene, owed.expires_at == Time{} ? due : std::min(due, owed.expires_at),
              receipt.error_text, set);
    } else if (scene.plan.asks < options_.asking.size()) {
        const Milliseconds pause = options_.asking[scene.plan.asks];
        scene.plan.state = State::Asking;
        ++scene.plan.asks;
        later(scene, ground_.clock->now() + pause, receipt.error_text, set);
    } else {
        const End end{Fate::Kind::Unknown, "Nobody knows whether the call was made",
                      store::Settlement::Dead, domain::CallOutcome::Unknown};
        if (!ends(end)) return Commit::Failed;
    }

    const auto outcome = ground_.committer->commit(std::move(set));
    if (!outcome) return Commit::Failed;
    if (outcome->kind == store::Outcome::Kind::Committed) {
        charge.keep();
        if (fate.kind == Fate::Kind::Started && !fate.line_id.empty() && options_.line_known)
            options_.line_known(owed.organization, fate.line_id);
        if (fate.kind == Fate::Kind::Unknown && !fate.reason.empty())
            ground_.metrics
                ->counter("tandem_call_unknown_outcomes_total",
                          "Calls of which nobody knows whether they were made.")
                .add();
        return Commit::Done;
    }
    if (outcome->kind == store::Outcome::Kind::PreconditionFailed)
        return claimed && outcome->failed_precondition == 0 ? Commit::Lost : Commit::Again;
    ground_.log->error(room, "the store refused what became of a call",
                       {{"owed", owed.id}, {"reason", outcome->text}});
    return Commit::Failed;
}

/// The provider has the call. A webhook may have been faster: then its word stays.
void Calls::started(Scene& scene, const Receipt& receipt, store::ChangeSet& set) {
    // Whoever learns the provider's ids first tells screens of the call.
    const bool first = !scene.provider_has_it();
    scene.plan.state = State::Started;
    if (scene.call.conversation_id.empty()) scene.call.conversation_id = receipt.provider_id;
    if (scene.call.line_id.empty()) scene.call.line_id = receipt.line_id;
    keep(scene.call, scene.plan);
    set.operations.push_back(scene.call);
    if (!first) return;
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    set.operations.push_back(publish::call_initiated(
        screen(scene), scene.call, scene.plan.reason, scene.plan.initiated_by,
        organization ? variables_of(*organization, scene.snapshot, scene.plan)
                     : std::vector<std::pair<std::string, std::string>>()));
}

/// The row comes back: to be started again, or to be asked for.
void Calls::later(const Scene& scene, Time due, const std::string& why,
                  store::ChangeSet& set) const {
    domain::Call call = scene.call;
    keep(call, scene.plan);
    set.operations.push_back(std::move(call));
    set.operations.push_back(store::Settle{scene.owed.id, store::Settlement::Retry, due, why});
}

/// Full jitter over 1 s, 5 s, 30 s; more tries than these do not fit into a call's two
/// minutes. The provider's own wish counts.
Milliseconds Calls::retry_delay(const store::Owed& owed, Milliseconds wish) {
    static constexpr std::array<Milliseconds, 3> table{Milliseconds{1000}, Milliseconds{5000},
                                                       Milliseconds{30000}};
    const auto step = static_cast<size_t>(std::clamp<int64_t>(owed.attempts, 0, 2));
    const std::lock_guard lock(random_mutex_);
    const Milliseconds delay{
        std::uniform_int_distribution<int64_t>(0, table[step].count())(random_)};
    return std::max(delay, wish);
}

}  // namespace tandem::call
