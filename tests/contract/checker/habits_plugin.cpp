// A plugin with one bad habit, chosen by its option `habit`; without one it is good. The
// checker must find each. It stands on the waist alone.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "tandem/abi/auth.h"
#include "tandem/abi/channel.h"
#include "tandem/abi/config.h"
#include "tandem/abi/entry.h"
#include "tandem/abi/http.h"
#include "tandem/abi/log.h"
#include "tandem/abi/responder.h"
#include "tandem/abi/webhook.h"

namespace {

tandem_view literal(const char* text) {
    return {text, std::strlen(text)};
}
std::string text(tandem_view from) {
    return {from.data ? from.data : "", from.size};
}

struct Habits {
    tandem_instance instance{};
    const tandem_host* host = nullptr;
    std::string habit, secret;
    tandem_view kept{};

    bool is(const char* name) const { return habit == name; }

    tandem_status fail(tandem_error* error, tandem_status status, const std::string& why) const {
        if (is("writes_beyond_the_error")) {
            std::memset(error->text, 'x', sizeof error->text);
            error->text_size = sizeof error->text;
            return status;
        }
        constexpr size_t head = offsetof(tandem_error, text);
        if (error->size < head) return status;
        error->code = status;
        error->text_size = static_cast<uint32_t>(
            std::min(why.size(), std::min<size_t>(error->size - head, sizeof error->text)));
        std::memcpy(error->text, why.data(), error->text_size);
        return status;
    }

    void log(const char* line) const {
        const auto* table = static_cast<const tandem_host_log*>(
            host->service(host->self, literal(TANDEM_HOST_LOG)));
        if (table) table->write(host->self, TANDEM_LOG_INFO, literal(line), nullptr, 0);
    }

