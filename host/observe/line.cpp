#include "observe/line.h"

#include "base/text.h"
#include "observe/redact.h"

namespace tandem::observe {

namespace {

std::string safe(std::string_view text) {
    if (text.size() <= max_text_bytes) return redact(text);
    return redact(text.substr(0, max_text_bytes)) + "...";
}

bool is_reserved(std::string_view name) {
    return name == "time" || name == "level" || name == "room" || name == "text" ||
           name == "suppressed";
}

void append_member(std::string& line, std::string_view name, std::string_view value) {
    line += line.size() > 1 ? ",\"" : "\"";
    append_json_text(line, name);
    line += "\":\"";
    append_json_text(line, value);
    line += '"';
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) return true;
    for (const char c : value)
        if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' ||
            static_cast<unsigned char>(c) >= 0x7f)
            return true;
    return false;
}

}  // namespace

std::string_view name_of(Level level) {
    switch (level) {
        case Level::Error: return "error";
        case Level::Warn: return "warn";
        case Level::Info: return "info";
        case Level::Debug: return "debug";
    }
    return "info";
}

std::string json_line(const LineParts& parts) {
    std::string line = "{";
    append_member(line, "time", iso8601(parts.time));
    append_member(line, "level", name_of(parts.level));
    append_member(line, "room", parts.room);
    append_member(line, "text", safe(parts.text));
    for (const auto& [name, value] : parts.fields)
        append_member(line, is_reserved(name) ? std::string(name) + "_" : std::string(name),
                      safe(value));
    if (parts.suppressed > 0) append_member(line, "suppressed", std::to_string(parts.suppressed));
    return line + "}\n";
}

std::string text_line(const LineParts& parts) {
    std::string line = iso8601(parts.time);
    line.append(" ").append(name_of(parts.level)).append(" ").append(parts.room).append(": ");
    append_json_text(line, safe(parts.text));
    const auto append = [&line](std::string_view name, const std::string& value) {
        line.append(" ").append(name).append("=");
        if (!needs_quotes(value)) {
            line += value;
            return;
        }
        line += '"';
        append_json_text(line, value);
        line += '"';
    };
    for (const auto& [name, value] : parts.fields) append(name, safe(value));
    if (parts.suppressed > 0) append("suppressed", std::to_string(parts.suppressed));
    return line + "\n";
}

}  // namespace tandem::observe
