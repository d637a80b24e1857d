#include "call/calls.h"

#include <algorithm>
#include <utility>

#include "call/reason.h"
#include "call/scene.h"
#include "context/context.h"
#include "domain/need.h"

namespace tandem::call {

namespace {

using State = Plan::State;

constexpr std::string_view room = "call";
// Each lost race means that another commit of the conversation went through.
constexpr unsigned max_rebuilds = 8;
// Also tells that a row stood in line already.
constexpr std::string_view over_rate = "the organisation or this number has its rate";

}  // namespace

Calls::Calls(Ground ground, Voices voices, Callers& callers, CallOptions options)
    : ground_(ground),
      voices_(std::move(voices)),
      callers_(callers),
      options_(std::move(options)),
      random_(options_.seed ? options_.seed : std::random_device{}()) {
    for (const auto& [instance, voice] : voices_) {
        const auto outlet = std::make_shared<deliver::Outlet>(deliver::OutletOptions{});
        outlets_.emplace(instance, outlet);
        // Shared with the gauge, which may be asked when we are gone.
        ground_.metrics->gauge("tandem_voice_account_refused",
                               "1 while a provider refuses to call for the account; somebody has "
                               "to mend it.",
                               {{"provider", instance}},
                               [outlet] { return outlet->held() ? 1 : 0; });
    }
}

std::string Calls::trouble() const {
    std::string all;
    for (const auto& [instance, outlet] : outlets_) {
        if (!outlet->held()) continue;
        if (!all.empty()) all += "; ";
        all += instance + " refuses the account, nobody is called";
    }
    return all;
}

void Calls::work(const store::Owed& owed) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const auto scene = look(owed);
        if (!scene && scene.error().code == Code::NotFound) return drop(owed);
        if (!scene) {
            ground_.log->warn(room, "an owed call could not be read",
                              {{"owed", owed.id}, {"reason", scene.error().text}});
            return;
        }
        Commit done = Commit::Failed;
        if (scene->provider_has_it() || scene->plan.state == State::Over) {
            done = settle(*scene);
        } else if (scene->plan.state == State::Starting || scene->plan.state == State::Asking) {
            // Whoever claimed it in `starting` is gone, or could not record what it learnt.
            done = ask(*scene);
        } else if (const auto end = last_gate(*scene)) {
            done = finish(*scene, *end, false);
        } else if (scene->plan.state == State::Scheduled) {
            done = start_scheduled(*scene);
        } else {
            done = start(*scene);
        }
        if (done != Commit::Again) return;
    }
    ground_.log->warn(room, "the conversation changed too often to call", {{"owed", owed.id}});
}

/// The conversation first and the call after it: what comes in between shows as another
/// version.
Result<Calls::Scene> Calls::look(const store::Owed& owed) const {
    Scene scene;
    scene.owed = owed;
    auto snapshot =
        ground_.store->snapshot(owed.organization, owed.address, context::messages_needed);
    if (!snapshot) return snapshot.error();
    if (!snapshot->conversation) return Error{Code::NotFound, "there is no conversation"};
    scene.snapshot = std::move(*snapshot);
    auto call = ground_.store->call(owed.organization, owed.subject_id);
    if (!call) return call.error();
    scene.call = std::move(*call);
    scene.plan = plan_of(scene.call);
    return scene;
}

/// The person was erased, so nobody wants the call.
void Calls::drop(const store::Owed& owed) {
    store::ChangeSet set = dispatch::while_unclaimed(owed, ground_.clock->now());
    set.operations.push_back(store::Settle{owed.id, store::Settlement::Done, {}, {}});
    if (commit(std::move(set), owed) != Commit::Done) return;
    ground_.log->info(room, "an owed call is gone", {{"owed", owed.id}});
    callers_.tell(owed.subject_id, {Fate::Kind::NotMade, {}, {}, "The conversation was erased"});
}

