#include "context/context.h"

#include <algorithm>
#include <string_view>

namespace tandem::context {

namespace {

using domain::Message;

// Of the contract: how much of the past is told.
constexpr size_t context_messages = 6;
constexpr size_t summary_texts = 3;
// Code points of one message, of a summary and of a name. An SMS has at most 1600
// characters; a spoken turn may be a speech, and all variables together should stay far
// below what providers take.
constexpr size_t message_budget = 1600;
constexpr size_t summary_budget = 4000;
constexpr size_t name_budget = 200;

/// Bytes of a line break or control at this place; 0: none. The Unicode separators count,
/// because models and templates break lines at them too.
size_t break_at(std::string_view text, size_t at) {
    const unsigned char byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) return 1;
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("\xc2\x85")) return 2;
    if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) return 3;
    return 0;
}

/// One line of at most `budget` code points. A customer who writes "\nAI Agent: …" must
/// not get a line of their own.
std::string one_line(std::string_view text, size_t budget) {
    std::string line;
    size_t points = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t broken = break_at(text, at);
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
        if (begins && points++ == budget) return line + "…";
        if (broken) {
            line.push_back(' ');
            at += broken;
        } else {
            line.push_back(text[at++]);
        }
    }
    return line;
}

std::string_view label(domain::Author author) {
    switch (author) {
        case domain::Author::Customer: return "Customer: ";
        case domain::Author::Ai: return "AI Agent: ";
        case domain::Author::Human: return "Human Agent: ";
        case domain::Author::System: break;
    }
    return "";
}

bool is_said(const Message& message) {
    return message.type != domain::MessageType::System &&
           message.author != domain::Author::System &&
           message.delivery != domain::Delivery::Superseded;
}

std::string line_of(const Message& message) {
    std::string text = one_line(message.content, message_budget);
    if (text.empty() && !message.media.empty()) text = "[media]";
    return std::string(label(message.author)) + text;
}

/// The last `count` of them, one a line.
std::string last_lines(const std::vector<const Message*>& messages, size_t count) {
    std::string lines;
    const size_t first = messages.size() > count ? messages.size() - count : 0;
    for (size_t i = first; i < messages.size(); ++i) {
        if (!lines.empty()) lines.push_back('\n');
        lines += line_of(*messages[i]);
    }
    return lines;
}

std::string previous_summary(const store::Snapshot& snapshot,
                             const std::vector<const Message*>& earlier) {
    std::vector<const Message*> texts;
    for (const Message* message : earlier)
        if (message->type == domain::MessageType::Text) texts.push_back(message);
    std::string summary;
    if (snapshot.conversation) summary = one_line(snapshot.conversation->summary, summary_budget);
    const std::string lines = last_lines(texts, summary_texts);
    if (summary.empty() && lines.empty()) return "No previous calls";
    if (!summary.empty() && !lines.empty()) summary.push_back('\n');
    return summary + lines;
}

}  // namespace

Variables dynamic_variables(const domain::Organization& organization,
                            const store::Snapshot& snapshot,
                            const std::vector<std::string>& without) {
    std::vector<const Message*> earlier;
    for (const Message& message : snapshot.messages) {
        const bool answered_now =
            std::find(without.begin(), without.end(), message.id) != without.end();
        if (is_said(message) && !answered_now) earlier.push_back(&message);
    }
    const bool called_before = snapshot.conversation && !snapshot.conversation->summary.empty();

    std::string context = last_lines(earlier, context_messages);
    if (context.empty()) context = "No previous conversation";
    std::string name = "Customer";
    std::string status = !earlier.empty() || called_before ? "Returning Customer" : "New Inquiry";
    if (snapshot.lead) {
        const std::string own_name = one_line(snapshot.lead->customer_name, name_budget);
        const std::string own_status = one_line(snapshot.lead->status, name_budget);
        if (!own_name.empty()) name = own_name;
        if (!own_status.empty()) status = own_status;
    }
    const int64_t total = snapshot.conversation ? snapshot.conversation->message_count : 0;
    return {{"conversation_context", std::move(context)},
            {"customer_name", std::move(name)},
            {"organization_name", organization.name},
            {"lead_status", std::move(status)},
            {"previous_summary", previous_summary(snapshot, earlier)},
            {"organization_id", organization.id},
            {"caller_type", snapshot.lead ? "existing_lead" : "new_caller"},
            {"has_conversation_history", earlier.empty() ? "false" : "true"},
            {"total_messages", std::to_string(total)}};
}

}  // namespace tandem::context
