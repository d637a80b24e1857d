// A plugin that does what no plugin should, on demand: the input says which. It stands on
// the waist alone, so that the author's side cannot repair anything.
#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "tandem/abi/auth.h"
#include "tandem/abi/channel.h"
#include "tandem/abi/entry.h"
#include "tandem/abi/responder.h"
#include "tandem/abi/voice.h"
#include "tandem/abi/webhook.h"

namespace {

tandem_view view(const std::string& text) {
    return {text.data(), text.size()};
}
tandem_view literal(const char* text) {
    return {text, std::strlen(text)};
}
std::string text(tandem_view from) {
    return {from.data, from.size};
}

template <typename Growable>
Growable sized() {
    Growable made;
    std::memset(&made, 0, sizeof made);
    const auto size = static_cast<uint32_t>(sizeof made);
    std::memcpy(&made, &size, sizeof size);
    return made;
}

tandem_status fail(tandem_error* error, tandem_status status, const char* why) {
    error->code = status;
    error->text_size = static_cast<uint32_t>(std::strlen(why));
    std::memcpy(error->text, why, error->text_size);
    return status;
}

tandem_status routes(void*, const tandem_webhook_route_sink* sink, tandem_error*) {
    auto route = sized<tandem_webhook_route>();
    route.method = literal("POST");
    route.path = literal("in");
    sink->route(sink->context, &route);
    route.path = literal("inside");
    route.flags = TANDEM_ROUTE_INTERNAL;
    return sink->route(sink->context, &route);
}

tandem_status verify(void*, const tandem_webhook_request* request, tandem_error* error) {
    const std::string body = text(request->body);
    if (body == "throw") throw std::runtime_error("verify fell over");
    if (body == "pending") return TANDEM_PENDING;
    if (body == "silent") return TANDEM_UNAUTHORIZED;
    if (body == "strange") return -999;
    if (body == "forged") return fail(error, TANDEM_UNAUTHORIZED, "the signature differs");
    return TANDEM_OK;
}

void message(const tandem_webhook_sink* sink, const std::string& words) {
    auto event = sized<tandem_message_received>();
    event.event.kind = TANDEM_EVENT_MESSAGE_RECEIVED;
    event.event.dedupe_key = literal("key");
    event.event.business_address = literal("+15550000000");
    event.event.customer_address = literal("+15550001111");
    event.event.happened_at = words == "times" ? INT64_MAX : 1'700'000'000'123;
    event.text = view(words);
    event.opt = words == "stop" ? TANDEM_OPT_STOP : 77;
    auto picture = sized<tandem_media>();
    picture.url = literal("https://media.example/1");
    picture.content_type = literal("image/png");
    const tandem_media* const media[] = {&picture};
    event.media = media;
    event.media_count = 1;
    sink->event(sink->context, &event.event);
}

void status(const tandem_webhook_sink* sink, uint32_t delivery) {
    auto event = sized<tandem_message_status>();
    event.event.kind = TANDEM_EVENT_MESSAGE_STATUS;
    event.provider_id = literal("SM1");
    event.delivery = delivery;
    event.provider_word = literal("teleported");
    sink->event(sink->context, &event.event);
}

void call_ended(const tandem_webhook_sink* sink) {
    auto event = sized<tandem_call_ended>();
    event.event.kind = TANDEM_EVENT_CALL_ENDED;
    event.call_id = literal("CA1");
    event.direction = TANDEM_CALL_OUTBOUND;
    event.outcome = 99;
    auto one = sized<tandem_call_turn>();
    one.speaker = TANDEM_SPEAKER_AI;
    one.seconds = 3;
    one.text = literal("Hello");
    auto two = one;
    two.speaker = 42;
    const tandem_call_turn* const turns[] = {&one, &two};
    event.turns = turns;
    event.turn_count = 2;
    sink->event(sink->context, &event.event);
}

tandem_status normalise(void*, const tandem_webhook_request* request,
                        const tandem_webhook_sink* sink, tandem_error* error) {
    const std::string body = text(request->body);
    if (body == "throw") throw 42;
    if (body == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    if (body == "nonsense") return fail(error, TANDEM_INVALID, "the form makes no sense");
    if (body == "status") status(sink, TANDEM_DELIVERY_DELIVERED);
    if (body == "new word") status(sink, 1234);
    if (body == "call") call_ended(sink);
    if (body == "new kind") {
        auto event = sized<tandem_event>();
        event.kind = 5000;
        sink->event(sink->context, &event);
    }
    if (body == "old struct") {
        // As made by headers in which a message ended after its text.
        auto event = sized<tandem_message_received>();
        event.event.kind = TANDEM_EVENT_MESSAGE_RECEIVED;
        event.event.size = offsetof(tandem_message_received, media);
        event.text = literal("old");
        event.sender_name = {reinterpret_cast<const char*>(1), 1 << 20};
        event.media_count = 1 << 20;
        event.media = reinterpret_cast<const tandem_media* const*>(1);
        sink->event(sink->context, &event.event);
    }
    if (body == "flood") {
        for (int i = 0; i < 5000; ++i) message(sink, "again");
    }
    if (body.rfind("text:", 0) == 0) message(sink, body.substr(5));
    auto answer = sized<tandem_webhook_answer>();
    answer.status = body == "status 999" ? 999 : 200;
    answer.content_type = literal(body == "split" ? "text/plain\r\nSet-Cookie: a=b" : "text/xml");
    const std::string large(body == "huge" ? (2u << 20) : 0u, 'x');
    answer.body = body == "huge" ? view(large) : literal("<Response/>");
    sink->answer(sink->context, &answer);
    return TANDEM_OK;
}

tandem_status render_context(void*, const tandem_webhook_request*, const tandem_pair* variables,
                             size_t count, const tandem_webhook_sink* sink, tandem_error*) {
    std::string all;
    for (size_t i = 0; i < count; ++i) {
        all += text(variables[i].name) + "=" + text(variables[i].value) + ";";
    }
    auto answer = sized<tandem_webhook_answer>();
    answer.status = 200;
    answer.content_type = literal("text/plain");
    answer.body = view(all);
    sink->answer(sink->context, &answer);
    return TANDEM_OK;
}

std::atomic<int> inside{0};

tandem_status send(void*, const tandem_outbound_message* message, const tandem_receipt_sink* sink,
                   tandem_error* error) {
    const std::string words = text(message->text);
    if (words == "throw") throw std::runtime_error("send fell over");
    if (words == "fail") return fail(error, TANDEM_UNAVAILABLE, "the provider is gone");
    if (words == "silence") return TANDEM_OK;
    auto receipt = sized<tandem_receipt>();
    receipt.outcome = words == "new outcome" ? 50 : TANDEM_SEND_ACCEPTED;
    if (words != "no id") receipt.provider_id = literal("SM1");
    if (words == "refused") {
        receipt.outcome = TANDEM_SEND_REFUSED;
        receipt.error_code = literal("21610");
        receipt.opted_out = 1;
    }
    if (words == "later") {
        receipt.outcome = TANDEM_SEND_NOT_SENT;
        receipt.retry_after_ms = 4'000'000'000u;
    }
    if (words == "together") {
        // Two callers at once would see each other here.
        const int others = inside++;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (others > 0 || inside > 1) receipt.outcome = TANDEM_SEND_REFUSED;
        --inside;
    }
    receipt.delivery = TANDEM_DELIVERY_QUEUED;
    sink->receipt(sink->context, &receipt);
    if (words == "twice") sink->receipt(sink->context, &receipt);
    return TANDEM_OK;
}

void limits(void*, tandem_channel_limits*) {}

tandem_status authenticate(void* self, tandem_view token, tandem_time,
                           const tandem_identity_sink* sink, tandem_error* error) {
    static bool away = false;
    const std::string words = text(token);
    if (words == "be away" || words == "be back") away = words == "be away";
    if (words.empty() && away) return fail(error, TANDEM_UNAVAILABLE, "the issuer is away");
    if (words == "other scheme") return fail(error, TANDEM_UNSUPPORTED, "no token of mine");
    if (words == "wrong") return fail(error, TANDEM_UNAUTHORIZED, "the signature differs");
    if (words == "nobody") return TANDEM_OK;
    const std::string itself = "instance-" + std::to_string(reinterpret_cast<uintptr_t>(self));
    auto identity = sized<tandem_identity>();
    identity.subject = words == "which one" ? view(itself) : literal("agent-1");
    identity.organization = words == "homeless" ? literal("") : literal("org-1");
    const tandem_view permissions[] = {literal("conversations:read")};
    identity.permissions = permissions;
    identity.permission_count = 1;
    identity.expires_at = words == "for ever" ? 0 : 1'800'000'000'000;
    sink->identity(sink->context, &identity);
    if (words == "two people") sink->identity(sink->context, &identity);
    return TANDEM_OK;
}

tandem_status respond(void*, const tandem_turn* turn, const tandem_reply_sink* sink,
                      tandem_error* error) {
    const std::string words = text(turn->text);
    if (words == "fail") return fail(error, TANDEM_LIMITED, "too many turns");
    if (words == "nothing") return TANDEM_OK;
    if (words == "person") {
        sink->needs_human(sink->context, literal("asked for"));
        return TANDEM_OK;
    }
    if (words == "endless") {
        while (sink->text(sink->context, literal("and so on ")) == TANDEM_OK) {
        }
        return TANDEM_OK;
    }
    // A character in two pieces.
    sink->text(sink->context, literal("Gr\xC3"));
    sink->text(sink->context, literal("\xBC\xC3\x9F"));
    sink->text(sink->context, literal("e"));
    return TANDEM_OK;
}

const void* extension(void*, tandem_view id) {
    static const tandem_webhook webhook{sizeof webhook, 0,         routes,
                                        verify,         normalise, render_context};
    static const tandem_channel channel{sizeof channel, 0, send, limits};
    static const tandem_auth auth{sizeof auth, 0, authenticate};
    static const tandem_responder responder{sizeof responder, 0, respond};
    const std::string name = text(id);
    if (name == TANDEM_WEBHOOK) return &webhook;
    if (name == TANDEM_CHANNEL) return &channel;
    if (name == TANDEM_AUTH) return &auth;
    if (name == TANDEM_RESPONDER) return &responder;
    return nullptr;
}

tandem_status start(void*, tandem_error*) {
    return TANDEM_OK;
}
void stop(void*) {}

tandem_status create(const tandem_host*, tandem_view, const tandem_instance** made, tandem_error*) {
    static uintptr_t number = 0;
    void* const self = reinterpret_cast<void*>(++number);
    *made = new tandem_instance{sizeof(tandem_instance), 0, self, extension, start, stop};
    return TANDEM_OK;
}
void destroy(const tandem_instance* instance) {
    delete instance;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_view kinds[] = {literal(TANDEM_WEBHOOK), literal(TANDEM_CHANNEL),
                                        literal(TANDEM_AUTH), literal(TANDEM_RESPONDER)};
    static const tandem_descriptor mine = [] {
        auto made = sized<tandem_descriptor>();
        made.abi_minor_built = TANDEM_ABI_MINOR;
        made.flags = TANDEM_PLUGIN_SERIAL;
        made.id = literal("com.example.odd");
        made.name = literal("Odd");
        made.version = literal("1");
        made.kinds = kinds;
        made.kind_count = 4;
        made.create = create;
        made.destroy = destroy;
        return made;
    }();
    return &mine;
}
