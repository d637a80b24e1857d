#include "exercise.h"

#include <cstddef>

#include "tandem/abi/auth.h"
#include "tandem/abi/channel.h"
#include "tandem/abi/reconcile.h"
#include "tandem/abi/responder.h"
#include "tandem/abi/voice.h"
#include "tandem/abi/webhook.h"
#include "tandem/host/webhook.hpp"

namespace tandem::check {
namespace {

constexpr unsigned char poison = 0xA5;
constexpr size_t growth = 64;

/// The memory of one call.
class Input {
public:
    explicit Input(const Shape& shape) : shape_(shape) {}

    template <typename Growable>
    Growable* make() {
        const size_t size = sizeof(Growable) + (shape_.grown ? growth : 0);
        char* at = memory_.place(size, alignof(Growable));
        std::memset(at, 0, sizeof(Growable));
        std::memset(at + sizeof(Growable), poison, size - sizeof(Growable));
        tails_.push_back({at + sizeof(Growable), size - sizeof(Growable)});
        const auto written = static_cast<uint32_t>(size);
        std::memcpy(at, &written, sizeof written);
        return reinterpret_cast<Growable*>(at);
    }

    tandem_view text(std::string_view bytes) { return host::view(memory_.keep(bytes)); }

    // Only as much memory as its size says: one byte more is a crash.
    tandem_error* error() {
        const uint32_t size = shape_.error_size;
        char* at = memory_.place(size, alignof(tandem_error));
        std::memset(at, 0, size);
        std::memcpy(at, &size, sizeof size);
        return reinterpret_cast<tandem_error*>(at);
    }

    // Whether the plugin wrote where a newer host keeps what it does not know.
    bool tails_touched() const {
        for (const std::string_view tail : tails_) {
            if (tail.find_first_not_of(static_cast<char>(poison)) != tail.npos) return true;
        }
        return false;
    }

