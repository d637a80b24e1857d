#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/serve.h"

/// The fourth port of serve: how a handler says no in the middle of its work, and reads what
/// stands in a query.
namespace tandem::serve {

/// Thrown within a handler; the room's door turns it into the answer.
struct Refused {
    Problem problem;
};

[[noreturn]] void refuse(int status, const char* code, std::string detail);
/// VALIDATION_FAILED, or another code of 400, that names one field: `field what.`
[[noreturn]] void refuse_field(std::string_view field, std::string_view what,
                               const char* code = "VALIDATION_FAILED");
/// 503 STORAGE_UNAVAILABLE: the store did not answer; why is for the log.
[[noreturn]] void refuse_without_storage();

/// The page sizes of the contract.
constexpr unsigned default_limit = 50;
constexpr unsigned max_limit = 200;

/// An integer of the query from 1 to `most`; refused when it is none.
unsigned query_number(const Request& request, std::string_view name, unsigned otherwise,
                      unsigned most);
/// `true` or `false`; nothing when it is not there; refused otherwise.
std::optional<bool> query_yes_no(const Request& request, std::string_view name);

/// Runs a handler's work and answers what it gives, or what it refused.
template <typename Work>
void answer_with(Responder& responder, Work work) {
    try {
        responder.answer(work());
    } catch (const Refused& refused) {
        responder.answer(problem(refused.problem));
    }
}

}  // namespace tandem::serve
