#pragma once

#include <string>

#include "operate/opened.h"

namespace tandem::operate {

/// A question to the gateway's API, as an organisation's admin.
struct Errand {
    std::string organization;
    std::string method;
    std::string pattern;  // of the route, with {id} where the id stands
    std::string id;
    std::string query;  // without the question mark
};

struct Reply {
    int status = 0;  // of HTTP
    std::string body;
};

/// Asks the running gateway over its control socket; where nobody listens there, answers
/// from the store itself, by the same routes. Unavailable: neither can be had.
Result<Reply> run_errand(const settings::Settings& settings, const Errand& errand);

}  // namespace tandem::operate
