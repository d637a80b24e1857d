#include "serve/refuse.h"

#include <charconv>
#include <utility>

namespace tandem::serve {

namespace {

// A restart of the store, or a burst, is over by then.
constexpr unsigned storage_retry_s = 2;

}  // namespace

void refuse(int status, const char* code, std::string detail) {
    Problem problem{status, code, std::move(detail)};
    if (status == 503) problem.retry_after_s = storage_retry_s;
    throw Refused{std::move(problem)};
}

void refuse_field(std::string_view field, std::string_view what, const char* code) {
    Problem problem{400, code, std::string(field) + ' ' + std::string(what) + '.'};
    problem.errors.emplace_back(field, what);
    throw Refused{std::move(problem)};
}

void refuse_without_storage() {
    refuse(503, "STORAGE_UNAVAILABLE", "The storage does not answer; try again soon.");
}

unsigned query_number(const Request& request, std::string_view name, unsigned otherwise,
                      unsigned most) {
    const std::optional<std::string> value = request.query(name);
    if (!value || value->empty()) return otherwise;
    unsigned found = 0;
    const char* last = value->data() + value->size();
    const auto [end, wrong] = std::from_chars(value->data(), last, found);
    if (wrong != std::errc() || end != last || found == 0 || found > most)
        refuse_field(name, "must be an integer from 1 to " + std::to_string(most));
    return found;
}

std::optional<bool> query_yes_no(const Request& request, std::string_view name) {
    const std::optional<std::string> value = request.query(name);
    if (!value || value->empty()) return std::nullopt;
    if (*value == "true") return true;
    if (*value == "false") return false;
    refuse_field(name, "must be true or false");
}

}  // namespace tandem::serve