/// Whether the call ends before its provider hears of it.
std::optional<Calls::End> Calls::last_gate(const Scene& scene) const {
    const store::Owed& owed = scene.owed;
    if (scene.conversation().opted_out) return End{Fate::Kind::OptedOut, "The customer opted out"};
    if (scene.conversation().control_epoch != owed.control_epoch)
        return End{Fate::Kind::TakenOver, "A human took the conversation over"};
    if (owed.expires_at != Time{} && ground_.clock->now() >= owed.expires_at)
        return End{Fate::Kind::NotMade, "The call could not be started in time"};
    const auto* organization = ground_.organizations->by_id(owed.organization);
    if (!organization || organization->numbers.empty())
        return End{Fate::Kind::NotMade, "The organisation has no number to call from"};
    if (const auto objection = organization->objection_to(owed.address); !objection.empty())
        return End{Fate::Kind::NotMade, "The number " + std::string(objection)};
    if (!has_voice(owed.instance))
        return End{Fate::Kind::NotMade, "The voice provider is not configured any more"};
    return std::nullopt;
}

/// The provider has it, or it is over: nothing is owed any more.
Calls::Commit Calls::settle(const Scene& scene) {
    store::ChangeSet set = dispatch::while_unclaimed(scene.owed, ground_.clock->now());
    set.operations.push_back(store::Settle{scene.owed.id, store::Settlement::Done, {}, {}});
    const Commit done = commit(std::move(set), scene.owed);
    const bool made = scene.plan.state != State::Over;
    callers_.tell(scene.call.id,
                  {made ? Fate::Kind::Started : Fate::Kind::NotMade, scene.call.conversation_id,
                   scene.call.line_id, scene.plan.failure_reason});
    return done;
}

Calls::Commit Calls::finish(const Scene& scene, const End& end, bool claimed) {
    Scene after = scene;
    const bool news = !end.needs_human.empty() &&
                      domain::need_human(*after.snapshot.conversation, end.needs_human);
    store::ChangeSet set = change_of(after, claimed);
    end_call(after, end, set);
    auto charge = settle_charge(after);
    if (!charge) return Commit::Failed;
    charge->write(set);
    if (news) set.operations.push_back(publish::needs_human(screen(scene), end.needs_human));
    const Commit done = commit(std::move(set), scene.owed);
    if (done != Commit::Done) return done;
    charge->keep();
    if (end.fate == Fate::Kind::TakenOver)
        ground_.metrics
            ->counter("tandem_ai_calls_fenced_total", "AI calls that a takeover came before.")
            .add();
    ground_.log->info(room, "a call was not made",
                      {{"organization", scene.owed.organization},
                       {"call", scene.call.id},
                       {"reason", end.reason}});
    callers_.tell(scene.call.id, {end.fate, {}, {}, end.reason});
    return done;
}

/// Nobody waits for an answer to it: over the rate it comes later, at a cap of the day it is
/// a human's matter.
Calls::Commit Calls::start_scheduled(const Scene& scene) {
    const store::Owed& owed = scene.owed;
    const auto& organization = *ground_.organizations->by_id(owed.organization);
    limit::Charge charge;
    if (ground_.spending) {
        auto paid =
            ground_.spending->spend(organization, limit::of_a_call(organization), scene.call.id);
        if (!paid && paid.error().code == Code::Limited) {
            End end{Fate::Kind::NotMade, paid.error().text};
            // Not the reason of a text: no later answer makes up for the call.
            end.needs_human = domain::need::call_daily_limit;
            return finish(scene, end, false);
        }
        if (!paid) return Commit::Failed;
        charge = std::move(*paid);
    }
    if (!ground_.limits) return start(scene, std::move(charge));
    const Milliseconds pause =
        ground_.limits->call_turn(organization, owed.address, owed.last_error == over_rate);
    if (pause.count() > 0) return postpone(scene, pause, over_rate);
    return start(scene, std::move(charge));
}

/// What `start_scheduled` took of the rate, for a call that did not begin.
void Calls::give_turn_back(const Scene& scene) const {
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!ground_.limits || !organization || scene.plan.state != State::Scheduled) return;
    ground_.limits->give_back_call(*organization, scene.owed.address);
}

