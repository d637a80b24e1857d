#include "deliver/sender.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "deliver/scene.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;

constexpr std::string_view room = "deliver";
// Each lost race means that another commit of the conversation went through.
constexpr unsigned max_rebuilds = 8;

// How far back an earlier text of the AI is looked for: an answer has three parts.
constexpr unsigned texts_before = 16;
// How soon a text that waits for an earlier one looks again: at first, and in an outage.
constexpr Milliseconds turn_pause{1000};
constexpr Milliseconds longest_turn_pause{30'000};

// Also tells that a row stood in line already.
constexpr std::string_view over_rate = "the organisation or this number has its rate";

/// Whether it still waits for its provider: the parts of an answer leave in their order, also
/// when the first one has to be tried again.
bool goes_first(const domain::Message& earlier, const domain::Message& message) {
    const bool waits = earlier.delivery == Delivery::Queued ||
                       (earlier.delivery == Delivery::Sending && earlier.provider_id.empty());
    return waits && earlier.author == domain::Author::Ai &&
           earlier.control_epoch == message.control_epoch;
}

store::Status status_of(const domain::Message& message, Time now) {
    store::Status status;
    status.message_id = message.id;
    status.delivery = message.delivery;
    status.error_code = message.error_code;
    status.error_text = message.error_text;
    status.at = now;
    return status;
}

}  // namespace

Sender::Sender(Ground ground, Channels channels, SenderOptions options)
    : ground_(ground),
      channels_(std::move(channels)),
      options_(std::move(options)),
      random_(options_.seed ? options_.seed : std::random_device{}()) {
    for (const auto& [instance, channel] : channels_) add_outlet(instance);
}

void Sender::add_outlet(const std::string& instance) {
    const auto named = options_.outlets.find(instance);
    const auto outlet =
        std::make_shared<Outlet>(named == options_.outlets.end() ? OutletOptions{} : named->second);
    outlets_.emplace(instance, outlet);
    // Shared with the gauges, which may be asked when we are gone.
    ground_.metrics->gauge("tandem_provider_circuit_open",
                           "1 while nothing but probes is sent through a provider.",
                           {{"provider", instance}}, [outlet] { return outlet->closed() ? 1 : 0; });
    ground_.metrics->gauge("tandem_provider_account_refused",
                           "1 while a provider refuses the account; somebody has to mend it.",
                           {{"provider", instance}}, [outlet] { return outlet->held() ? 1 : 0; });
}

std::string Sender::trouble() const {
    std::string all;
    for (const auto& [instance, outlet] : outlets_) {
        if (!outlet->closed()) continue;
        if (!all.empty()) all += "; ";
        all += outlet->held() ? instance + " refuses the account, its messages wait"
                              : instance + " does not work, its messages wait";
    }
    return all;
}

void Sender::work(const store::Owed& owed) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const auto scene = look(owed);
        if (!scene && scene.error().code == Code::NotFound) return drop(owed);
        if (!scene) {
            ground_.log->warn(room, "an owed message could not be read",
                              {{"owed", owed.id}, {"reason", scene.error().text}});
            return;
        }
        if (step(*scene) != Commit::Again) return;
    }
    ground_.log->warn(room, "the conversation changed too often to send", {{"owed", owed.id}});
}

/// Again: another commit was faster, and the world looks different now.
Sender::Commit Sender::step(const Scene& scene) {
    if (scene.orphaned()) return own_up(scene);
    if (scene.unknown() && !scene.course.may_send) return ask(scene);
    if (auto end = last_gate(scene)) {
        // It is not sent again, but it may have been sent: that is all that is true of it.
        if (scene.unknown() && !scene.course.not_sent)
            end = End{Delivery::Unknown, store::Settlement::Dead, {}, end->error_text, false};
        return finish(scene, *end, false);
    }
    if (scene.has_predecessor)
        return wait(scene, pause_behind(scene), "an earlier part of the answer still waits");
    return send_in_turn(scene);
}

Sender::Commit Sender::send_in_turn(const Scene& scene) {
    const store::Owed& owed = scene.owed;
    const auto entry = outlets_.at(owed.instance)->enter(owed.id, ground_.clock->steady());
    if (!entry.pass) {
        ground_.metrics
            ->counter("tandem_outbox_postponed_total", "Times that a message had to wait.",
                      {{"provider", owed.instance}, {"reason", entry.closed ? "circuit" : "pace"}})
            .add();
        return wait(scene, entry.wait,
                    entry.closed ? "the provider does not work at present"
                                 : "it waits for its turn at the provider");
    }
    if (const Milliseconds pause = turn_of(scene); pause.count() > 0)
        return wait(scene, pause, over_rate);
    std::unique_ptr<FenceGate::Pass> fence;
    if (scene.by_ai())
        fence = ground_.gate->enter(owed.organization, owed.address, owed.control_epoch,
                                    owed.subject_id);
    const Commit claimed = claim(scene);
    if (claimed == Commit::Done)
        send(scene, fence.get(), *entry.pass);
    else
        give_turn_back(scene);
    return claimed;
}

