#include <utility>

#include "domain/need.h"
#include "domain/segments.h"
#include "reply/parts.h"
#include "reply/task.h"
#include "reply/turns.h"

namespace tandem::reply {

namespace {

namespace need = domain::need;

limit::Amount amount_of(const std::vector<std::string>& parts) {
    limit::Amount amount;
    amount.messages = static_cast<unsigned>(parts.size());
    for (const std::string& part : parts)
        amount.segments += static_cast<unsigned>(domain::segments_of(part).count);
    return amount;
}

}  // namespace

/// Everything that an answer means, in one commit: what screens see, what is owed to the
/// customer, and that the turn is done.
Turns::Commit Turns::commit_answer(const Task& task, const Answer& answer) {
    Measure measure;
    measure.max_units = channels_.at(task.organization->channel)->max_text_units();
    const std::vector<std::string> parts = split_answer(answer.text, measure);
    limit::Charge charge;
    if (ground_.spending && !parts.empty()) {
        auto paid = ground_.spending->spend(*task.organization, amount_of(parts), task.owed.id);
        if (!paid && paid.error().code == Code::Limited)
            return commit_need(task, answer.needs_human.empty() ? need::daily_limit : need::asked,
                               answer.text);
        if (!paid) {
            ground_.log->warn("reply", "what the organisation spent could not be read",
                              {{"owed", task.owed.id}, {"reason", paid.error().text}});
            return Commit::Failed;
        }
        charge = std::move(*paid);
    }
    store::ChangeSet set = change_set(task);
    set.preconditions.push_back(store::EpochIs{task.owed.address, task.control_epoch});
    set.preconditions.push_back(store::VersionIs{task.owed.address, task.conversation().version});

    const Time now = ground_.clock->now();
    domain::Conversation conversation = task.conversation();
    conversation.last_activity_at = now;
    domain::answered_by_ai(conversation);
    const bool asks = !answer.needs_human.empty() && domain::need_human(conversation, need::asked);
    set.operations.push_back(conversation);

    Milliseconds place{0};
    for (const std::string& part : parts) {
        const domain::Message made = message(task, part);
        store::Owed send;
        send.id = ground_.ids->next();
        send.kind = store::OwedKind::Send;
        send.address = task.owed.address;
        send.instance = made.instance;
        send.subject_id = made.id;
        send.control_epoch = task.control_epoch;
        // One after the other: the oldest row leaves first.
        send.due_at = now + place++;
        send.expires_at = now + options_.validity;
        set.operations.push_back(made);
        set.operations.push_back(publish::message_sent(screen(task), made));
        set.operations.push_back(store::Owe{std::move(send)});
        set.operations.push_back(store::AuditLine{
            ground_.ids->next(), "ai", "send", task.owed.address, made.id, {}, now});
    }
    if (asks) set.operations.push_back(publish::needs_human(screen(task), need::asked));
    set.operations.push_back(store::Settle{task.owed.id, store::Settlement::Done, {}, {}});
    charge.write(set);
    const Commit done = commit(std::move(set), task);
    if (done == Commit::Done) charge.keep();
    return done;
}

Turns::Commit Turns::commit_need(const Task& task, std::string_view reason,
                                 const std::string& unsent) {
    store::ChangeSet set = change_set(task);
    set.preconditions.push_back(store::VersionIs{task.owed.address, task.conversation().version});
    domain::Conversation conversation = task.conversation();
    const bool news = domain::need_human(conversation, reason);
    set.operations.push_back(conversation);
    if (news) set.operations.push_back(publish::needs_human(screen(task), reason));
    if (!unsent.empty()) {
        domain::Message draft = message(task, unsent);
        draft.delivery = domain::Delivery::Superseded;
        set.operations.push_back(std::move(draft));
    }
    set.operations.push_back(
        store::Settle{task.owed.id, store::Settlement::Done, {}, std::string(reason)});
    return commit(std::move(set), task);
}

Result<std::function<void()>> Turns::dropped(const store::Owed& owed, store::ChangeSet& set) const {
    Task task{owed, ground_.organizations->by_id(owed.organization)};
    if (!look(task)) return Error{Code::Unavailable, "the conversation could not be read"};
    if (!waits(task)) return std::function<void()>();
    domain::Conversation conversation = task.conversation();
    if (!domain::need_human(conversation, need::dropped)) return std::function<void()>();
    set.preconditions.push_back(store::VersionIs{owed.address, conversation.version});
    set.operations.push_back(conversation);
    set.operations.push_back(publish::needs_human(screen(task), need::dropped));
    return std::function<void()>();
}

/// Without a word: only what was seen when it was judged may be settled so, since a text
/// that came meanwhile may have merged into this very row.
Turns::Commit Turns::settle(const Task& task) {
    store::ChangeSet set = change_set(task);
    if (task.snapshot.conversation)
        set.preconditions.push_back(
            store::VersionIs{task.owed.address, task.conversation().version});
    set.operations.push_back(store::Settle{task.owed.id, store::Settlement::Done, {}, {}});
    return commit(std::move(set), task);
}

/// An answer that nobody may send any more. It stands under no precondition but the claim,
/// because it changes nothing that anybody decides by.
void Turns::keep_draft(const Task& task, const std::string& text) {
    store::ChangeSet set = change_set(task);
    if (!text.empty()) {
        domain::Message draft = message(task, text);
        draft.delivery = domain::Delivery::Superseded;
        set.operations.push_back(std::move(draft));
    }
    set.operations.push_back(store::Settle{task.owed.id, store::Settlement::Done, {}, {}});
    if (commit(std::move(set), task) != Commit::Done || text.empty() || !task.fenced()) return;
    ground_.metrics
        ->counter("tandem_ai_replies_fenced_total", "AI answers that a takeover came before.")
        .add();
}

/// Later, once more from the beginning.
void Turns::postpone(const Task& task) {
    store::ChangeSet set = change_set(task);
    set.operations.push_back(store::Settle{task.owed.id, store::Settlement::Retry,
                                           ground_.clock->now() + options_.quiet,
                                           "the conversation changed while the AI answered"});
    commit(std::move(set), task);
}

domain::Message Turns::message(const Task& task, const std::string& text) const {
    domain::Message message;
    message.id = ground_.ids->next();
    message.address = task.owed.address;
    message.author = domain::Author::Ai;
    message.direction = domain::Direction::Outbound;
    message.delivery = domain::Delivery::Queued;
    message.content = text;
    message.instance = task.organization->channel;
    message.control_epoch = task.control_epoch;
    message.at = ground_.clock->now();
    return message;
}

publish::Scene Turns::screen(const Task& task) const {
    return publish::scene_of(ground_.ids->next(), task.owed.organization, task.snapshot,
                             ground_.clock->now());
}

}  // namespace tandem::reply
