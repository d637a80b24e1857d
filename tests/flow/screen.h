#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flow/event_source.h"
#include "flow/gateway.h"

namespace tandem::flow {

/// What an agent of the bike store can see, read through the front door. It may be read
/// again after the gateway was restarted. Confined to one thread.
class Screen {
public:
    explicit Screen(Gateway& gateway);

    /// The conversation with this number, as `conversation_history` shows it.
    nlohmann::json history(const std::string& phone);
    /// Its messages by this author: `user`, `agent`, `human_agent` or `system`.
    std::vector<nlohmann::json> messages(const std::string& phone, const std::string& sent_by);
    /// The status of the only message by the AI; empty while there is none, `several` when
    /// there are more.
    std::string answer_status(const std::string& phone);
    /// Everything that the organisation's screens were ever told, in order.
    std::vector<nlohmann::json> journal();
    Headers bearer() const { return {{"Authorization", "Bearer " + token_}}; }

private:
    Gateway& gateway_;
    std::string token_;
};

}  // namespace tandem::flow