Milliseconds Sender::pause_behind(const Scene& scene) const {
    const auto age = std::chrono::floor<Milliseconds>(ground_.clock->now() - scene.message.at);
    return std::clamp(age / 10, turn_pause, longest_turn_pause);
}

/// Zero: it is its turn in the organisation's rate, and counted.
Milliseconds Sender::turn_of(const Scene& scene) const {
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!ground_.limits || !organization || !scene.waits_for_rate()) return Milliseconds{0};
    return ground_.limits->message_turn(*organization, scene.owed.address, scene.by_ai(),
                                        scene.owed.last_error == over_rate);
}

void Sender::give_turn_back(const Scene& scene) const {
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!ground_.limits || !organization || !scene.waits_for_rate()) return;
    ground_.limits->give_back_message(*organization, scene.owed.address, scene.by_ai());
}

/// The conversation first and its messages after it: a status that comes in between shows
/// as another version.
Result<Sender::Scene> Sender::look(const store::Owed& owed) const {
    Scene scene;
    scene.owed = owed;
    auto snapshot = ground_.store->snapshot(owed.organization, owed.address, 0);
    if (!snapshot) return snapshot.error();
    if (!snapshot->conversation) return Error{Code::NotFound, "there is no conversation"};
    scene.snapshot = std::move(*snapshot);
    auto message = ground_.store->message(owed.organization, owed.subject_id);
    if (!message) return message.error();
    scene.message = std::move(*message);
    if (scene.by_ai()) {
        const auto before = ground_.store->messages(owed.organization, owed.address,
                                                    scene.message.number, texts_before);
        if (!before) return before.error();
        scene.has_predecessor = std::any_of(
            before->begin(), before->end(),
            [&](const domain::Message& earlier) { return goes_first(earlier, scene.message); });
    }
    if (!scene.unknown() && scene.message.delivery != Delivery::Sending) return scene;
    const auto history =
        ground_.store->status_history(owed.organization, owed.subject_id, lines_of_history);
    if (!history) return history.error();
    scene.course = course_of(*history);
    return scene;
}

/// The message was erased, so nobody wants it sent.
void Sender::drop(const store::Owed& owed) {
    store::ChangeSet set = dispatch::while_unclaimed(owed, ground_.clock->now());
    set.operations.push_back(store::Settle{owed.id, store::Settlement::Done, {}, {}});
    if (commit(std::move(set), owed) == Commit::Done)
        ground_.log->info(room, "an owed message is gone", {{"owed", owed.id}});
}

Sender::Commit Sender::wait(const Scene& scene, Milliseconds pause, std::string_view reason) {
    return commit(dispatch::postponed(scene.owed, ground_.clock->now(), pause, reason), scene.owed);
}

/// Whether the message ends before its provider sees it.
std::optional<Sender::End> Sender::last_gate(const Scene& scene) const {
    const store::Owed& owed = scene.owed;
    switch (scene.message.delivery) {
        case Delivery::Queued:
        case Delivery::Unknown: break;  // after a look-up
        case Delivery::Sending:         // after a try that certainly failed
            if (scene.message.provider_id.empty()) break;
            [[fallthrough]];  // so it was thought, but a callback knows better
        default: return End{scene.message.delivery, store::Settlement::Done, {}, {}, false};
    }
    if (scene.conversation().opted_out)
        return End{Delivery::Failed, store::Settlement::Done, "OPTED_OUT",
                   "The customer opted out."};
    if (scene.by_ai() && scene.conversation().control_epoch != owed.control_epoch)
        return End{Delivery::Superseded, store::Settlement::Done, "SUPERSEDED",
                   "A human took over before the message was sent."};
    if (owed.expires_at != Time{} && ground_.clock->now() >= owed.expires_at)
        return End{Delivery::Expired, store::Settlement::Done, "EXPIRED",
                   "The message could not be sent in time."};
    const auto* organization = ground_.organizations->by_id(owed.organization);
    if (!organization || organization->numbers.empty())
        return End{Delivery::Failed, store::Settlement::Done, "NO_NUMBER",
                   "The organisation has no number to send from."};
    if (const auto objection = organization->objection_to(owed.address); !objection.empty())
        return End{Delivery::Failed, store::Settlement::Done, "NUMBER_NOT_ALLOWED",
                   "The number " + std::string(objection) + '.'};
    if (channels_.count(owed.instance) == 0)
        return End{Delivery::Failed, store::Settlement::Done, "NO_CHANNEL",
                   "The provider instance is not configured any more."};
    return std::nullopt;
}

