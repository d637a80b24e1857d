#include "control/control.h"

#include <algorithm>
#include <utility>

#include "admit/erased.h"
#include "control/draft.h"
#include "converse/converse.h"

namespace tandem::control {

namespace {

constexpr std::string_view room = "control";
// A join may wait two seconds for a provider; those who wait do nothing, and so many of them
// must not keep others from joining.
constexpr unsigned threads = 32;
constexpr size_t most_waiting = 1000;
constexpr unsigned most_ended_at_once = 100;

}  // namespace

Control::Control(Ground ground, Voices voices, Channels channels, Options options)
    : ground_(ground),
      voices_(std::move(voices)),
      channels_(std::move(channels)),
      options_(options),
      workers_(threads, most_waiting) {}

Control::~Control() {
    stop();
}

void Control::start() {
    {
        const std::lock_guard lock(mutex_);
        running_ = true;
    }
    timer_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        while (!stopped_.wait_for(lock, options_.look, [this] { return !running_; })) {
            lock.unlock();
            end_idle_sessions();
            lock.lock();
        }
    });
}

void Control::stop() {
    stop_timer();
    workers_.stop();
}

bool Control::stop(Milliseconds patience) {
    stop_timer();
    return workers_.stop(patience);
}

void Control::stop_timer() {
    {
        const std::lock_guard lock(mutex_);
        running_ = false;
    }
    stopped_.notify_all();
    if (timer_.joinable()) timer_.join();
}

std::string Control::address_of(const domain::Organization& organization, std::string_view number,
                                const std::string& lead_id) const {
    const std::string address = converse::address_of(*ground_.store, organization, number);
    if (!lead_id.empty()) {
        // Older clients send ids of their own; only one of ours can contradict the number.
        const auto lead = ground_.store->lead(organization.id, lead_id);
        if (lead && lead->address != address)
            refuse_field("leadId", "is the lead of another number");
    }
    return address;
}

/// The conversation first and the marks after it: what comes in between shows as another
/// version.
Control::Look Control::look(const Person& person, const std::string& address) const {
    Look look;
    look.now = ground_.clock->now();
    look.address = address;
    const domain::OrganizationId& organization = person.organization->id;
    auto snapshot = ground_.store->snapshot(organization, address, messages_seen);
    // A stranger has no conversation; their snapshot is empty.
    if (!snapshot && snapshot.error().code != Code::NotFound) refuse_without_storage();
    if (snapshot) look.snapshot = std::move(*snapshot);
    if (!admit::recall(*ground_.store, organization, address, look.now, look.snapshot))
        refuse_without_storage();
    auto processed = store::read_processed(*ground_.store, organization, address, look.now);
    if (!processed) refuse_without_storage();
    look.processed = std::move(*processed);
    if (!store::reach_unanswered(*ground_.store, organization, address, look.processed,
                                 look.snapshot))
        refuse_without_storage();
    // What the AI wrote and nobody is sending is never sent once a human holds the
    // conversation, so it answers nothing.
    for (domain::Message& message : look.snapshot.messages)
        if (message.author == domain::Author::Ai && is_unsent(organization, message))
            message.delivery = domain::Delivery::Superseded;
    look.waiting = domain::unanswered(look.snapshot.messages, look.processed);
    return look;
}

/// Nobody claimed it yet, or the provider did not take it and it is to be tried again.
bool Control::is_unsent(const domain::OrganizationId& organization,
                        const domain::Message& message) const {
    if (message.delivery == domain::Delivery::Queued) return true;
    if (message.delivery != domain::Delivery::Sending || !message.provider_id.empty()) return false;
    const auto history =
        ground_.store->status_history(organization, message.id, deliver::lines_of_history);
    if (!history) refuse_without_storage();
    return deliver::waits_for_another_try(*history);
}

void Control::decide(const Person& person, const std::string& address,
                     const std::function<bool(Draft&)>& build) {
    // Each lost race means that another commit of the conversation went through.
    constexpr unsigned max_rebuilds = 20;
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const Look seen = look(person, address);
        Draft draft{person, seen, *ground_.ids};
        draft.conversation.address = address;
        if (seen.snapshot.conversation) draft.conversation = *seen.snapshot.conversation;
        if (seen.snapshot.lead) draft.lead = *seen.snapshot.lead;
        if (seen.snapshot.session) {
            draft.session = *seen.snapshot.session;
            draft.record = parse_record(draft.session.record_json);
        }
        if (!build(draft)) return;
        if (commit(draft) == Commit::Done) return;
    }
    refuse(503, "STORAGE_UNAVAILABLE", "The conversation changes too often; try again soon.");
}

