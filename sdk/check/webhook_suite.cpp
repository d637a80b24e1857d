#include <random>
#include <set>
#include <string>

#include "check.h"
#include "guarded.h"
#include "recording.h"

// tandem.webhook/1: nobody unproven gets in, and the same bytes say the same.
namespace tandem::check {
namespace {

host::Webhook webhook_of(Check& check, host::Instance& instance) {
    const host::Webhook webhook(instance.self(), instance.extension(TANDEM_WEBHOOK));
    if (!webhook.complete()) throw std::runtime_error("its table lacks functions");
    static_cast<void>(check);
    return webhook;
}

std::vector<host::WebhookRoute> routes_of(Check& check, const host::Webhook& webhook) {
    std::vector<host::WebhookRoute> routes;
    check.expect_reason("routes", webhook.routes(routes));
    return routes;
}

std::vector<host::WebhookRoute> outside_routes(Check& check, const host::Webhook& webhook) {
    std::vector<host::WebhookRoute> outside;
    for (host::WebhookRoute& route : routes_of(check, webhook)) {
        if (!route.internal) outside.push_back(std::move(route));
    }
    if (outside.empty()) check.skip("no route is reachable from outside");
    return outside;
}

host::WebhookRequest request_to(const host::WebhookRoute& route, const std::string& url,
                                std::string_view body) {
    host::WebhookRequest request;
    request.method = route.method;
    request.public_url = url;
    request.target =
        std::string_view(url).substr(std::string_view("https://tandem.example").size());
    request.path = route.path;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = body;
    request.received_at = 1'700'000'000'000;
    return request;
}

std::string url_of(const host::WebhookRoute& route) {
    return "https://tandem.example/api/webhooks/acme/" + route.path;
}

bool is_path(std::string_view path) {
    const size_t slash = path.rfind('/');
    if (slash != std::string_view::npos && path.substr(slash, 2) == "/{") {
        const std::string_view parameter = path.substr(slash + 2);
        if (parameter.size() < 2 || parameter.back() != '}' ||
            parameter.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != parameter.size() - 1)
            return false;
        path = path.substr(0, slash);
    }
    return !path.empty() && path.front() != '/' &&
           path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_/.") ==
               std::string_view::npos;
}

void routes(Check& check) {
    host::Instance& instance = check.started();
    const std::vector<host::WebhookRoute> all = routes_of(check, webhook_of(check, instance));
    check.expect(!all.empty(), "it has no route");
    std::set<std::string> seen;
    for (const host::WebhookRoute& route : all) {
        const std::string name = route.method + " " + route.path;
        check.expect(route.method == "POST" || route.method == "GET",
                     "route " + name + ": only POST and GET are served");
        check.expect(is_path(route.path),
                     "route " + name +
                         ": a path is [a-z0-9-_/.]+ without a slash in front; its "
                         "last segment may be a parameter, {name}");
        check.expect(seen.insert(name).second, "route " + name + " stands there twice");
    }
}

void strangers(Check& check) {
    host::Instance& instance = check.started();
    const host::Webhook webhook = webhook_of(check, instance);
    const std::vector<std::string> bodies{
        "", "From=%2B15550001111&To=%2B15550000000&Body=Hello&MessageSid=SM1",
        "{\"type\":\"message\",\"text\":\"Hello\"}", std::string("\0\xFF\xFE", 3)};
    for (const host::WebhookRoute& route : outside_routes(check, webhook)) {
        const std::string url = url_of(route);
        for (const std::string& body : bodies) {
            const host::Outcome outcome = webhook.verify(request_to(route, url, body));
            check.expect(outcome.status == TANDEM_UNAUTHORIZED,
                         "verify of an unproven request to " + route.path + " answers " +
                             host::word(outcome.status) + ", not unauthorized");
            check.expect_reason("verify", outcome);
        }
    }
}

void recordings(Check& check) {
    const std::vector<std::string> names =
        recorded(check.subject().conformance, ".request", ".expected");
    if (names.empty()) check.skip("there are no recorded requests (--conformance DIR)");
    host::Instance& instance = check.started();
    const host::Webhook webhook = webhook_of(check, instance);
    for (const std::string& name : names) {
        Recording recording(read_file(name + ".request"));
        const std::string said = replay(webhook, recording.request());
        check.expect(said == read_file(name + ".expected"),
                     name + ".request gives another result than expected: " + said);
        check.expect(said == replay(webhook, recording.request()),
                     name + ".request gives another result the second time");
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

// Each recorded request that passes, with one byte of its body or proof changed. That it
// fails is not demanded of every byte: a provider may sign only a part.
void damaged(Check& check) {
    const std::vector<std::string> names =
        recorded(check.subject().conformance, ".request", ".expected");
    host::Instance& instance = check.started();
    const host::Webhook webhook = webhook_of(check, instance);
    std::mt19937_64 random(check.subject().seed);
    size_t genuine = 0, still_genuine = 0;
    for (const std::string& name : names) {
        const std::string bytes = read_file(name + ".request");
        Recording intact(bytes);
        if (!webhook.verify(intact.request()).ok()) continue;
        // Without its headers nothing proves it.
        host::WebhookRequest bare = intact.request();
        bare.headers.clear();
        const bool needs_proof = !webhook.verify(bare).ok();
        check.expect(needs_proof || bare.public_url.find('?') != std::string_view::npos,
                     name + ".request is genuine without any header");
        if (bare.body.empty()) continue;
        ++genuine;
        std::string body(intact.request().body);
        body[random() % body.size()] ^= 1;
        intact.request().body = body;
        still_genuine += webhook.verify(intact.request()).ok();
    }
    if (genuine == 0) check.skip("there is no genuine recording with a body");
    if (still_genuine == genuine) {
        check.warn("the proof does not cover the body: a changed one still passes");
    }
}

void random_bytes(Check& check) {
    host::Instance& instance = check.started();
    const host::Webhook webhook = webhook_of(check, instance);
    std::mt19937_64 random(check.subject().seed);
    std::vector<std::string> seeds{"From=%2B1555&To=%2B1556&Body=a%20b&NumMedia=1",
                                   "{\"type\":\"x\",\"data\":{\"a\":[1,2,{\"b\":null}]}}", ""};
    for (const std::string& name : recorded(check.subject().conformance, ".request", ".expected")) {
        Recording recording(read_file(name + ".request"));
        seeds.emplace_back(recording.request().body);
    }
    const auto mutated = [&] {
        std::string text = seeds[random() % seeds.size()];
        for (size_t changes = random() % 8; changes > 0; --changes) {
            const size_t at = text.empty() ? 0 : random() % text.size();
            switch (random() % 3) {
                case 0: text.insert(at, 1, static_cast<char>(random())); break;
                case 1: text.erase(at, random() % 4); break;
                default:
                    if (!text.empty()) text[at] = static_cast<char>(random());
            }
        }
        return text;
    };
    const std::vector<host::WebhookRoute> all = routes_of(check, webhook);
    constexpr int rounds = 3000;
    for (int round = 0; round < rounds && !all.empty(); ++round) {
        const host::WebhookRoute& route = all[random() % all.size()];
        GuardedBytes memory;
        const std::string url = url_of(route) + (random() % 4 ? "" : "?" + mutated());
        host::WebhookRequest request = request_to(route, url, memory.keep(mutated()));
        const std::string header = mutated();
        request.headers.emplace_back("X-Signature", memory.keep(header));
        check.expect_reason("verify of random bytes", webhook.verify(request));
        host::Normalised said;
        check.expect_reason("normalise of random bytes", webhook.normalise(request, said));
        if (check.remarks().size() > 3) return;
    }
}

const Registered registered[] = {
    {"webhook.routes", "has well-formed routes", TANDEM_WEBHOOK, &routes},
    {"webhook.strangers", "lets nobody in who proves nothing", TANDEM_WEBHOOK, &strangers},
    {"webhook.recordings", "makes of recorded requests what is expected, each time", TANDEM_WEBHOOK,
     &recordings},
    {"webhook.damaged", "does not take a recorded request that was changed", TANDEM_WEBHOOK,
     &damaged},
    {"webhook.random_bytes", "bears any bytes in verify and normalise", TANDEM_WEBHOOK,
     &random_bytes},
};

}  // namespace
}  // namespace tandem::check
