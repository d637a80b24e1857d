#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/serve.h"

/// The error codes of the API, and which of them a route may give for what it is.
namespace tandem::describe {

struct Refusal {
    int status = 0;
    std::string code;
};

/// The HTTP status of a code; 0: there is no such code.
int status_of(std::string_view code);

/// All that a route may answer instead of success, by status and code, each once. Throws
/// std::invalid_argument for a code that does not exist.
std::vector<Refusal> refusals_of(const serve::Route& route);

}  // namespace tandem::describe
