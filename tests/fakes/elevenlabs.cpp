#include "fakes/elevenlabs.h"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace tandem::fakes {

ElevenLabs::ElevenLabs(Account account) : account_(std::move(account)) {}

void ElevenLabs::calls_back(Gateway& gateway, Script& script) {
    gateway_ = &gateway;
    script_ = &script;
}

void ElevenLabs::sign(Webhook& webhook) const {
    if (webhook.kind == "initiation") return;  // known by its secret alone
    const std::string time = std::to_string(now());
    webhook.headers.emplace_back(
        "ElevenLabs-Signature",
        "t=" + time +
            ",v0=" + hex(hmac("SHA256", account_.post_call_secret, time + "." + webhook.body)));
}

std::string ElevenLabs::new_id(const char* prefix) {
    const std::lock_guard lock(mutex_);
    static const unsigned long long run =
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    char text[48];
    std::snprintf(text, sizeof text, "%s%016llx%016lx", prefix, run,
                  next_id_++ * 0x9e3779b97f4a7c15ul);
    return text;
}

std::string ElevenLabs::endpoint(const Request& request) const {
    const auto path = request.below("/v1/convai/");
    if (!path) return {};
    if (request.method == "POST") return *path == "twilio/outbound-call" ? "outbound" : "";
    if (request.method != "GET") return {};
    if (*path == "conversation/get-signed-url" || *path == "conversation/get_signed_url")
        return "signed_url";
    if (*path == "conversation") return "socket";
    if (*path == "conversations") return "conversations.list";
    if (*path == "phone-numbers") return "phone_numbers";
    if (path->rfind("conversations/", 0) == 0 && path->find('/', 14) == std::string::npos)
        return "conversations.get";
    return {};
}

Json ElevenLabs::fields(const Request& request) const {
    Json fields = Json::parse(request.body, nullptr, false);
    if (!fields.is_object()) fields = Json::object();
    for (const auto& [name, value] : request.query)
        if (name != "ticket") fields[name] = value;
    return fields;
}

Answer ElevenLabs::error(int status, int, const std::string& text) const {
    static const std::vector<std::tuple<int, const char*, const char*>> kinds{
        {400, "validation_error", "invalid_parameters"},
        {401, "authentication_error", "invalid_api_key"},
        {402, "payment_required", "insufficient_credits"},
        {403, "authorization_error", "insufficient_permissions"},
        {404, "not_found", "conversation_not_found"},
        {409, "conflict", "already_running"},
        {429, "rate_limit_error", "concurrent_limit_exceeded"},
        {503, "service_unavailable", "maintenance"}};
    std::string type = "internal_error", code = "internal_error";
    for (const auto& [known, own_type, own_code] : kinds)
        if (known == status) std::tie(type, code) = std::tuple(own_type, own_code);
    return {status,
            Json{{"detail",
                  {{"type", type},
                   {"code", code},
                   {"message", text},
                   {"status", code},
                   {"request_id", "req_of_a_test"}}}}
                .dump(),
            "application/json",
            {}};
}

void ElevenLabs::invalid(const std::vector<std::string>& place, const std::string& text) const {
    std::vector<std::string> location{"body"};
    location.insert(location.end(), place.begin(), place.end());
    throw Refusal{
        {422,
         Json{{"detail", {{{"loc", location}, {"msg", text}, {"type", "value_error"}}}}}.dump(),
         "application/json",
         {}},
        text};
}

void ElevenLabs::check(const std::string& endpoint, const Request& request) {
    if (endpoint == "socket") {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, value] : request.query) {
            const auto ticket = std::find(tickets_.begin(), tickets_.end(), value);
            if (name != "ticket" || ticket == tickets_.end()) continue;
            tickets_.erase(ticket);
            return;
        }
        throw Refusal{error(403, 0, "no signed URL"), "a socket without a fresh signed URL"};
    }
    const std::string key = request.header("xi-api-key");
    if (key != account_.api_key)
        throw Refusal{error(401, 0, "Invalid API key"),
                      key.empty() ? "no xi-api-key" : "a wrong xi-api-key"};
    if (endpoint == "outbound") {
        if (request.header("Content-Type").rfind("application/json", 0) != 0)
            throw Refusal{error(400, 0, "no JSON"), "a body that is not application/json"};
        const Json body = Json::parse(request.body, nullptr, false);
        if (!body.is_object()) invalid({}, "the body is no JSON object");
        return check_outbound(body);
    }
    if (!request.body.empty()) throw Refusal{error(400, 0, "a body"), "a GET with a body"};
    if (endpoint == "conversations.list") return check_list(request.query);
    for (const auto& [name, value] : request.query) {
        const bool known = endpoint == "signed_url"
                               ? name == "agent_id" || name == "include_conversation_id" ||
                                     name == "branch_id" || name == "environment"
                               : name == "format" && value == "json";
        if (!known) throw Refusal{error(400, 0, "no " + name), "no parameter " + name};
        if (name == "agent_id" && value != account_.agent_id)
            throw Refusal{error(404, 0, "no such agent"), "the agent of somebody else"};
    }
    if (endpoint == "signed_url" && request.query.empty()) invalid({"agent_id"}, "Field required");
    if (endpoint == "conversations.get") {
        const std::lock_guard lock(mutex_);
        if (!find(request.path.substr(request.path.rfind('/') + 1)))
            throw Refusal{error(404, 0, "no such conversation"), ""};
    }
}

