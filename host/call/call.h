#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "deliver/deliver.h"
#include "domain/conversation.h"

/// Calls to a customer, and the records of all calls.
namespace tandem::call {

struct OutboundCall {
    std::string call_id;
    std::string from;
    std::string to;
    std::vector<std::pair<std::string, std::string>> variables;
    Milliseconds deadline{30000};
    unsigned ring_s = 0;  // 0: the provider's own
};

/// A provider instance that makes calls. Safe from any thread; all functions block.
class Voice {
public:
    virtual ~Voice() = default;
    virtual const std::string& instance() const = 0;
    /// The receipt's provider_id is the voice provider's conversation, its line_id the line.
    virtual deliver::Receipt start_call(const OutboundCall& call) = 0;
    /// What became of a start of unknown outcome; as deliver::Channel::look_up.
    virtual deliver::Receipt look_up(const OutboundCall& /*call*/, Time /*begun_at*/) {
        return {};  // Unknown: nobody can be asked
    }
    virtual Result<void> hang_up(const std::string& provider_call_id) = 0;
    virtual Result<void> transfer(const std::string& provider_call_id, const std::string& to) = 0;
};

/// Since when a provider may have a call that we place (epoch zero: not known); nothing: it was
/// not asked yet, certainly has it not, or the call is over.
std::optional<Time> begun_at(const domain::Call& call);

}  // namespace tandem::call
