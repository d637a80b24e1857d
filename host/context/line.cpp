#include "context/line.h"

namespace tandem::context {

namespace {

// Code points of one message. An SMS has at most 1600 characters; a spoken turn may be a
// speech, and all variables together should stay far below what providers take.
constexpr size_t message_budget = 1600;

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

std::string_view label(domain::Author author) {
    switch (author) {
        case domain::Author::Customer: return "Customer: ";
        case domain::Author::Ai: return "AI Agent: ";
        case domain::Author::Human: return "Human Agent: ";
        case domain::Author::System: break;
    }
    return "";
}

}  // namespace

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

bool is_said(const domain::Message& message) {
    return message.type != domain::MessageType::System &&
           message.author != domain::Author::System &&
           message.delivery != domain::Delivery::Superseded;
}

std::string line_of(const domain::Message& message) {
    std::string text = one_line(message.content, message_budget);
    if (message.type == domain::MessageType::System) return '[' + text + ']';
    if (text.empty() && !message.media.empty()) text = "[media]";
    return std::string(label(message.author)) + text;
}

}  // namespace tandem::context