Provider::Done ElevenLabs::carry_out(const std::string& endpoint, const Request& request) {
    Json json;
    if (endpoint == "outbound") return call_out(Json::parse(request.body));
    if (endpoint == "signed_url") {
        const std::string ticket = new_id("cvtkn_");
        const std::lock_guard lock(mutex_);
        tickets_.push_back(ticket);
        json = {{"signed_url", "ws://" + request.header("Host") +
                                   "/v1/convai/conversation?agent_id=" + account_.agent_id +
                                   "&ticket=" + ticket}};
        return {{200, json.dump(), "application/json", {}}, ""};
    }
    const std::lock_guard lock(mutex_);
    if (endpoint == "conversations.list") json = list(request.query);
    if (endpoint == "conversations.get")
        json = detail(*find(request.path.substr(request.path.rfind('/') + 1)));
    if (endpoint == "phone_numbers")
        json = Json::array(
            {{{"phone_number", account_.phone_number},
              {"label", "the shop"},
              {"phone_number_id", account_.phone_number_id},
              {"provider", "twilio"},
              {"assigned_agent", {{"agent_id", account_.agent_id}, {"agent_name", "Shop"}}},
              {"supports_inbound", true},
              {"supports_outbound", true}}});
    return {{200, json.dump(), "application/json", {}}, ""};
}

ElevenLabs::Conversation* ElevenLabs::find(const std::string& id) {
    for (Conversation& conversation : conversations_)
        if (conversation.id == id) return &conversation;
    return nullptr;
}

ElevenLabs::Agent ElevenLabs::agent() const {
    const std::lock_guard lock(mutex_);
    return agent_;
}

Json ElevenLabs::next_reply() {
    const std::lock_guard lock(mutex_);
    if (replies_.empty()) return Json::object();
    const Json reply = replies_.front();
    replies_.pop_front();
    return reply;
}

void ElevenLabs::await_replies(int seconds) {
    std::unique_lock lock(mutex_);
    released_.wait_for(lock, std::chrono::seconds(seconds), [&] { return !replies_held_; });
}

void ElevenLabs::keep(const Conversation& conversation) {
    const std::lock_guard lock(mutex_);
    if (Conversation* known = find(conversation.id))
        *known = conversation;
    else
        conversations_.push_back(conversation);
}

Json ElevenLabs::order(const std::string& name, const Json& body) {
    if (name == "ring") return ring(body);
    if (name == "begin_call") return begin_call(body);
    if (name == "finish") return finish(body);
    if (name == "failed") return failed(body);
    if (name == "event")
        return event(body.at("type"), body.value("data", Json::object()), body.value("post", true));
    const std::lock_guard lock(mutex_);
    Json done = Json::object();
    if (name == "reply") {
        replies_.push_back(body);
    } else if (name == "hold_replies") {
        replies_held_ = body.value("held", true);
        released_.notify_all();
    } else if (name == "agent") {
        agent_.first_message = body.value("first_message", agent_.first_message);
        agent_.first_message_after_ms = body.value("first_message_after_ms", 0);
        agent_.metadata = body.value("metadata", true);
        agent_.post_call = body.value("post_call", false);
        agent_.variables = body.value("variables", agent_.variables);
    } else if (name == "conversations") {
        done = Json::array();
        for (const Conversation& conversation : conversations_) {
            done.push_back(detail(conversation));
            done.back()["closed_with"] = conversation.closed_with;
        }
    } else {
        throw std::runtime_error("no such order: " + name);
    }
    return done;
}

}  // namespace tandem::fakes
