#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tandem/host/services.hpp"
#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/reconcile.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

/// A plugin of the author's classes, and a host below it, that say what reached them.
namespace tandem {

/// What a call looked like to the plugin: its members in order, each in brackets.
inline std::string seen;

template <typename... Members>
void see(const Members&... members) {
    const auto one = [](const auto& member) {
        if constexpr (std::is_integral_v<std::decay_t<decltype(member)>>) {
            seen += "[" + std::to_string(member) + "]";
        } else {
            seen += "[" + std::string(member) + "]";
        }
    };
    seen.clear();
    (one(members), ...);
}

template <typename Known>
Known event_with_key(const std::string& key) {
    Known event;
    event.dedupe_key = key;
    event.business_address = "business " + key;
    event.customer_address = "customer " + key;
    event.happened_at = 4711;
    return event;
}

/// Says what it was given, and gives what the tests expect.
class Mirror : public plugin::Plugin,
               public plugin::Webhook,
               public plugin::Channel,
               public plugin::Voice,
               public plugin::Responder,
               public plugin::Reconcile,
               public plugin::Auth {
public:
    explicit Mirror(plugin::Host host) : host_(std::move(host)) {}
    static plugin::Description describe() { return {}; }

    void start() override {
        const plugin::HttpResult result =
            host_.http().send({"PUT", "url", {{"n", "v"}}, "request body", 55});
        see(host_.instance_name(), host_.config().text("text"), host_.config().integer("number"),
            host_.config().yes_no("switch"), host_.config().text_list("many").at(1),
            host_.config().find_text("none").value_or("nothing"), host_.clock().now(),
            host_.clock().monotonic_ms(), result.status, result.body,
            result.header("answered").value_or(""));
        host_.log().warn("a line", {{"name", "value"}});
    }

    std::vector<plugin::Route> routes() override {
        return {plugin::Route{"POST", "a"}, plugin::Route{"GET", "b", true}};
    }
    void verify(const plugin::WebhookRequest& request) override {
        see(request.method, request.public_url, request.target, request.path, request.body,
            request.received_at, request.headers.at(1).name, request.headers.at(1).value);
        throw plugin::Failure(TANDEM_UNAUTHORIZED, "forged", 3);
    }
    void normalise(const plugin::WebhookRequest&, plugin::WebhookSink& sink) override {
        auto message = event_with_key<plugin::MessageReceived>("received");
        message.provider_id = "provider id";
        message.text = "text";
        message.media = {{"url 1", "type 1"}, {"url 2", "type 2"}};
        message.sender_name = "sender";
        message.opt = plugin::Opt::Start;
        sink.event(message);
        auto status = event_with_key<plugin::MessageStatus>("status");
        status.provider_id = "provider id";
        status.message_id = "message id";
        status.delivery = plugin::Delivery::Read;
        status.provider_word = "word";
        status.error_code = "code";
        status.error_text = "error";
        sink.event(status);
        auto started = event_with_key<plugin::CallStarted>("started");
        started.call_id = "call";
        started.conversation_id = "conversation";
        started.direction = plugin::Direction::Outbound;
        started.asks_context = true;
        started.our_call_id = "ours";
        sink.event(started);
        auto ended = event_with_key<plugin::CallEnded>("ended");
        ended.call_id = "call";
        ended.conversation_id = "conversation";
        ended.direction = plugin::Direction::Outbound;
        ended.outcome = plugin::CallOutcome::Failure;
        ended.duration_s = 12;
        ended.failure_reason = "reason";
        ended.summary = "summary";
        ended.analysis_json = "{\"a\":1}";
        ended.turns = {{plugin::Speaker::Ai, 1, "one"}, {plugin::Speaker::Human, 2, "two"}};
        ended.our_call_id = "ours too";
        sink.event(ended);
        auto line = event_with_key<plugin::CallStatus>("line");
        line.call_id = "call";
        line.line = plugin::Line::NoAnswer;
        line.duration_s = 7;
        line.provider_word = "no-answer";
        line.error_code = "13224";
        sink.event(line);
        sink.answer({202, "type", "body"});
    }
    void render_context(const plugin::WebhookRequest&, const std::vector<plugin::Field>& variables,
                        plugin::WebhookSink& sink) override {
        see(variables.at(0).name, variables.at(0).value);
        sink.answer({200, "type", "rendered"});
    }
    plugin::Receipt send(const plugin::OutboundMessage& message) override {
        see(message.deadline_ms, message.message_id, message.from, message.to, message.text,
            message.status_url);
        plugin::Receipt receipt = plugin::Receipt::refused("code", "error");
        receipt.provider_id = "provider id";
        receipt.retry_after_ms = 66;
        receipt.opted_out = true;
        receipt.account_refused = true;
        receipt.line_id = "line";
        receipt.segments = 3;
        return receipt;
    }
    plugin::Receipt look_up(const plugin::OutboundMessage& message, tandem_time begun_at) override {
        see(message.message_id, message.to, begun_at);
        return plugin::Receipt::accepted("found");
    }
    std::uint32_t max_text_units() override { return 321; }
    plugin::Receipt start_call(const plugin::OutboundCall& call) override {
        see(call.deadline_ms, call.call_id, call.from, call.to, call.variables.at(0).name,
            call.variables.at(0).value, call.ring_s);
        return plugin::Receipt::accepted("provider call");
    }
    void missed(const plugin::MissedQuery& query, plugin::MissedSink& sink) override {
        see(query.deadline_ms, query.business_numbers.at(1), query.since, sink.known("old"),
            sink.known("new"));
        auto message = event_with_key<plugin::MessageReceived>("first");
        if (!sink.event(message)) return;
        sink.event(event_with_key<plugin::MessageReceived>("second"));
        sink.complete_until(99);
    }
    void call(std::string_view conversation_id, std::uint32_t deadline_ms,
              plugin::EventSink& sink) override {
        see(conversation_id, deadline_ms);
        auto ended = event_with_key<plugin::CallEnded>("over");
        sink.event(ended);
    }
    void hang_up(std::string_view call) override { see(call); }
    void transfer(std::string_view call, std::string_view to) override { see(call, to); }
    void respond(const plugin::Turn& turn, plugin::ReplySink& sink) override {
        see(turn.deadline_ms, turn.turn_id, turn.customer, turn.text, turn.variables.at(0).name,
            turn.variables.at(0).value);
        sink.text("one ");
        sink.text("two");
        sink.needs_human("reason");
    }
    plugin::Identity authenticate(std::string_view token, tandem_time now) override {
        see(token, now);
        return {"subject", "organization", "name", "email", {"p", "q"}, 12, 34, "credential"};
    }

private:
    plugin::Host host_;
};

/// Says what it is told, and for how long it was waited for.
class Echo : public host::WebsocketConnection {
public:
    explicit Echo(std::vector<std::string>* closed) : closed_(closed) {}
    host::Outcome send(std::string_view text) override {
        if (text == "broken") return {TANDEM_UNAVAILABLE, "broken", 0};
        said_ = text;
        return {};
    }
    host::WebsocketReceived receive(uint32_t timeout_ms) override {
        if (timeout_ms == 0) return {{TANDEM_TIMEOUT, "nothing", 0}, {}, 0};
        if (timeout_ms == 1000) return {{TANDEM_CANCELLED, "later", 0}, {}, 1013};
        return {{}, said_ + " after " + std::to_string(timeout_ms), 0};
    }
    void close(uint32_t code) override { closed_->push_back(std::to_string(code)); }

private:
    std::vector<std::string>* closed_;
    std::string said_;
};

/// A host with fixed options that remembers what it is told.
class Remembering : public host::HostServices {
public:
    bool log_enabled(int32_t) override { return true; }
    void log(int32_t level, std::string_view text, const host::Pairs& pairs) override {
        line = std::to_string(level) + std::string(text) + pairs.at(0).first + pairs.at(0).second;
    }
    tandem_status text(std::string_view name, tandem_view& value) override {
        if (name != "text") return TANDEM_NOT_FOUND;
        value = host::view("words");
        return TANDEM_OK;
    }
    tandem_status integer(std::string_view, int64_t& value) override {
        value = -5;
        return TANDEM_OK;
    }
    tandem_status yes_no(std::string_view, bool& value) override {
        value = true;
        return TANDEM_OK;
    }
    tandem_status text_at(std::string_view, size_t index, tandem_view& value) override {
        if (index > 1) return TANDEM_NOT_FOUND;
        value = host::view(index == 0 ? "first" : "second");
        return TANDEM_OK;
    }
    tandem_time now() override { return 1000; }
    int64_t monotonic_ms() override { return 2000; }
    host::Outcome open_websocket(host::WebsocketRequest request,
                                 std::unique_ptr<host::WebsocketConnection>& to) override {
        if (request.headers.empty()) return {TANDEM_FORBIDDEN, "403", 0};
        asked = request.url + request.headers.at(0).first + request.headers.at(0).second +
                std::to_string(request.deadline_ms);
        to = std::make_unique<Echo>(line_of_closes);
        return {};
    }
    host::HttpResult send(host::HttpRequest request) override {
        asked = request.method + request.url + request.headers.at(0).first +
                request.headers.at(0).second + request.body + std::to_string(request.deadline_ms);
        host::HttpResult result;
        result.status = 207;
        result.headers = {{"Answered", "yes"}};
        result.body = "answer body";
        return result;
    }
    tandem_status emit(const tandem_event*) override { return TANDEM_OK; }

    std::string line, asked;
    std::vector<std::string>* line_of_closes = nullptr;
};

}  // namespace tandem
