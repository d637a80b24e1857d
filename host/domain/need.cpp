#include "domain/need.h"

#include <algorithm>

namespace tandem::domain {

namespace {

constexpr std::string_view ended_by_an_answer[] = {
    need::no_responder, need::no_channel,         need::responder_failed,
    need::daily_limit,  need::number_not_allowed, need::dropped,
};

bool ends_by_an_answer(std::string_view reason) {
    return std::ranges::find(ended_by_an_answer, reason) != std::end(ended_by_an_answer);
}

}  // namespace

bool need_human(Conversation& conversation, std::string_view reason) {
    std::string& known = conversation.needs_human;
    const bool stays = !known.empty() && !ends_by_an_answer(known) && reason != need::asked;
    if (stays || known == reason) return false;
    known = reason;
    return true;
}

void answered_by_ai(Conversation& conversation) {
    if (ends_by_an_answer(conversation.needs_human)) conversation.needs_human.clear();
}

}  // namespace tandem::domain
