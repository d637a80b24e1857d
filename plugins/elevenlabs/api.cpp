#include "api.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "json.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

constexpr std::int64_t longest_retry_after_s = 3600;
constexpr std::size_t max_problem_bytes = 300;
constexpr std::size_t max_code_bytes = 64;

std::string base_of(const Config& config) {
    std::string base = config.find_text("api_base_url").value_or("");
    if (base.empty()) base = "https://api.elevenlabs.io";
    while (base.back() == '/') base.pop_back();
    if (base.rfind("https://", 0) != 0 && base.rfind("http://", 0) != 0)
        throw Failure(TANDEM_INVALID,
                      "option api_base_url: must begin with https:// (http:// for tests)");
    return base;
}

std::string key_of(const Config& config) {
    std::string key = config.text("api_key");
    // A line break in it would end the header that carries it.
    const bool fits =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (key.empty() || !fits)
        throw Failure(TANDEM_INVALID, "option api_key: must be the key as ElevenLabs showed it");
    return key;
}

/// The first of a list of validation errors: {"loc": ["body", "to_number"], "msg": "…"}.
std::string validation_text(const Json& detail) {
    for (const Json& one : detail) {
        std::string place;
        const Json& location = member(one, "loc");
        for (const Json& step : location.is_array() ? location : Json::array()) {
            if (!step.is_string() || step == "body") continue;
            if (!place.empty()) place += '.';
            place += step.get<std::string>();
        }
        const std::string words = text_at(one, "msg", max_problem_bytes);
        if (!words.empty()) return place.empty() ? words : place + ": " + words;
    }
    return {};
}

/// Seconds since 1970 of an HTTP date, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::int64_t date_of(std::string_view text) {
    std::tm time{};
    const std::string copy(text);
    const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
    if (end == nullptr || *end != '\0') return 0;
    return timegm(&time);
}

}  // namespace

Api::Api(const Host& host)
    : host_(host), base_url_(base_of(host.config())), key_(key_of(host.config())) {}

HttpResult Api::get(const std::string& target, std::uint32_t deadline_ms) const {
    HttpRequest request;
    request.method = "GET";
    request.url = base_url_ + target;
    return send(std::move(request), deadline_ms);
}

HttpResult Api::post(const std::string& target, std::string body, std::uint32_t deadline_ms) const {
    HttpRequest request;
    request.method = "POST";
    request.url = base_url_ + target;
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    return send(std::move(request), deadline_ms);
}

HttpResult Api::send(HttpRequest request, std::uint32_t deadline_ms) const {
    request.headers.push_back({"Accept", "application/json"});
    request.headers.push_back({"xi-api-key", key_});
    if (deadline_ms > 0) request.deadline_ms = deadline_ms;
    return host_.http().send(request);
}

std::string query_encoded(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '.' ||
                           letter == '_' || letter == '~';
        if (plain)
            encoded.push_back(letter);
        else
            encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

Problem problem_of(const HttpResult& result) {
    Problem problem;
    std::string words;
    try {
        const Json answer = read_object(result.body, "the answer");
        const Json& detail = member(answer, "detail");
        if (detail.is_string()) words = text_at(answer, "detail", max_problem_bytes);
        if (detail.is_array()) words = validation_text(detail);
        if (detail.is_array()) problem.code = "validation_error";
        if (detail.is_object()) {
            words = text_at(detail, "message", max_problem_bytes);
            problem.code = text_at(detail, "code", max_code_bytes);
            if (problem.code.empty()) problem.code = text_at(detail, "status", max_code_bytes);
        }
    } catch (const Failure&) {
        // What a proxy in between answers is no JSON; the status is all that there is.
    }
    if (problem.code.empty()) problem.code = "http_" + std::to_string(result.status);
    problem.code = one_line(std::move(problem.code));
    problem.text = "ElevenLabs answered " + std::to_string(result.status);
    if (!words.empty()) problem.text += ": " + words;
    problem.text = one_line(std::move(problem.text));
    return problem;
}

void expect_success(const HttpResult& result, const std::string& what, tandem_time now) {
    if (!result.answered)
        throw Failure(TANDEM_UNAVAILABLE, what + ": " + result.error, result.retry_after_ms);
    if (result.status == 200) return;
    const std::string text = what + ": " + problem_of(result).text;
    switch (result.status) {
        case 401: throw Failure(TANDEM_UNAUTHORIZED, text);
        case 402:
        case 403: throw Failure(TANDEM_FORBIDDEN, text);
        case 404: throw Failure(TANDEM_NOT_FOUND, text);
        case 429: throw Failure(TANDEM_LIMITED, text, retry_after_ms(result, now));
        default: throw Failure(TANDEM_UNAVAILABLE, text, retry_after_ms(result, now));
    }
}

std::string one_line(std::string text) {
    for (char& letter : text)
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = ' ';
    text.resize(whole_characters(text, max_problem_bytes));
    return text;
}

std::uint32_t retry_after_ms(const HttpResult& result, tandem_time now) {
    const std::string_view text = result.header("Retry-After").value_or("");
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem != std::errc() || end != text.data() + text.size()) {
        const std::int64_t date = date_of(text);
        if (date == 0) return 0;
        seconds = date - now / 1000;
    }
    if (seconds < 0) return 0;
    return static_cast<std::uint32_t>(std::min(seconds, longest_retry_after_s)) * 1000;
}

}  // namespace tandem::elevenlabs
