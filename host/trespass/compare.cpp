#include "trespass/compare.h"

#include "base/percent.h"

namespace tandem::trespass {

namespace {

constexpr char nobodys_number[] = "+15550300942";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_mark(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-' ||
           c == ':' || c == '.' || c == 'T' || c == 'Z';
}

void replace(std::string& text, const std::string& what, const std::string& with) {
    if (what.empty()) return;
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

}  // namespace

std::string twin_of(const std::string& value) {
    if (value.rfind("+1555", 0) == 0) return std::string(nobodys_number);
    std::string twin = value;
    for (size_t i = twin.size() / 2; i < twin.size(); ++i) {
        if (is_digit(twin[i]))
            twin[i] = static_cast<char>('0' + (twin[i] - '0' + 3) % 10);
        else if (twin[i] >= 'a' && twin[i] <= 'f')
            twin[i] = static_cast<char>('a' + (twin[i] - 'a' + 2) % 6);
        else if (twin[i] >= 'g' && twin[i] <= 'z')
            twin[i] = static_cast<char>('g' + (twin[i] - 'g' + 5) % 20);
    }
    return twin == value ? value + "0" : twin;
}

std::string masked(std::string text, const std::string& value) {
    replace(text, value, "<value>");
    replace(text, percent_encoded(value), "<value>");
    if (!value.empty() && value[0] == '+') replace(text, value.substr(1), "<value>");
    std::string out;
    for (size_t i = 0; i < text.size();) {
        size_t end = i;
        bool number = false;
        for (; end < text.size() && is_mark(text[end]); ++end)
            number = number || is_digit(text[end]);
        if (end - i >= 6 && number) {
            out += '#';
            i = end;
        } else if (end == i) {
            out += text[i++];
        } else {
            out.append(text, i, end - i);
            i = end;
        }
    }
    for (const char* name : {"uration\":", "timeInCallSecs\":", "retry: "}) {
        for (size_t at = 0; (at = out.find(name, at)) != std::string::npos;) {
            at += std::string(name).size();
            size_t end = at;
            while (end < out.size() && is_digit(out[end])) ++end;
            out.replace(at, end - at, "#");
        }
    }
    return out;
}

std::string field(const std::string& json, const std::string& name) {
    const std::string begin = "\"" + name + "\":\"";
    const size_t at = json.find(begin);
    if (at == std::string::npos) return {};
    return json.substr(at + begin.size(), json.find('"', at + begin.size()) - at - begin.size());
}

std::string essence(const Answered& answer, bool reads, const std::string& value) {
    const std::string status = std::to_string(answer.status) + ' ';
    if (reads) return status + masked(answer.body, value);
    // `outcome` is what became of a line of an import.
    return status + field(answer.body, "code") + ' ' + field(answer.body, "outcome") + ' ' +
           masked(field(answer.body, "detail"), value);
}

std::string outcome_of(const Answered& answer) {
    return std::to_string(answer.status) + ' ' + field(answer.body, "code");
}

}  // namespace tandem::trespass