    void forget() {
        tails_.clear();
        memory_.forget();
    }

private:
    const Shape shape_;
    std::vector<std::string_view> tails_;
    GuardedBytes memory_;
};

/// Calls and looks at what the plugin wrote into its error.
template <typename Function>
Called call(const Shape& shape, std::string name, Input& input, Function&& function) {
    Called called{std::move(name), {}, {}};
    tandem_error* error = input.error();
    try {
        called.outcome.status = function(error);
    } catch (...) {
        called.outcome.status = TANDEM_INTERNAL;
        called.fault = "an exception left the plugin";
    }
    constexpr size_t head = offsetof(tandem_error, text);
    if (shape.error_size > head && !called.outcome.ok()) {
        const size_t room = std::min<size_t>(shape.error_size - head, sizeof error->text);
        if (error->text_size > room) {
            called.fault = "error.text_size is " + std::to_string(error->text_size) + " of " +
                           std::to_string(room);
        } else {
            called.outcome.text = host::text({error->text, error->text_size});
        }
        if (error->code != called.outcome.status) {
            called.fault = "error.code and the status differ";
        }
    }
    if (input.tails_touched()) called.fault = "it wrote beyond the struct that it knows";
    if (error->size != shape.error_size) called.fault = "error.size was overwritten";
    input.forget();
    return called;
}

void taken_receipt(void*, const tandem_receipt*) {}
void taken_identity(void*, const tandem_identity*) {}
void taken_answer(void*, const tandem_webhook_answer*) {}
tandem_status taken_event(void*, const tandem_event*) {
    return TANDEM_OK;
}
tandem_status taken_text(void*, tandem_view) {
    return TANDEM_OK;
}
void taken_reason(void*, tandem_view) {}

tandem_webhook_request* request_in(Input& input, const host::WebhookRoute& route) {
    auto* request = input.make<tandem_webhook_request>();
    request->method = input.text(route.method);
    request->public_url = input.text("https://gateway.example/api/webhooks/checked/" + route.path);
    request->target = input.text("/api/webhooks/checked/" + route.path);
    request->path = input.text(route.path);
    request->body = input.text("From=%2B15550001111&To=%2B1555&Body=Hello%ZZ&{\"a\":[1,");
    request->received_at = 1'700'000'000'000;
    return request;
}

void webhook(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_WEBHOOK);
    if (!raw) return;
    const auto table = host::known_part<tandem_webhook>(raw);
    std::vector<host::WebhookRoute> routes;
    to.push_back({"routes", host::Webhook(instance.self(), raw).routes(routes), {}});
    for (const host::WebhookRoute& route : routes) {
        Input one(shape);
        to.push_back(call(shape, "verify " + route.path, one, [&](tandem_error* error) {
            return table.verify(instance.self(), request_in(one, route), error);
        }));
        Input two(shape);
        to.push_back(call(shape, "normalise " + route.path, two, [&](tandem_error* error) {
            auto* sink = two.make<tandem_webhook_sink>();
            sink->event = taken_event;
            sink->answer = taken_answer;
            return table.normalise(instance.self(), request_in(two, route), sink, error);
        }));
        Input three(shape);
        to.push_back(call(shape, "render_context " + route.path, three, [&](tandem_error* error) {
            auto* sink = three.make<tandem_webhook_sink>();
            sink->event = taken_event;
            sink->answer = taken_answer;
            const tandem_pair variable{three.text("customer_name"), three.text("Zo\xC3\xAB")};
            return table.render_context(instance.self(), request_in(three, route), &variable, 1,
                                        sink, error);
        }));
    }
}

void channel(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_CHANNEL);
    if (!raw) return;
    const auto table = host::known_part<tandem_channel>(raw);
    Input one(shape);
    to.push_back(call(shape, "send", one, [&](tandem_error* error) {
        auto* message = one.make<tandem_outbound_message>();
        message->deadline_ms = 2000;
        message->message_id = one.text("0190f0c0-0000-7000-8000-000000000001");
        message->from = one.text("+15550000000");
        message->to = one.text("+15550001111");
        message->text = one.text("Hello");
        auto* sink = one.make<tandem_receipt_sink>();
        sink->receipt = taken_receipt;
        return table.send(instance.self(), message, sink, error);
    }));
    Input two(shape);
    to.push_back(call(shape, "limits", two, [&](tandem_error*) {
        table.limits(instance.self(), two.make<tandem_channel_limits>());
        return TANDEM_OK;
    }));
    if (!table.look_up) return;
    Input three(shape);
    to.push_back(call(shape, "look_up", three, [&](tandem_error* error) {
        auto* message = three.make<tandem_outbound_message>();
        message->deadline_ms = 2000;
        message->message_id = three.text("0190f0c0-0000-7000-8000-000000000001");
        message->from = three.text("+15550000000");
        message->to = three.text("+15550001111");
        message->text = three.text("Hello");
        auto* sink = three.make<tandem_receipt_sink>();
        sink->receipt = taken_receipt;
        return table.look_up(instance.self(), message, 1'700'000'000'000, sink, error);
    }));
}

void voice(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_VOICE);
    if (!raw) return;
    const auto table = host::known_part<tandem_voice>(raw);
    Input one(shape);
    to.push_back(call(shape, "start_call", one, [&](tandem_error* error) {
        auto* started = one.make<tandem_outbound_call>();
        started->deadline_ms = 2000;
        started->call_id = one.text("0190f0c0-0000-7000-8000-000000000002");
        started->from = one.text("+15550000000");
        started->to = one.text("+15550001111");
        auto* sink = one.make<tandem_receipt_sink>();
        sink->receipt = taken_receipt;
        return table.start_call(instance.self(), started, sink, error);
    }));
    Input two(shape);
    to.push_back(call(shape, "hang_up", two, [&](tandem_error* error) {
        return table.hang_up(instance.self(), two.text("unknown-call"), error);
    }));
    Input three(shape);
    to.push_back(call(shape, "transfer", three, [&](tandem_error* error) {
        return table.transfer(instance.self(), three.text("unknown-call"),
                              three.text("+15550002222"), error);
    }));
    if (!table.look_up) return;
    Input four(shape);
    to.push_back(call(shape, "look_up", four, [&](tandem_error* error) {
        auto* asked = four.make<tandem_outbound_call>();
        asked->deadline_ms = 2000;
        asked->call_id = four.text("0190f0c0-0000-7000-8000-000000000002");
        asked->from = four.text("+15550000000");
        asked->to = four.text("+15550001111");
        auto* sink = four.make<tandem_receipt_sink>();
        sink->receipt = taken_receipt;
        return table.look_up(instance.self(), asked, 1'700'000'000'000, sink, error);
    }));
}

