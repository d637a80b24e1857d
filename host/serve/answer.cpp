#include "serve/answer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tandem::serve {

namespace {

constexpr std::string_view problem_type = "application/problem+json";

struct Phrase {
    int status;
    std::string_view text;
};
// RFC 9110 section 15 and RFC 6585: handlers and plugins may answer with any of them.
constexpr std::array phrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{203, "Non-Authoritative Information"},
    Phrase{204, "No Content"},
    Phrase{205, "Reset Content"},
    Phrase{206, "Partial Content"},
    Phrase{300, "Multiple Choices"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{402, "Payment Required"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{407, "Proxy Authentication Required"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{426, "Upgrade Required"},
    Phrase{428, "Precondition Required"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
};

struct Rule {
    std::string_view name, value;
};

void add(std::string& text, std::string_view name, std::string_view value) {
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

void add_member(std::string& json, std::string_view name, std::string_view value) {
    json += '"';
    json += name;
    json += "\":\"";
    append_json_text(json, value);
    json += '"';
}

bool has(const Response& response, std::string_view name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const Header& field) { return same_text(field.name, name); });
}

bool sound_text(std::string_view text, bool name) {
    if (name && text.empty()) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        if (name) return byte > 0x20 && byte < 0x7f && c != ':';
        return (byte >= 0x20 && byte != 0x7f) || c == '\t';
    });
}

// The members of a problem that only serve knows, put before its last brace.
void complete_problem(Response& response, const AnswerFrame& frame) {
    if (response.content_type != problem_type || !response.body.ends_with('}')) return;
    response.body.pop_back();
    if (!frame.path.empty()) {
        response.body += ',';
        add_member(response.body, "instance", frame.path);
    }
    response.body += ',';
    add_member(response.body, "requestId", frame.request_id);
    response.body += '}';
}

// What a browser may do with an answer: nothing, unless the answer says more. An API's answer
// that is opened as a page, or drawn into one, must not come alive there.
constexpr Rule rules[] = {
    {"Content-Security-Policy",
     "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; sandbox"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

// Text without a charset is guessed by browsers, and a wrong guess can make it script.
void add_content_type(std::string& head, const std::string& type) {
    const bool textual = type.starts_with("text/") || type == "application/json";
    const bool stream = type.starts_with("text/event-stream");  // always UTF-8
    const bool named = type.find(';') != std::string::npos;
    head += "Content-Type: ";
    head += type;
    if (textual && !stream && !named) head += "; charset=utf-8";
    head += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) {
    for (const Phrase& phrase : phrases)
        if (phrase.status == status) return phrase.text;
    return status < 400 ? "OK" : "Error";
}

std::string_view unsound_header(const Response& response) {
    if (!sound_text(response.content_type, false)) return "Content-Type";
    for (const Header& field : response.headers) {
        if (!sound_text(field.name, true)) return "a header's name";
        if (!sound_text(field.value, false)) return field.name;
    }
    return {};
}

std::string render_head(Response& response, const AnswerFrame& frame) {
    complete_problem(response, frame);
    std::string head;
    head.reserve(640);
    head += "HTTP/1.1 ";
    head += std::to_string(response.status);
    head += ' ';
    head += reason_phrase(response.status);
    head += "\r\n";
    if (!response.content_type.empty()) add_content_type(head, response.content_type);
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!frame.stream && !bodiless)
        add(head, "Content-Length", std::to_string(response.body.size()));
    if (frame.close)
        add(head, "Connection", "close");
    else if (frame.old_version)
        add(head, "Connection", "keep-alive");
    add(head, "X-Request-Id", frame.request_id);
    add(head, "X-Content-Type-Options", "nosniff");
    for (const Rule& rule : rules)
        if (!has(response, rule.name)) add(head, rule.name, rule.value);
    if (frame.secure) add(head, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    if (!frame.allowed_origin.empty()) {
        add(head, "Access-Control-Allow-Origin", frame.allowed_origin);
        add(head, "Access-Control-Expose-Headers",
            "X-Request-Id, X-Next-Cursor, Retry-After, RateLimit, RateLimit-Policy");
    }
    if (frame.vary_origin) add(head, "Vary", "Origin");
    for (const Header& field : response.headers) add(head, field.name, field.value);
    head += "\r\n";
    if (frame.head_only || bodiless) response.body.clear();
    return head;
}

Response refused(const Refusal& refusal) {
    return problem({refusal.status, std::string(refusal.code), std::string(refusal.detail)});
}

Response problem(const Problem& problem) {
    Response response;
    response.status = problem.status;
    response.content_type = problem_type;
    std::string& json = response.body;
    json = "{\"type\":\"about:blank\",";
    add_member(json, "title", reason_phrase(problem.status));
    json += ",\"status\":" + std::to_string(problem.status) + ',';
    add_member(json, "detail", problem.detail);
    json += ",\"success\":false,";
    add_member(json, "error", problem.detail);
    json += ',';
    add_member(json, "code", problem.code);
    if (!problem.errors.empty()) {
        json += ",\"errors\":[";
        for (const auto& [field, message] : problem.errors) {
            if (json.back() != '[') json += ',';
            json += '{';
            add_member(json, "field", field);
            json += ',';
            add_member(json, "message", message);
            json += '}';
        }
        json += ']';
    }
    json += '}';
    response.headers = problem.headers;
    if (problem.retry_after_s > 0)
        response.headers.push_back({"Retry-After", std::to_string(problem.retry_after_s)});
    return response;
}

Response success(std::string_view message, std::string_view data_json, int status,
                 std::string_view pagination_json) {
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = "{\"success\":true,";
    add_member(response.body, "message", message);
    response.body += ",\"data\":";
    response.body += data_json;
    if (!pagination_json.empty()) {
        response.body += ",\"pagination\":";
        response.body += pagination_json;
    }
    response.body += '}';
    return response;
}

}  // namespace tandem::serve
