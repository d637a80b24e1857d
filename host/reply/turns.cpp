#include "reply/turns.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "context/context.h"
#include "domain/need.h"
#include "reply/parts.h"
#include "reply/task.h"

namespace tandem::reply {

namespace {

namespace need = domain::need;

using domain::Author;
using domain::Delivery;

constexpr std::string_view room = "reply";
// Each lost race means that another commit of the conversation went through.
constexpr unsigned max_rebuilds = 8;
// How often a customer may interrupt an answer in the making, until there is quiet.
constexpr unsigned max_rounds = 3;
// A row that was claimed so often took its process down, or nearly.
constexpr int64_t max_attempts = 3;
// A single failure of an AI is common, a second one in a row is not.
constexpr unsigned tries_of_one_answer = 2;

std::string text_of(const std::vector<const domain::Message*>& messages) {
    std::string text;
    for (const domain::Message* message : messages) {
        if (!text.empty()) text += '\n';
        const bool picture_alone = message->content.empty() && !message->media.empty();
        text += picture_alone ? std::string("[media]") : message->content;
    }
    return text;
}

std::vector<std::string> ids_of(const std::vector<const domain::Message*>& messages) {
    std::vector<std::string> ids;
    for (const domain::Message* message : messages) ids.push_back(message->id);
    return ids;
}

}  // namespace

Turns::Turns(Ground ground, Responders responders, Channels channels, TurnOptions options)
    : ground_(ground),
      responders_(std::move(responders)),
      channels_(std::move(channels)),
      options_(std::move(options)) {}

void Turns::work(const store::Owed& owed) {
    Task task{owed, ground_.organizations->by_id(owed.organization)};
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        if (!look(task)) return;
        std::string reason;
        switch (judge(task, reason)) {
            case Next::Over:
                if (settle(task) == Commit::Again) continue;
                return;
            case Next::GiveUp:
                if (commit_need(task, reason) == Commit::Again) continue;
                return;
            case Next::Answer: break;
        }
        const Time now = ground_.clock->now();
        store::ChangeSet claim = dispatch::while_unclaimed(owed, now);
        claim.preconditions.push_back(
            store::EpochIs{owed.address, task.conversation().control_epoch});
        claim.operations.push_back(store::Claim{owed.id, options_.worker, now + options_.lease});
        const Commit claimed = commit(std::move(claim), task);
        if (claimed == Commit::Again) continue;
        if (claimed != Commit::Done) return;
        task.claimed = true;
        task.control_epoch = task.conversation().control_epoch;
        return answer_claimed(task);
    }
}

bool Turns::look(Task& task) const {
    auto snapshot = ground_.store->snapshot(task.owed.organization, task.owed.address,
                                            context::messages_needed);
    if (!snapshot) {
        ground_.log->warn(room, "a conversation could not be read",
                          {{"owed", task.owed.id}, {"reason", snapshot.error().text}});
        return false;
    }
    task.snapshot = std::move(*snapshot);
    const auto processed = store::read_processed(*ground_.store, task.owed.organization,
                                                 task.owed.address, ground_.clock->now());
    if (!processed) {
        ground_.log->warn(room, "what a human dealt with could not be read",
                          {{"owed", task.owed.id}, {"reason", processed.error().text}});
        return false;
    }
    const auto reached = store::reach_unanswered(*ground_.store, task.owed.organization,
                                                 task.owed.address, *processed, task.snapshot);
    if (!reached) {
        ground_.log->warn(room, "what the customer wrote could not be read",
                          {{"owed", task.owed.id}, {"reason", reached.error().text}});
        return false;
    }
    task.unanswered = domain::unanswered(task.snapshot.messages, *processed);
    return true;
}

/// Whether a customer still waits for the answer that is owed.
bool Turns::waits(const Task& task) {
    const bool known = task.organization && task.snapshot.conversation;
    if (!known || task.snapshot.session || task.conversation().opted_out) return false;
    // Whoever took the conversation over, or gave it back, settled what is owed now.
    const bool stale = task.owed.control_epoch >= 0 &&
                       task.owed.control_epoch != task.conversation().control_epoch;
    return !stale && !task.unanswered.empty();
}