    // What became of one request through the host's http.
    int exchange(uint32_t& progress) const {
        const auto* table = static_cast<const tandem_host_http*>(
            host->service(host->self, literal(TANDEM_HOST_HTTP)));
        if (!table) return 0;
        tandem_http_request request{};
        request.size = sizeof request;
        request.method = literal("POST");
        request.url = literal("https://api.example.com/");
        int status = 0;
        tandem_http_sink sink{};
        sink.size = sizeof sink;
        sink.context = &status;
        sink.response = [](void* context, const tandem_http_response* response) {
            *static_cast<int*>(context) = response->status;
        };
        tandem_error error{};
        error.size = sizeof error;
        table->send(host->self, &request, &sink, &error);
        progress = sink.progress;
        return status;
    }
};

Habits& of(void* self) {
    return *static_cast<Habits*>(self);
}

tandem_status authenticate(void* self, tandem_view token, tandem_time,
                           const tandem_identity_sink* sink, tandem_error* error) {
    Habits& habits = of(self);
    if (habits.is("keeps_a_view")) {
        const std::string last = text(habits.kept);
        habits.kept = token;
        return habits.fail(error, TANDEM_UNAUTHORIZED, "not the one before, " + last);
    }
    if (habits.is("reads_beyond_its_input")) {
        const char next = *(static_cast<const volatile char*>(token.data) + token.size);
        return habits.fail(error, TANDEM_UNAUTHORIZED, std::string("no credential") + next);
    }
    if (habits.is("gives_no_reason")) return habits.fail(error, TANDEM_UNAUTHORIZED, "");
    if (habits.is("tells_its_secret")) {
        return habits.fail(error, TANDEM_UNAUTHORIZED, "does not match " + habits.secret);
    }
    if (habits.is("crashes")) std::abort();
    if (habits.is("hangs")) {
        while (true) ::pause();
    }
    if (habits.is("exits")) std::exit(0);
    if (habits.is("takes_everybody")) {
        tandem_identity identity{};
        identity.size = sizeof identity;
        identity.subject = literal("anybody");
        identity.organization = literal("any");
        sink->identity(sink->context, &identity);
        return TANDEM_OK;
    }
    return habits.fail(error, TANDEM_UNAUTHORIZED, "no credential of mine");
}

tandem_status send(void* self, const tandem_outbound_message*, const tandem_receipt_sink* sink,
                   tandem_error*) {
    Habits& habits = of(self);
    uint32_t progress = TANDEM_HTTP_NOTHING_SENT;
    const int status = habits.exchange(progress);
    tandem_receipt receipt{};
    receipt.size = sizeof receipt;
    receipt.outcome = status || progress ? TANDEM_SEND_UNKNOWN : TANDEM_SEND_NOT_SENT;
    if (habits.is("hopes_for_the_best")) receipt.outcome = TANDEM_SEND_ACCEPTED;
    receipt.provider_id = literal("1");
    sink->receipt(sink->context, &receipt);
    return TANDEM_OK;
}

void limits(void* self, tandem_channel_limits* to) {
    if (of(self).is("clears_what_it_does_not_know")) {
        std::memset(reinterpret_cast<char*>(to) + sizeof to->size, 0, to->size - sizeof to->size);
    }
    to->max_text_units = of(self).is("has_no_limit") ? 0 : 160;
}

tandem_status routes(void* self, const tandem_webhook_route_sink* sink, tandem_error*) {
    tandem_webhook_route route{};
    route.size = sizeof route;
    route.method = literal("POST");
    route.path = of(self).is("has_bad_routes") ? literal("/../in") : literal("in");
    return sink->route(sink->context, &route);
}

tandem_status verify(void* self, const tandem_webhook_request* request, tandem_error* error) {
    if (of(self).is("lets_strangers_in")) return TANDEM_OK;
    for (size_t i = 0; i < request->header_count; ++i) {
        if (text(request->headers[i].name) == "X-Secret") return TANDEM_OK;
    }
    return of(self).fail(error, TANDEM_UNAUTHORIZED, "X-Secret is missing");
}

tandem_status normalise(void* self, const tandem_webhook_request* request,
                        const tandem_webhook_sink* sink, tandem_error* error) {
    static int count = 0;
    const std::string body = text(request->body);
    if (of(self).is("trips_over_bytes") && body.find('\xFF') != std::string::npos) std::abort();
    if (body.empty()) return of(self).fail(error, TANDEM_INVALID, "the body is empty");
    tandem_message_received event{};
    event.event.size = sizeof event;
    event.event.kind = TANDEM_EVENT_MESSAGE_RECEIVED;
    const std::string key = of(self).is("is_never_the_same") ? std::to_string(++count) : body;
    event.event.dedupe_key = {key.data(), key.size()};
    event.text = {body.data(), body.size()};
    return sink->event(sink->context, &event.event);
}

tandem_status render_context(void*, const tandem_webhook_request*, const tandem_pair*, size_t,
                             const tandem_webhook_sink*, tandem_error*) {
    return TANDEM_OK;
}

tandem_status respond(void* self, const tandem_turn*, const tandem_reply_sink* sink,
                      tandem_error*) {
    for (int i = 0; i < 5; ++i) {
        if (sink->text(sink->context, literal("word ")) != TANDEM_OK && !of(self).is("talks_on")) {
            break;
        }
    }
    return TANDEM_OK;
}

const void* extension(void* self, tandem_view id) {
    static const tandem_auth auth{sizeof auth, 0, authenticate};
    static const tandem_channel channel{sizeof channel, 0, send, limits};
    static const tandem_responder responder{sizeof responder, 0, respond};
    static const tandem_webhook webhook{sizeof webhook, 0,         routes,
                                        verify,         normalise, render_context};
    const std::string name = text(id);
    if (name == TANDEM_AUTH) return &auth;
    if (name == TANDEM_CHANNEL && !of(self).is("gives_less_than_it_lists")) return &channel;
    if (name == TANDEM_RESPONDER) return &responder;
    if (name == TANDEM_WEBHOOK) return &webhook;
    if (of(self).is("gives_anything")) return &auth;
    return nullptr;
}

tandem_status start(void* self, tandem_error*) {
    Habits& habits = of(self);
    if (habits.is("ignores_hangups")) std::signal(SIGHUP, SIG_IGN);
    if (habits.is("calls_after_stop") || habits.is("leaves_threads")) {
        const bool late = habits.is("calls_after_stop");
        // The instance may be gone; what it points to in the checker is not.
        std::thread([late, copy = Habits(habits)] {
            for (int i = 0; i < 2000; ++i) {
                if (late) copy.log("still here");
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }).detach();
    }
    return TANDEM_OK;
}

void stop(void*) {}

tandem_status create(const tandem_host* host, tandem_view, const tandem_instance** made,
                     tandem_error* error) {
    auto* habits = new Habits;
    habits->host = host;
    habits->instance = {sizeof(tandem_instance), 0, habits, extension, start, stop};
    const auto* config = static_cast<const tandem_host_config*>(
        host->service(host->self, literal(TANDEM_HOST_CONFIG)));
    if (!config) {
        const tandem_status status = habits->fail(error, TANDEM_UNSUPPORTED, "no config service");
        delete habits;
        return status;
    }
    tandem_view value{};
    if (config->text(host->self, literal("habit"), &value) == TANDEM_OK)
        habits->habit = text(value);
    if (config->text(host->self, literal("secret"), &value) == TANDEM_OK) {
        habits->secret = text(value);
    }
    if (habits->is("sends_too_early")) {
        uint32_t progress = 0;
        habits->exchange(progress);
    }
    if (habits->is("logs_its_secret")) habits->log(("secret is " + habits->secret).c_str());
    if (habits->is("leaks_memory")) {
        [[maybe_unused]] static void* volatile lost;
        lost = std::malloc(4096);
    }
    if (habits->is("leaves_files_open")) static_cast<void>(::open("/dev/null", O_RDONLY));
    *made = &habits->instance;
    return TANDEM_OK;
}

void destroy(const tandem_instance* instance) {
    delete static_cast<Habits*>(instance->self);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_view kinds[] = {literal(TANDEM_AUTH), literal(TANDEM_CHANNEL),
                                        literal(TANDEM_RESPONDER), literal(TANDEM_WEBHOOK)};
    static const tandem_option habit{sizeof habit, TANDEM_OPTION_TEXT,       0, 0, literal("habit"),
                                     literal(""),  literal("The bad habit.")};
    static const tandem_option secret{sizeof secret,
                                      TANDEM_OPTION_TEXT,
                                      TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET,
                                      0,
                                      literal("secret"),
                                      {nullptr, 0},
                                      literal("A secret.")};
    static const tandem_option* const options[] = {&habit, &secret};
    static const tandem_descriptor mine = [] {
        tandem_descriptor made{};
        made.size = sizeof made;
        made.abi_minor_built = TANDEM_ABI_MINOR;
        made.id = literal("com.example.habits");
        made.name = literal("Habits");
        made.version = literal("1");
        made.vendor = literal("Example");
        made.licence = literal("Apache-2.0");
        made.kinds = kinds;
        made.kind_count = 4;
        made.options = options;
        made.option_count = 2;
        made.create = create;
        made.destroy = destroy;
        return made;
    }();
    return &mine;
}
