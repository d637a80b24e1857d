#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

/// AI turns: what a customer wrote and no human answers is answered by the AI.
namespace tandem::reply {

struct Turn {
    std::string turn_id;
    std::string customer;
    std::string text;
    std::vector<std::pair<std::string, std::string>> variables;
    Milliseconds deadline{30000};
};

struct Answer {
    std::string text;         // may be empty when a human is asked for
    std::string needs_human;  // the reason; empty: not asked for
};

/// A provider instance that writes answers. Safe from any thread; `respond` blocks.
class TurnResponder {
public:
    virtual ~TurnResponder() = default;
    virtual const std::string& instance() const = 0;
    virtual Result<Answer> respond(const Turn& turn) = 0;
};

}  // namespace tandem::reply
