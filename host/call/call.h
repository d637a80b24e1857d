#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "deliver/deliver.h"

/// Calls to a customer, and the records of all calls.
namespace tandem::call {

struct OutboundCall {
    std::string call_id;
    std::string from;
    std::string to;
    std::vector<std::pair<std::string, std::string>> variables;
    Milliseconds deadline{30000};
};

/// A provider instance that makes calls. Safe from any thread; all functions block.
class Voice {
public:
    virtual ~Voice() = default;
    virtual const std::string& instance() const = 0;
    virtual deliver::Receipt start_call(const OutboundCall& call) = 0;
    virtual Result<void> hang_up(const std::string& provider_call_id) = 0;
    virtual Result<void> transfer(const std::string& provider_call_id, const std::string& to) = 0;
};

}  // namespace tandem::call