Calls::Commit Calls::postpone(const Scene& scene, Milliseconds pause, std::string_view why) {
    return commit(dispatch::postponed(scene.owed, ground_.clock->now(), pause, why), scene.owed);
}

Calls::Commit Calls::start(const Scene& scene, limit::Charge charge) {
    const store::Owed& owed = scene.owed;
    const auto entry = outlets_.at(owed.instance)->enter(owed.id, ground_.clock->steady());
    if (!entry.pass) {
        give_turn_back(scene);
        return hold(scene, entry.wait);
    }
    const auto fence =
        ground_.gate->enter(owed.organization, owed.address, owed.control_epoch, owed.subject_id);
    const Commit claimed = claim(scene, charge);
    if (claimed != Commit::Done) {
        give_turn_back(scene);
        return claimed;
    }
    charge.keep();
    to_provider(scene, *fence, *entry.pass);
    return claimed;
}

/// The way out is closed. Who waits for an answer is told so; a call for later waits, as long
/// as it may.
Calls::Commit Calls::hold(const Scene& scene, Milliseconds wait) {
    if (scene.plan.scheduled_for == Time{} && outlets_.at(scene.owed.instance)->held())
        return finish(scene, {Fate::Kind::NotMade, account_refused}, false);
    return postpone(scene, wait, "the provider's way out is closed at present");
}

Calls::Commit Calls::claim(const Scene& scene, const limit::Charge& charge) {
    const store::Owed& owed = scene.owed;
    const Time now = ground_.clock->now();
    Scene after = scene;
    store::ChangeSet set = change_of(scene, false);
    set.preconditions.push_back(store::EpochIs{owed.address, owed.control_epoch});
    set.operations.push_back(store::Claim{owed.id, options_.worker, now + options_.lease});
    after.plan.state = State::Starting;
    after.plan.begun_at = now;
    if (scene.plan.state == State::Scheduled) {
        after.call.active = true;
        after.call.started_at = now;
    }
    keep(after.call, after.plan);
    set.operations.push_back(after.call);
    charge.write(set);
    return commit(std::move(set), owed);
}

void Calls::to_provider(const Scene& scene, deliver::FenceGate::Pass& fence,
                        deliver::Outlet::Pass& pass) {
    if (!fence.to_wire()) return fenced(scene.owed);
    deliver::Receipt receipt;
    try {
        receipt = voices_.at(scene.owed.instance)->start_call(outbound(scene));
    } catch (const std::exception& failure) {
        receipt.kind = deliver::Receipt::Kind::Unknown;
        receipt.error_text = failure.what();
    }
    fence.leave();
    judge(scene, receipt, pass);
    record(scene.owed, receipt);
}

/// The takeover committed after our claim; nobody was called.
void Calls::fenced(const store::Owed& owed) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const auto fresh = look(owed);
        if (!fresh) return;
        const End end{Fate::Kind::TakenOver, "A human took the conversation over"};
        if (finish(*fresh, end, true) != Commit::Again) return;
    }
}

/// Asks what became of the call. It starts nothing, so no fence stands before it.
Calls::Commit Calls::ask(const Scene& scene) {
    const store::Owed& owed = scene.owed;
    const Time now = ground_.clock->now();
    store::ChangeSet set = dispatch::while_unclaimed(owed, now);
    set.operations.push_back(store::Claim{owed.id, options_.worker, now + options_.lease});
    const Commit claimed = commit(std::move(set), owed);
    if (claimed != Commit::Done) return claimed;
    deliver::Receipt receipt;
    const auto voice = voices_.find(owed.instance);
    try {
        if (voice != voices_.end())
            receipt = voice->second->look_up(outbound(scene), scene.plan.begun_at);
    } catch (const std::exception& failure) {
        receipt.error_text = failure.what();
    }
    // Only these two say something of the call that was begun.
    using Kind = deliver::Receipt::Kind;
    if (receipt.kind != Kind::Accepted && receipt.kind != Kind::NotSent)
        receipt.kind = Kind::Unknown;
    record(owed, receipt);
    return Commit::Done;
}