Sender::Commit Sender::finish(const Scene& scene, const End& end, bool claimed) {
    const store::Owed& owed = scene.owed;
    const Time now = ground_.clock->now();
    store::ChangeSet set = claimed ? dispatch::while_claimed(owed, options_.worker)
                                   : dispatch::while_unclaimed(owed, now);
    if (end.tell) {
        domain::Message message = scene.message;
        message.delivery = end.delivery;
        message.error_code = end.error_code;
        message.error_text = end.error_text;
        set.preconditions.push_back(store::VersionIs{owed.address, scene.conversation().version});
        set.operations.push_back(scene.conversation());
        set.operations.push_back(status_of(message, now));
        tell(scene, message, set);
        if (end.delivery == Delivery::Superseded) owe_turn(scene, set);
    }
    set.operations.push_back(store::Settle{owed.id, end.settlement, end.due_at, end.error_text});
    const Commit done = commit(std::move(set), owed);
    if (done != Commit::Done || !end.tell) return done;
    if (end.delivery == Delivery::Unknown) count_unknown();
    if (end.delivery == Delivery::Superseded)
        ground_.metrics
            ->counter("tandem_ai_replies_fenced_total", "AI answers that a takeover came before.")
            .add();
    if (end.delivery == Delivery::Expired)
        ground_.metrics
            ->counter("tandem_outbox_expired_total", "Messages that were not sent in time.")
            .add();
    return done;
}

/// Until now the answer counted as one. Where the conversation was handed back meanwhile
/// nobody else looks again at what it answered; a turn that finds nothing to say is no harm.
void Sender::owe_turn(const Scene& scene, store::ChangeSet& set) const {
    const auto* organization = ground_.organizations->by_id(scene.owed.organization);
    if (!organization || organization->responder.empty()) return;
    if (scene.snapshot.session || scene.conversation().opted_out) return;
    store::Owed turn;
    turn.id = ground_.ids->next();
    turn.kind = store::OwedKind::AiTurn;
    turn.address = scene.owed.address;
    turn.instance = organization->responder;
    turn.subject_id = scene.message.id;
    turn.merge_key = "turn:" + scene.owed.address;
    turn.control_epoch = scene.conversation().control_epoch;
    turn.due_at = ground_.clock->now();
    set.operations.push_back(store::Owe{std::move(turn)});
}

Sender::Commit Sender::claim(const Scene& scene) {
    const store::Owed& owed = scene.owed;
    const Time now = ground_.clock->now();
    store::ChangeSet set = dispatch::while_unclaimed(owed, now);
    set.preconditions.push_back(store::VersionIs{owed.address, scene.conversation().version});
    if (scene.by_ai())
        set.preconditions.push_back(store::EpochIs{owed.address, owed.control_epoch});
    set.operations.push_back(scene.conversation());
    set.operations.push_back(store::Claim{owed.id, options_.worker, now + options_.lease});
    domain::Message message = scene.message;
    message.delivery = Delivery::Sending;
    set.operations.push_back(status_of(message, now));
    return commit(std::move(set), owed);
}

void Sender::send(const Scene& scene, FenceGate::Pass* fence, Outlet::Pass& pass) {
    const store::Owed& owed = scene.owed;
    if (fence && !fence->to_wire()) {
        // The takeover committed after our claim; nothing was sent.
        for (unsigned i = 0; i < max_rebuilds; ++i) {
            const auto fresh = look(owed);
            if (!fresh) return;
            const End end{Delivery::Superseded, store::Settlement::Done, "SUPERSEDED",
                          "A human took over before the message was sent."};
            if (finish(*fresh, end, true) != Commit::Again) return;
        }
        return;
    }
    Told told;
    try {
        told.receipt = channels_.at(owed.instance)->send(outbound(scene));
    } catch (const std::exception& failure) {
        told.receipt.error_text = failure.what();
    }
    if (fence) fence->leave();
    judge(owed, told.receipt, pass);
    record(owed, std::move(told));
}

OutboundMessage Sender::outbound(const Scene& scene) const {
    OutboundMessage message;
    message.message_id = scene.message.id;
    message.from = ground_.organizations->by_id(scene.owed.organization)
                       ->sender(scene.conversation().business_number);
    message.to = scene.owed.address;
    // Providers know short codes by their digits alone.
    constexpr std::string_view short_code = "shortcode:";
    if (message.to.starts_with(short_code)) message.to.erase(0, short_code.size());
    message.text = scene.message.content;
    message.deadline = options_.deadline;
    if (options_.status_url) message.status_url = options_.status_url(scene.owed.instance);
    return message;
}

void Sender::tell(const Scene& scene, const domain::Message& message, store::ChangeSet& set) {
    domain::Message shown = message;
    // Screens know no such word: to them an answer that was announced and is not sent failed.
    if (shown.delivery == Delivery::Superseded) shown.delivery = Delivery::Failed;
    set.operations.push_back(publish::sms_status_update(screen(scene), shown));
}

publish::Scene Sender::screen(const Scene& scene) const {
    return publish::scene_of(ground_.ids->next(), scene.owed.organization, scene.snapshot,
                             ground_.clock->now());
}

Sender::Commit Sender::commit(store::ChangeSet set, const store::Owed& owed) {
    return dispatch::commit(ground_, room, "a message's state", std::move(set), owed);
}

void Sender::count(std::string_view instance, std::string_view result) {
    ground_.metrics
        ->counter("tandem_outbox_attempts_total", "Texts handed to providers.",
                  {{"provider", instance}, {"result", result}})
        .add();
}

}  // namespace tandem::deliver
