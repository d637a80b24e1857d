#include <algorithm>
#include <chrono>

#include "limit/limit.h"

namespace tandem::limit {

namespace {

using std::chrono::seconds;

constexpr unsigned storage_retry_s = 2;

/// Up, so that whoever waits it out is never too early; never "at once".
unsigned in_seconds(Milliseconds time) {
    return static_cast<unsigned>(std::max<int64_t>(std::chrono::ceil<seconds>(time).count(), 1));
}

std::string quoted(std::string_view policy) {
    return '"' + std::string(policy) + '"';
}

std::string_view what_of(std::string_view policy) {
    if (policy == "messages") return "The organisation sends too many messages";
    if (policy == "messages-to-number") return "Too many messages go to this number";
    if (policy == "calls") return "The organisation starts too many calls";
    if (policy == "calls-to-number") return "This number is called too often";
    return "Too many requests";
}

}  // namespace

std::vector<serve::Header> rate_fields(const Verdict& verdict) {
    if (verdict.policy.empty() || !verdict.told) return {};
    const Milliseconds reset = verdict.passes ? verdict.full_in : verdict.retry_after;
    const std::string name = quoted(verdict.policy);
    return {{"RateLimit-Policy", name + ";q=" + std::to_string(verdict.per_minute) + ";w=60"},
            {"RateLimit", name + ";r=" + std::to_string(verdict.remaining) +
                              ";t=" + std::to_string(in_seconds(reset))}};
}

serve::Problem refusal(const Verdict& verdict) {
    const unsigned wait = in_seconds(verdict.retry_after);
    serve::Problem problem{429, "RATE_LIMITED",
                           std::string(what_of(verdict.policy)) + "; try again in " +
                               std::to_string(wait) + (wait == 1 ? " second." : " seconds.")};
    problem.retry_after_s = wait;
    problem.headers = rate_fields(verdict);
    return problem;
}

serve::Problem refusal(const Error& unspent) {
    if (unspent.code != Code::Limited) {
        serve::Problem problem{503, "STORAGE_UNAVAILABLE",
                               "The storage does not answer; try again soon."};
        problem.retry_after_s = storage_retry_s;
        return problem;
    }
    serve::Problem problem{429, "RATE_LIMITED", unspent.text + '.'};
    problem.retry_after_s = in_seconds(Milliseconds(unspent.retry_after_ms));
    return problem;
}

serve::Problem refusal_of_number(std::string_view objection, std::string_view field) {
    serve::Problem problem{422, "NUMBER_NOT_ALLOWED",
                           std::string(field) + ' ' + std::string(objection) + '.'};
    problem.errors.emplace_back(field, objection);
    return problem;
}

}  // namespace tandem::limit
