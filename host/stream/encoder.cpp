#include "stream/encoder.h"

#include <cassert>
#include <utility>

namespace tandem::stream {

namespace {

/// CR, LF and CR LF each end a line for the reader (section 9.2.5), so each begins a new
/// data line; the reader joins them with LF again.
void add_data(std::string& text, std::string_view data) {
    while (true) {
        const size_t end = data.find_first_of("\r\n");
        text.append("data: ").append(data.substr(0, end)).push_back('\n');
        if (end == std::string_view::npos) return;
        const bool pair = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
        data.remove_prefix(end + (pair ? 2 : 1));
    }
}

/// Ids and names are ours and never a customer's; a line end in one would forge events.
bool one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

std::string event_text(const domain::Position& position, std::string_view data) {
    if (position.epoch.empty()) return event_text(data);
    assert(one_line(position.epoch));
    std::string text;
    text.reserve(position.epoch.size() + data.size() + 40);
    text.append("id: ").append(domain::to_text(position)).push_back('\n');
    add_data(text, data);
    text.push_back('\n');
    return text;
}

std::string event_text(std::string_view data) {
    std::string text;
    text.reserve(data.size() + 16);
    add_data(text, data);
    text.push_back('\n');
    return text;
}

std::string named_event_text(std::string_view name, std::string_view data) {
    assert(one_line(name) && !name.empty());
    std::string text;
    text.reserve(name.size() + data.size() + 24);
    text.append("event: ").append(name).push_back('\n');
    add_data(text, data);
    text.push_back('\n');
    return text;
}

std::string retry_text(Milliseconds wait) {
    return "retry: " + std::to_string(wait.count()) + '\n';
}

Frame frame(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}

}  // namespace tandem::stream
