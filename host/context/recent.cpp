#include "context/recent.h"

#include <algorithm>

#include "context/line.h"

namespace tandem::context {

namespace {

using domain::Message;

// Of the contract.
constexpr size_t most_messages = 6;

/// The last line of a session that is over.
bool is_hand_back(const store::Snapshot& snapshot, const Message& message) {
    if (message.type != domain::MessageType::System || message.session_id.empty()) return false;
    if (message.author != domain::Author::System) return false;
    if (snapshot.session && snapshot.session->id == message.session_id) return false;
    return std::none_of(
        snapshot.messages.begin(), snapshot.messages.end(), [&](const Message& other) {
            return other.session_id == message.session_id && other.number > message.number;
        });
}

}  // namespace

std::string recent_conversation(const store::Snapshot& snapshot,
                                const std::vector<std::string>& without, size_t most) {
    const size_t wanted = std::min(most, most_messages);
    std::vector<const Message*> told;
    size_t said = 0;
    for (auto message = snapshot.messages.rbegin();
         message != snapshot.messages.rend() && said < wanted; ++message) {
        const bool left_out =
            std::find(without.begin(), without.end(), message->id) != without.end();
        if (left_out) continue;
        if (is_said(*message)) ++said;
        if (is_said(*message) || is_hand_back(snapshot, *message)) told.push_back(&*message);
    }
    if (said == 0) return "No previous conversation";
    std::string lines;
    for (auto message = told.rbegin(); message != told.rend(); ++message) {
        if (!lines.empty()) lines.push_back('\n');
        lines += line_of(**message);
    }
    return lines;
}

}  // namespace tandem::context
