#include "call/placing.h"

#include <atomic>
#include <memory>
#include <utility>

#include "admit/erased.h"
#include "call/scene.h"
#include "context/context.h"

namespace tandem::call {

namespace {

constexpr std::string_view room = "call";
// Each lost race means that another commit of the same conversation went through.
constexpr unsigned max_rebuilds = 8;

bool immediate(const Order& order) {
    return order.plan.scheduled_for == Time{};
}

}  // namespace

struct Placing::Task {
    Order order;
    Done done;
    store::ChangeSet set;
    store::Owed owed;
    std::string lead_id;
    size_t key_precondition = 0;  // with a key: its index
    limit::Charge charge;
    bool counted = false;
    serve::Problem refusal;
    unsigned attempts = 0;
    Time at{};
    std::atomic<bool> answered{false};  // a caller's patience may end while we commit
};

void Placing::place(Order order, Done done) {
    auto task = std::make_shared<Task>();
    task->order = std::move(order);
    task->done = std::move(done);
    const bool queued =
        lanes_.run(task->order.organization->id, task->order.address,
                   [this, task](store::Lanes::Release release) { attempt(task, release); });
    if (!queued) finish(task, Placed::Kind::Unavailable);
}

void Placing::attempt(const TaskPtr& task, const store::Lanes::Release& release) {
    const Order& order = task->order;
    auto snapshot =
        ground_.store->snapshot(order.organization->id, order.address, context::messages_needed);
    if (snapshot) {
        const auto recalled = admit::recall(*ground_.store, order.organization->id, order.address,
                                            ground_.clock->now(), *snapshot);
        if (!recalled) snapshot = recalled.error();
    }
    if (!snapshot) {
        ground_.log->warn(room, "a conversation could not be read",
                          {{"reason", snapshot.error().text}});
        finish(task, Placed::Kind::Unavailable);
        return release();
    }
    const auto& conversation = snapshot->conversation;
    task->lead_id = conversation ? conversation->lead_id : std::string();
    if (snapshot->session || (conversation && conversation->opted_out)) {
        finish(task, snapshot->session ? Placed::Kind::UnderControl : Placed::Kind::OptedOut);
        return release();
    }
    if (auto refusal = count(*task)) {
        task->refusal = std::move(*refusal);
        finish(task, Placed::Kind::Limited);
        return release();
    }
    task->at = ground_.clock->now();
    build(*task, *snapshot);
    // From the commit on the call may begin at any moment: whoever waits must be there first.
    const bool heard =
        !immediate(order) ||
        callers_.wait(
            order.call_id, options_.patience,
            [this, task](const Fate& fate) { finish(task, Placed::Kind::Settled, fate); },
            [this, owed = task->owed] { return calls_.give_up(owed); });
    const bool queued =
        heard && ground_.committer->submit(task->set, [this, task, release](auto outcome) {
            settle(task, outcome);
            release();
        });
    if (queued) return;
    callers_.forget(order.call_id);
    finish(task, Placed::Kind::Unavailable);
    release();
}

std::optional<serve::Problem> Placing::count(Task& task) const {
    if (task.counted || !immediate(task.order)) return std::nullopt;
    const domain::Organization& organization = *task.order.organization;
    if (ground_.spending) {
        auto charge = ground_.spending->spend(organization, limit::of_a_call(organization),
                                              task.order.call_id);
        if (!charge) return limit::refusal(charge.error());
        task.charge = std::move(*charge);
    }
    if (ground_.limits) {
        const limit::Verdict verdict = ground_.limits->call(organization, task.order.address);
        if (!verdict.passes) return limit::refusal(verdict);
    }
    task.counted = true;
    return std::nullopt;
}

/// What the order changes as the conversation is now.
void Placing::build(Task& task, const store::Snapshot& snapshot) const {
    const Order& order = task.order;
    const Time now = task.at;
    store::Snapshot after = snapshot;
    task.set = {};
    store::ChangeSet& set = task.set;
    set.organization = order.organization->id;
    set.preconditions.push_back(store::VersionIs{
        order.address, snapshot.conversation ? snapshot.conversation->version : 0});
    const bool keyed = order.once.kind == admit::Once::Kind::Fresh;
    task.key_precondition = set.preconditions.size();
    if (keyed) {
        set.preconditions.push_back(order.once.precondition);
        set.operations.push_back(order.once.note);
    }

    const bool stranger = !snapshot.lead;
    if (stranger) {
        domain::Lead lead;
        lead.id = ground_.ids->next();
        lead.address = order.address;
        lead.source = "outbound_call";
        lead.created_at = lead.updated_at = now;
        set.operations.push_back(lead);
        after.lead = lead;
    }
    if (!after.conversation) {
        after.conversation.emplace();
        after.conversation->address = order.address;
        after.conversation->created_at = now;
    }
    domain::Conversation& conversation = *after.conversation;
    conversation.lead_id = after.lead->id;
    conversation.last_activity_at = now;
    set.operations.push_back(conversation);
    task.lead_id = conversation.lead_id;
    if (stranger)
        set.operations.push_back(publish::lead_auto_created(
            publish::scene_of(ground_.ids->next(), order.organization->id, after, now)));

    domain::Call call;
    call.id = order.call_id;
    call.address = order.address;
    call.instance = order.organization->voice;
    call.direction = domain::CallDirection::Outbound;
    call.active = immediate(order);
    call.started_at = immediate(order) ? now : order.plan.scheduled_for;
    Plan plan = order.plan;
    plan.state = immediate(order) ? Plan::State::Queued : Plan::State::Scheduled;
    keep(call, plan);
    set.operations.push_back(call);
    // Screens are told once the provider has it: before that it has no ids to be known by.

    store::Owed& owed = task.owed;
    owed.id = ground_.ids->next();
    owed.kind = store::OwedKind::Call;
    owed.organization = order.organization->id;
    owed.address = order.address;
    owed.instance = call.instance;
    owed.subject_id = call.id;
    owed.control_epoch = conversation.control_epoch;
    owed.due_at = call.started_at;
    owed.expires_at = call.started_at + options_.validity;
    set.operations.push_back(store::Owe{owed});
    set.operations.push_back(store::AuditLine{
        ground_.ids->next(), plan.initiated_by, "call", order.address, call.id, {}, now});
    task.charge.write(set);
}

/// On the committer's thread: nothing here may block.
void Placing::settle(const TaskPtr& task, const Result<store::Outcome>& outcome) {
    using Kind = store::Outcome::Kind;
    const Order& order = task->order;
    if (outcome && outcome->kind == Kind::Committed) {
        task->charge.keep();
        if (!immediate(order)) finish(task, Placed::Kind::Scheduled);
        return;
    }
    callers_.forget(order.call_id);
    if (!outcome) {
        ground_.log->warn(room, "a call could not be placed", {{"reason", outcome.error().text}});
        return finish(task, Placed::Kind::Unavailable);
    }
    if (outcome->kind == Kind::PreconditionFailed) {
        const bool keyed = order.once.kind == admit::Once::Kind::Fresh;
        if (keyed && outcome->failed_precondition == task->key_precondition)
            return finish(task, Placed::Kind::KeyTaken);
        // Somebody else changed the conversation: look again.
        if (++task->attempts < max_rebuilds &&
            lanes_.run(order.organization->id, order.address,
                       [this, task](store::Lanes::Release release) { attempt(task, release); }))
            return;
    } else {
        ground_.log->error(room, "the store refused a call", {{"reason", outcome->text}});
    }
    finish(task, Placed::Kind::Unavailable);
}

void Placing::finish(const TaskPtr& task, Placed::Kind kind, Fate fate) {
    if (task->answered.exchange(true)) return;
    task->done({kind, std::move(fate), task->lead_id, task->at, task->refusal});
}

}  // namespace tandem::call