/// Whether the AI still has something to say here.
Turns::Next Turns::judge(const Task& task, std::string& reason) const {
    if (!waits(task)) return Next::Over;
    if (responders_.count(task.organization->responder) == 0)
        reason = need::no_responder;
    else if (channels_.count(task.organization->channel) == 0)
        reason = need::no_channel;
    else if (task.owed.attempts >= max_attempts)
        reason = need::responder_failed;
    else if (!task.organization->objection_to(task.owed.address).empty())
        reason = need::number_not_allowed;
    else if (ground_.spending)
        // An answer that cannot be sent is not asked for.
        if (const auto left = ground_.spending->left(*task.organization, {1, 1, 0});
            !left && left.error().code == Code::Limited)
            reason = need::daily_limit;
    return reason.empty() ? Next::Answer : Next::GiveUp;
}

void Turns::answer_claimed(Task& task) {
    for (unsigned round = 0; round < max_rounds; ++round) {
        task.asked = ids_of(task.unanswered);
        const std::optional<Answer> answer = ask(task, round);
        // The end of the process is no failure of the AI: the next one asks again.
        if (!answer && stopping_) return postpone(task);
        if (conclude(task, answer)) return;
    }
    postpone(task);
}

std::optional<Answer> Turns::ask(const Task& task, unsigned round) {
    Turn turn;
    // The same id for the same question; another one once the customer added to it.
    turn.turn_id = round == 0 ? task.owed.id : task.owed.id + '-' + std::to_string(round);
    turn.customer = task.owed.address;
    turn.text = text_of(task.unanswered);
    turn.variables = context::dynamic_variables(*task.organization, task.snapshot, task.asked);
    turn.deadline = options_.deadline;
    TurnResponder& responder = *responders_.at(task.organization->responder);
    bool hopeless = false;
    for (unsigned i = 0; i < tries_of_one_answer && !hopeless && !(i > 0 && stopping_); ++i) {
        std::string why;
        try {
            Result<Answer> answer = responder.respond(turn);
            if (answer) {
                answer->text = clean_answer(answer->text);
                if (!answer->text.empty() || !answer->needs_human.empty()) {
                    count("answered");
                    return std::move(*answer);
                }
                why = "the answer is empty";
            } else {
                why = answer.error().text;
                // The same question is as wrong a second time.
                hopeless = answer.error().code == Code::Invalid ||
                           answer.error().code == Code::Unsupported;
            }
        } catch (const std::exception& failure) {
            why = failure.what();
        }
        count("failed");
        ground_.log->warn(
            room, "the AI did not answer",
            {{"turn", turn.turn_id}, {"provider", task.organization->responder}, {"reason", why}});
    }
    return std::nullopt;
}

bool Turns::conclude(Task& task, const std::optional<Answer>& answer) {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        const Commit done =
            answer ? commit_answer(task, *answer) : commit_need(task, need::responder_failed);
        if (done != Commit::Again) return true;
        if (!look(task)) return true;
        if (task.fenced() || task.conversation().opted_out || task.unanswered.empty()) {
            keep_draft(task, answer ? answer->text : std::string());
            return true;
        }
        if (ids_of(task.unanswered) != task.asked) return false;
    }
    postpone(task);
    return true;
}

store::ChangeSet Turns::change_set(const Task& task) const {
    return task.claimed ? dispatch::while_claimed(task.owed, options_.worker)
                        : dispatch::while_unclaimed(task.owed, ground_.clock->now());
}

Turns::Commit Turns::commit(store::ChangeSet set, const Task& task) {
    return dispatch::commit(ground_, room, "a turn", std::move(set), task.owed);
}

void Turns::count(std::string_view result) {
    ground_.metrics
        ->counter("tandem_ai_turns_total", "Times that an AI was asked.", {{"result", result}})
        .add();
}

}  // namespace tandem::reply
