#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flow/gateway.h"
#include "flow/http_client.h"
#include "flow/process.h"

namespace tandem::flow {

using Json = nlohmann::json;

/// Waits until this holds; false after `limit`.
bool await(const std::function<bool()>& condition,
           std::chrono::seconds limit = std::chrono::seconds(30));

/// A provider's program, started on a port of its own and ended by pid with its owner.
/// Confined to one thread.
class Fake {
public:
    explicit Fake(const std::vector<std::string>& program);

    const std::string& url() const { return url_; }
    /// Where its webhooks go.
    void calls(const Gateway& gateway, const std::string& instance);

    /// An order at its tests' door; throws with its reason where it refuses.
    Json order(const std::string& name, const Json& body = Json::object());
    /// How the next requests are answered; see `Mood` in tests/fakes/script.h.
    void mood(const Json& mood) { order("mood", mood); }
    void calm() { order("calm"); }
    /// What was received at this endpoint, at all of them when it is empty, with these fields.
    Json requests(const std::string& endpoint = "", const Json& match = Json::object());
    bool await_requests(const std::string& endpoint, size_t count,
                        std::chrono::seconds limit = std::chrono::seconds(30));
    /// Webhooks that were sent, with the answers they got.
    Json sent() { return order("sent"); }
    Json again(size_t number) { return order("again", {{"number", number}}); }
    /// The provider's rules that were broken, one a line; a test expects none.
    std::string violations();

private:
    Process process_;
    std::string url_;
    std::unique_ptr<HttpClient> client_;
};

class FakeTwilio : public Fake {
public:
    FakeTwilio();

    /// What was accepted for sending, in order.
    Json messages() { return order("messages"); }
    bool await_messages(size_t count, std::chrono::seconds limit = std::chrono::seconds(30));
    /// A customer's text; the webhook's answer and the `sid`.
    Json receive(const std::string& from, const std::string& body, const Json& more = {});
    Json status(const std::string& sid, const std::string& status);
};

class FakeElevenLabs : public Fake {
public:
    FakeElevenLabs();

    /// What the gateway needs to know of it: an item of `providers`.
    std::string settings() const;
    Json conversations() { return order("conversations"); }
    /// An inbound call up to the moment at which the agent speaks: `conversation_id`,
    /// `call_sid`, `status` and the `variables` that the gateway gave.
    Json ring(const std::string& caller, const Json& more = {});
    /// The end of a call, told by webhook; turns are `{role, message}`.
    Json finish(const std::string& conversation_id, const std::string& summary, const Json& turns,
                const Json& more = {});
};

}  // namespace tandem::flow
