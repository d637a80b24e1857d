#include "describe/codes.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace tandem::describe {

namespace {

using Codes = std::vector<std::string_view>;

// Broken HTTP has codes of its own; no operation gives them.
constexpr std::array<std::pair<std::string_view, int>, 32> codes{{
    {"VALIDATION_FAILED", 400},
    {"INVALID_PHONE_NUMBER", 400},
    {"MISSING_PHONE_NUMBER", 400},
    {"MESSAGE_TOO_LONG", 400},
    {"NOT_UNDER_HUMAN_CONTROL", 400},
    {"MISSING_TOKEN", 401},
    {"INVALID_TOKEN", 401},
    {"TOKEN_EXPIRED", 401},
    {"PERMISSION_DENIED", 403},
    {"ORGANIZATION_ACCESS_DENIED", 403},
    {"INVALID_SIGNATURE", 403},
    {"NOT_FOUND", 404},
    {"METHOD_NOT_ALLOWED", 405},
    {"ALREADY_UNDER_HUMAN_CONTROL", 409},
    {"UNDER_HUMAN_CONTROL", 409},
    {"OPTED_OUT", 409},
    {"LEAD_EXISTS", 409},
    {"OUTBOX_BUSY", 409},
    {"REVOCATIONS_FULL", 409},
    {"IDEMPOTENCY_IN_PROGRESS", 409},
    {"PAYLOAD_TOO_LARGE", 413},
    {"UNSUPPORTED_MEDIA_TYPE", 415},
    {"IDEMPOTENCY_KEY_REUSED", 422},
    {"NUMBER_NOT_ALLOWED", 422},
    {"RATE_LIMITED", 429},
    {"INTERNAL_ERROR", 500},
    {"NOT_IMPLEMENTED", 501},
    {"PROVIDER_FAILED", 502},
    {"STORAGE_UNAVAILABLE", 503},
    {"SHUTTING_DOWN", 503},
    {"OVERLOADED", 503},
    {"NOT_READY", 503},
}};

Codes of_access(serve::Access access) {
    switch (access) {
        case serve::Access::Open: return {"OVERLOADED"};
        case serve::Access::Webhook:
            return {"INVALID_SIGNATURE",   "NOT_FOUND",  "VALIDATION_FAILED", "RATE_LIMITED",
                    "STORAGE_UNAVAILABLE", "OVERLOADED", "INTERNAL_ERROR"};
        case serve::Access::Metrics:
            return {"MISSING_TOKEN", "INVALID_TOKEN", "TOKEN_EXPIRED", "PERMISSION_DENIED",
                    "OVERLOADED"};
        case serve::Access::Bearer:
        case serve::Access::Stream: break;
    }
    return {"MISSING_TOKEN",     "INVALID_TOKEN",       "TOKEN_EXPIRED",
            "PERMISSION_DENIED", "RATE_LIMITED",        "ORGANIZATION_ACCESS_DENIED",
            "INTERNAL_ERROR",    "STORAGE_UNAVAILABLE", "OVERLOADED"};
}

void add(std::vector<Refusal>& all, std::string_view code) {
    const int status = status_of(code);
    if (status == 0) throw std::invalid_argument("there is no error code " + std::string(code));
    all.push_back({status, std::string(code)});
}

}  // namespace

int status_of(std::string_view code) {
    for (const auto& [known, status] : codes)
        if (known == code) return status;
    return 0;
}

std::vector<Refusal> refusals_of(const serve::Route& route) {
    const serve::Described& said = route.described;
    std::vector<Refusal> all;
    for (const std::string_view code : of_access(route.access)) add(all, code);
    for (const std::string& code : said.errors) add(all, code);
    if (!route.while_draining) add(all, "SHUTTING_DOWN");
    if (route.body_limit > 0) add(all, "PAYLOAD_TOO_LARGE");
    if (route.reads_json || !said.body_type.empty()) add(all, "UNSUPPORTED_MEDIA_TYPE");
    if (!said.body.empty() || !said.query.empty()) add(all, "VALIDATION_FAILED");
    if (said.idempotency_key)
        for (const std::string_view code : {"VALIDATION_FAILED", "IDEMPOTENCY_IN_PROGRESS",
                                            "IDEMPOTENCY_KEY_REUSED", "NOT_IMPLEMENTED"})
            add(all, code);
    // A stream that the caller would not take is refused under the contract's code.
    if (route.access == serve::Access::Stream) all.push_back({406, "VALIDATION_FAILED"});
    const auto key = [](const Refusal& one) { return std::tie(one.status, one.code); };
    std::sort(all.begin(), all.end(),
              [&](const Refusal& a, const Refusal& b) { return key(a) < key(b); });
    all.erase(std::unique(all.begin(), all.end(),
                          [&](const Refusal& a, const Refusal& b) { return key(a) == key(b); }),
              all.end());
    return all;
}

}  // namespace tandem::describe
