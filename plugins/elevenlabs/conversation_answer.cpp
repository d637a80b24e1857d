#include "conversation_answer.h"

#include <algorithm>
#include <utility>

namespace tandem::elevenlabs {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

void ConversationAnswer::piece(std::int64_t event) {
    // A piece that is late belongs to a message that is here already.
    if (event != 0 && !after_tool_ && find(event) != texts_.end()) return;
    if (begun_.size() < max_texts) begun_.emplace(event, false);
}

void ConversationAnswer::last_piece(std::int64_t event) {
    const auto found = begun_.find(event);
    if (found != begun_.end()) found->second = true;
}

bool ConversationAnswer::whole(std::int64_t event, std::string text) {
    const bool in_pieces = begun_.erase(event) > 0;
    bytes_ += text.size();
    if (texts_.size() >= max_texts || bytes_ > max_bytes) return false;
    const auto same = event == 0 ? texts_.end() : find(event);
    if (same != texts_.end() && !after_tool_) {
        same->text = std::move(text);
    } else {
        texts_.push_back({event, std::move(text), in_pieces});
    }
    after_tool_ = false;
    // One that came before what it corrects.
    for (const Correction& correction : corrections_) apply(correction, true);
    return bytes_ <= max_bytes;
}

bool ConversationAnswer::correct(std::int64_t event, std::string original, std::string corrected) {
    if (corrections_.size() >= max_texts) return true;
    corrections_.push_back({event, std::move(original), std::move(corrected)});
    apply(corrections_.back(), false);
    return bytes_ <= max_bytes;
}

// The event tells which message is meant, and its original where one event had several.
void ConversationAnswer::apply(const Correction& correction, bool exactly) {
    const auto meant = [&](bool by_text) {
        return std::find_if(texts_.rbegin(), texts_.rend(), [&](const Text& text) {
            return (correction.event == 0 || text.event == correction.event) &&
                   (!by_text || trimmed(text.text) == trimmed(correction.original));
        });
    };
    auto found = meant(true);
    if (found == texts_.rend() && !exactly && correction.event != 0) found = meant(false);
    if (found == texts_.rend()) return;
    bytes_ += correction.corrected.size();
    found->text = correction.corrected;
}

std::vector<ConversationAnswer::Text>::iterator ConversationAnswer::find(std::int64_t event) {
    return std::find_if(texts_.begin(), texts_.end(),
                        [event](const Text& text) { return text.event == event; });
}

void ConversationAnswer::interrupted(std::int64_t up_to_event) {
    for (auto each = begun_.begin(); each != begun_.end();) {
        each = up_to_event == 0 || each->first <= up_to_event ? begun_.erase(each) : ++each;
    }
}

bool ConversationAnswer::empty() const {
    return std::all_of(texts_.begin(), texts_.end(),
                       [](const Text& text) { return trimmed(text.text).empty(); });
}

bool ConversationAnswer::lacks_whole() const {
    return std::any_of(begun_.begin(), begun_.end(), [](const auto& one) { return one.second; });
}

std::string ConversationAnswer::text(bool greeted) const {
    // One that says nothing makes no greeting of what was said before it.
    const bool pieces_later = std::any_of(texts_.begin(), texts_.end(), [](const Text& text) {
        return text.in_pieces && !trimmed(text.text).empty();
    });
    const bool late_greeting =
        !greeted && texts_.size() > 1 && !texts_.front().in_pieces && pieces_later;
    std::string all;
    for (std::size_t i = late_greeting ? 1 : 0; i < texts_.size(); ++i) {
        const std::string_view text = trimmed(texts_[i].text);
        if (text.empty()) continue;
        if (!all.empty()) all += '\n';
        all += text;
    }
    return all;
}

}  // namespace tandem::elevenlabs