OutboundCall Calls::outbound(const Scene& scene) const {
    OutboundCall call;
    call.call_id = scene.call.id;
    call.to = scene.call.address;
    call.deadline = options_.deadline;
    call.ring_s = options_.ring_s;
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!organization || organization->numbers.empty()) return call;
    call.from = organization->sender(
        scene.snapshot.conversation ? scene.snapshot.conversation->business_number : "");
    call.variables = variables_of(*organization, scene.snapshot, scene.plan);
    return call;
}

Fate Calls::give_up(const store::Owed& owed) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const auto scene = look(owed);
        if (!scene) break;
        if (scene->provider_has_it() && scene->plan.state != State::Over)
            return {Fate::Kind::Started, scene->call.conversation_id, scene->call.line_id, {}};
        if (scene->plan.state != State::Queued) break;
        const End end{Fate::Kind::NotMade, "The provider could not be reached in time"};
        const Commit done = finish(*scene, end, false);
        if (done == Commit::Done) return {end.fate, {}, {}, end.reason};
        if (done != Commit::Again) break;
    }
    return {Fate::Kind::Unknown, {}, {}, "The provider did not answer in time"};
}

store::ChangeSet Calls::change_of(const Scene& scene, bool claimed) const {
    store::ChangeSet set = claimed ? dispatch::while_claimed(scene.owed, options_.worker)
                                   : dispatch::while_unclaimed(scene.owed, ground_.clock->now());
    set.preconditions.push_back(store::VersionIs{scene.owed.address, scene.conversation().version});
    set.operations.push_back(scene.conversation());
    return set;
}

/// The call is over without its provider's word: on the record, on screens, and settled.
void Calls::end_call(Scene& scene, const End& end, store::ChangeSet& set) {
    close(scene, end, set);
    set.operations.push_back(store::Settle{scene.owed.id, end.settlement, {}, end.reason});
}

void Calls::close(Scene& scene, const End& end, store::ChangeSet& set) const {
    scene.plan.state = State::Over;
    scene.plan.failure_reason = end.reason;
    scene.call.active = false;
    scene.call.outcome = end.outcome;
    scene.call.ended_at = ground_.clock->now();
    keep(scene.call, scene.plan);
    set.operations.push_back(scene.call);
    set.operations.push_back(publish::call_ended(screen(scene), scene.call, end.reason, {}, {}));
}

/// What was reserved for a call that is over is given back.
Result<limit::Charge> Calls::settle_charge(const Scene& scene) const {
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!ground_.spending || !organization) return limit::Charge();
    auto charge = ground_.spending->settle(*organization, scene.call);
    if (!charge)
        ground_.log->warn(room, "what was reserved for a call could not be read",
                          {{"call", scene.call.id}, {"reason", charge.error().text}});
    return charge;
}

publish::Scene Calls::screen(const Scene& scene) const {
    return publish::scene_of(ground_.ids->next(), scene.owed.organization, scene.snapshot,
                             ground_.clock->now());
}

Calls::Commit Calls::commit(store::ChangeSet set, const store::Owed& owed) {
    return dispatch::commit(ground_, room, "a call's state", std::move(set), owed);
}

void Calls::count(std::string_view instance, std::string_view result) {
    ground_.metrics
        ->counter("tandem_call_attempts_total", "Calls asked of providers.",
                  {{"provider", instance}, {"result", result}})
        .add();
}

std::vector<std::pair<std::string, std::string>> variables_of(const domain::Organization& org,
                                                              const store::Snapshot& snapshot,
                                                              const Plan& plan) {
    auto variables = context::dynamic_variables(org, snapshot);
    variables.emplace_back("call_reason", plan.reason);
    variables.emplace_back("custom_message", plan.message);
    variables.emplace_back("call_priority", plan.priority);
    variables.emplace_back("service_details",
                           plan.service_details.empty() ? "{}" : plan.service_details);
    return variables;
}

}  // namespace tandem::call
