#include "domain/waiting.h"

#include <algorithm>
#include <charconv>

namespace tandem::domain {

namespace {

bool is_keyword(const Message& message) {
    const OptWord word = opt_word(message.content);
    if (word == OptWord::None) return false;
    // YES opts in again, but mostly it is the answer to a question.
    const bool yes =
        word == OptWord::Start && message.content.find_first_of("yY") != std::string::npos;
    return !yes;
}

/// A text to the customer that left, or is to leave.
bool is_answer(const Message& message) {
    return message.type == MessageType::Text && message.author != Author::Customer &&
           message.author != Author::System && message.delivery != Delivery::Superseded;
}

}  // namespace

bool wants_answer(const Message& message) {
    return message.author == Author::Customer && message.type == MessageType::Text &&
           !is_keyword(message);
}

std::string to_text(const Processed& processed) {
    std::string text = std::to_string(processed.through) + ';';
    for (const std::string& id : processed.ids) {
        if (text.back() != ';') text.push_back(',');
        text += id;
    }
    return text;
}

Processed parse_processed(std::string_view text) {
    Processed processed;
    const size_t mark = text.find(';');
    if (mark == std::string_view::npos) return {};
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + mark, processed.through);
    if (wrong != std::errc() || end != text.data() + mark) return {};
    text.remove_prefix(mark + 1);
    while (!text.empty()) {
        const size_t comma = text.find(',');
        processed.ids.emplace_back(text.substr(0, comma));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return processed;
}

std::vector<const Message*> unanswered(const std::vector<Message>& messages,
                                       const Processed& processed) {
    std::vector<const Message*> found;
    for (const Message& message : messages) {
        if (is_answer(message)) found.clear();
        if (!wants_answer(message)) continue;
        const auto& ids = processed.ids;
        const bool dealt_with = message.number <= processed.through ||
                                std::find(ids.begin(), ids.end(), message.id) != ids.end();
        if (!dealt_with) found.push_back(&message);
    }
    return found;
}

bool tells_unanswered(const std::vector<Message>& messages, const Processed& processed) {
    if (messages.empty()) return true;
    const int64_t first = messages.front().number;
    if (first <= 1 || first <= processed.through) return true;
    return std::any_of(messages.begin(), messages.end(), [](const Message& message) {
        return is_answer(message) && message.delivery != Delivery::Queued &&
               message.delivery != Delivery::Sending;
    });
}

}  // namespace tandem::domain