Control::Commit Control::commit(Draft& draft) {
    store::ChangeSet set;
    set.organization = draft.person.organization->id;
    // The first to be looked at: of two equal requests the later one has lost for good.
    if (draft.key) {
        set.preconditions.push_back(draft.key->once.precondition);
        set.operations.push_back(draft.key->once.note);
    }
    set.preconditions.push_back(
        store::VersionIs{draft.conversation.address, draft.conversation.version});
    for (store::Precondition& condition : draft.conditions)
        set.preconditions.push_back(std::move(condition));
    if (draft.new_lead) set.operations.push_back(draft.lead);
    set.operations.push_back(draft.conversation);
    if (draft.writes_session) {
        draft.session.record_json = to_json(draft.record);
        set.operations.push_back(draft.session);
    }
    for (store::Operation& operation : draft.operations)
        set.operations.push_back(std::move(operation));
    draft.charge.write(set);
    const auto outcome = ground_.committer->commit(std::move(set));
    if (!outcome) refuse_without_storage();
    switch (outcome->kind) {
        case store::Outcome::Kind::Committed: draft.charge.keep(); return Commit::Done;
        case store::Outcome::Kind::PreconditionFailed:
            if (draft.key && outcome->failed_precondition == 0) throw KeyTaken{};
            return Commit::Again;
        // Two strangers at once meet at the lead's address, two joins at the open session.
        case store::Outcome::Kind::Refused: break;
    }
    ground_.log->warn(room, "the store refused a change; it is read again",
                      {{"reason", outcome->text}});
    return Commit::Again;
}

void Control::must_hold(const Look& look, const Person& person, bool force) const {
    const auto& session = look.snapshot.session;
    if (!session)
        refuse(400, "NOT_UNDER_HUMAN_CONTROL", "No human holds this conversation; join first.");
    if (session->agent_id == person.agent_id || (force && person.is_admin)) return;
    refuse(409, "ALREADY_UNDER_HUMAN_CONTROL",
           session->agent_name + " (" + session->agent_id + ") holds this conversation.");
}

unsigned Control::end_idle_sessions() {
    unsigned ended = 0;
    for (const domain::Organization& organization : ground_.organizations->all()) {
        store::ListQuery idle;
        idle.session_state = domain::SessionState::Open;
        idle.idle_since = ground_.clock->now() - options_.idle;
        idle.limit = most_ended_at_once;
        const auto sessions = ground_.store->sessions(organization.id, idle);
        if (!sessions) continue;  // the storage is away, or keeps no list; next time
        for (const domain::ControlSession& session : *sessions) {
            const Person nobody{&organization, "system", "", true};
            try {
                bool done = false;
                decide(nobody, session.address, [&](Draft& draft) {
                    const auto& open = draft.before.snapshot.session;
                    done =
                        open && open->id == session.id && open->last_activity_at <= idle.idle_since;
                    if (done)
                        end(draft, {session.address, {}, {}, true, true},
                            domain::SessionState::TimedOut);
                    return done;
                });
                if (!done) continue;
                ++ended;
                count("timeout");
            } catch (const serve::Refused& refused) {
                ground_.log->warn(room, "an idle session could not be ended",
                                  {{"reason", refused.problem.detail}});
            }
        }
    }
    return ended;
}

void Control::count(std::string_view verb) const {
    ground_.metrics
        ->counter("tandem_control_changes_total", "What people did at conversations.",
                  {{"verb", verb}})
        .add();
}

/// Somebody whom nobody met yet: a person may speak first.
void Control::meet(Draft& draft) const {
    const Time now = draft.before.now;
    if (draft.conversation.version == 0) draft.conversation.created_at = now;
    if (draft.before.snapshot.lead) return;
    draft.new_lead = true;
    draft.lead.id = ground_.ids->next();
    draft.lead.address = draft.conversation.address;
    draft.lead.source = "human";
    draft.lead.created_at = draft.lead.updated_at = now;
    draft.conversation.lead_id = draft.lead.id;
    draft.write(publish::lead_auto_created(draft.scene()));
}

}  // namespace tandem::control