void reconcile(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_RECONCILE);
    if (!raw) return;
    const auto table = host::known_part<tandem_reconcile>(raw);
    Input one(shape);
    to.push_back(call(shape, "missed", one, [&](tandem_error* error) {
        const tandem_view number = one.text("+15550000000");
        auto* query = one.make<tandem_missed_query>();
        query->deadline_ms = 2000;
        query->business_numbers = &number;
        query->business_number_count = 1;
        query->since = 1'700'000'000'000;
        auto* sink = one.make<tandem_missed_sink>();
        sink->known = [](void*, tandem_view) -> uint32_t { return 0; };
        sink->event = taken_event;
        sink->complete_until = [](void*, tandem_time) {};
        return table.missed(instance.self(), query, sink, error);
    }));
    if (!table.call) return;
    Input two(shape);
    to.push_back(call(shape, "call", two, [&](tandem_error* error) {
        auto* sink = two.make<tandem_event_sink>();
        sink->event = taken_event;
        return table.call(instance.self(), two.text("unknown-call"), 2000, sink, error);
    }));
}

void responder(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_RESPONDER);
    if (!raw) return;
    const auto table = host::known_part<tandem_responder>(raw);
    Input one(shape);
    to.push_back(call(shape, "respond", one, [&](tandem_error* error) {
        auto* turn = one.make<tandem_turn>();
        turn->deadline_ms = 2000;
        turn->turn_id = one.text("0190f0c0-0000-7000-8000-000000000003");
        turn->customer = one.text("+15550001111");
        turn->text = one.text("Hello");
        auto* sink = one.make<tandem_reply_sink>();
        sink->text = taken_text;
        sink->needs_human = taken_reason;
        return table.respond(instance.self(), turn, sink, error);
    }));
}

void auth(host::Instance& instance, const Shape& shape, std::vector<Called>& to) {
    const void* raw = instance.extension(TANDEM_AUTH);
    if (!raw) return;
    const auto table = host::known_part<tandem_auth>(raw);
    for (const char* token : {"", "garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."}) {
        Input one(shape);
        to.push_back(call(shape, "authenticate", one, [&](tandem_error* error) {
            auto* sink = one.make<tandem_identity_sink>();
            sink->identity = taken_identity;
            return table.authenticate(instance.self(), one.text(token), 1'700'000'000'000, sink,
                                      error);
        }));
    }
}

}  // namespace

std::vector<Called> exercise(Check&, host::Instance& instance, const Shape& shape) {
    std::vector<Called> all;
    webhook(instance, shape, all);
    channel(instance, shape, all);
    voice(instance, shape, all);
    reconcile(instance, shape, all);
    responder(instance, shape, all);
    auth(instance, shape, all);
    return all;
}

Called create_without_options(Check& check, const Shape& shape, bool services) {
    const tandem_descriptor& descriptor = check.descriptor();
    // Lives as long as the check: an instance that was made keeps the pointer.
    static auto& input = *new Input(shape);
    auto* table = input.make<tandem_host>();
    table->abi_minor = TANDEM_ABI_MINOR;
    static bool offered = services;
    table->service = [](void*, tandem_view id) -> const void* {
        static const tandem_host_config config = [] {
            auto made = host::sized<tandem_host_config>();
            made.text = [](void*, tandem_view, tandem_view*) { return TANDEM_NOT_FOUND; };
            made.integer = [](void*, tandem_view, int64_t*) { return TANDEM_NOT_FOUND; };
            made.yes_no = [](void*, tandem_view, int32_t*) { return TANDEM_NOT_FOUND; };
            made.text_at = [](void*, tandem_view, size_t, tandem_view*) {
                return TANDEM_NOT_FOUND;
            };
            return made;
        }();
        return offered && host::bytes(id) == TANDEM_HOST_CONFIG ? &config : nullptr;
    };
    const tandem_instance* made = nullptr;
    Input call_input(shape);
    Called called = call(shape, "create", call_input, [&](tandem_error* error) {
        return descriptor.create(table, call_input.text("checked"), &made, error);
    });
    if (called.outcome.ok() && made) descriptor.destroy(made);
    return called;
}

}  // namespace tandem::check
