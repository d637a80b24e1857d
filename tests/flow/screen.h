#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flow/event_source.h"
#include "flow/gateway.h"

namespace tandem::flow {

/// An agent's inbox of the bike store: everything that its screens were ever told, from the
/// first event on. It comes back with its last id when the gateway was restarted, and throws
/// where an event came twice. Confined to one thread.
class Screen {
public:
    explicit Screen(Gateway& gateway);

    /// Takes what has come meanwhile; all events so far, in order.
    const std::vector<nlohmann::json>& events();
    std::vector<nlohmann::json> events(const std::string& type);
    bool await_events(const std::string& type, size_t count,
                      std::chrono::seconds limit = std::chrono::seconds(30));
    /// The status of the only message by the AI in this conversation, as it was told last;
    /// empty while there is none, `several` when there are more.
    std::string answer_status(const std::string& phone);

    /// The conversation with this number as a page that opens now would see it.
    nlohmann::json history(const std::string& phone);
    Headers bearer() const { return {{"Authorization", "Bearer " + token_}}; }

private:
    void open();
    void take(const StreamedEvent& event);

    Gateway& gateway_;
    const std::string token_, path_;
    std::unique_ptr<EventSource> inbox_;
    size_t taken_ = 0;      // of the inbox's events
    std::string position_;  // of the last event; empty: none came yet
    std::vector<nlohmann::json> events_;
    std::map<std::string, std::map<std::string, std::string>> answers_;  // phone, id, status
};

}  // namespace tandem::flow
