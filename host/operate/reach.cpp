#include "operate/reach.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "base/id.h"
#include "deliver/routes.h"
#include "listen/socket.h"
#include "observe/logger.h"
#include "observe/registry.h"
#include "store/committer.h"

namespace tandem::operate {

namespace {

// A page of 200 rows has a few hundred kilobytes.
constexpr size_t max_reply_bytes = 64 * 1024 * 1024;
constexpr time_t patience_s = 30;

std::string target_of(const Errand& errand) {
    std::string target = errand.pattern;
    const size_t place = target.find("{id}");
    if (place != std::string::npos) target.replace(place, 4, errand.id);
    if (!errand.query.empty()) target += '?' + errand.query;
    return target;
}

std::string request_of(const Errand& errand) {
    std::string text = errand.method + ' ' + target_of(errand) + " HTTP/1.1\r\n";
    text += "Host: control\r\nConnection: close\r\n";
    text += "X-Tandem-Organization: " + errand.organization + "\r\n";
    if (errand.method == "POST") text += "Content-Length: 0\r\n";
    return text + "\r\n";
}

/// Nothing if nobody listens there.
std::optional<listen::Descriptor> connected(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof name.sun_path) return std::nullopt;
    std::copy(path.begin(), path.end(), name.sun_path);
    listen::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return std::nullopt;
    const timeval patience{patience_s, 0};
    setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return std::nullopt;
    return socket;
}

Result<std::string> exchanged(const listen::Descriptor& socket, const std::string& request) {
    for (size_t sent = 0; sent < request.size();) {
        const ssize_t count =
            send(socket.number(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return Error{Code::Unavailable, "the gateway hung up"};
        sent += static_cast<size_t>(count);
    }
    std::string reply;
    char part[16384];
    while (reply.size() < max_reply_bytes) {
        const ssize_t count = recv(socket.number(), part, sizeof part, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Error{Code::Unavailable, "the gateway does not answer"};
        if (count == 0) return reply;
        reply.append(part, static_cast<size_t>(count));
    }
    return Error{Code::Limited, "the gateway's answer is too long"};
}

/// Our own server answers with a length and closes; what is cut short is refused.
Result<Reply> parsed(const std::string& text) {
    const Error odd{Code::Unavailable, "the gateway's answer makes no sense"};
    const size_t end = text.find("\r\n\r\n");
    if (text.compare(0, 9, "HTTP/1.1 ") != 0 || end == std::string::npos) return odd;
    Reply reply;
    const auto read = std::from_chars(text.data() + 9, text.data() + 12, reply.status);
    if (read.ec != std::errc() || read.ptr != text.data() + 12) return odd;
    reply.body = text.substr(end + 4);
    constexpr std::string_view length_field = "\r\nContent-Length: ";
    const size_t field = text.find(length_field);
    if (field == std::string::npos || field > end) return odd;
    size_t length = 0;
    const char* const digits = text.data() + field + length_field.size();
    const auto counted = std::from_chars(digits, text.data() + end, length);
    if (counted.ec != std::errc() || length != reply.body.size()) return odd;
    return reply;
}

/// Keeps the answer of a handler that was called without a server.
struct Kept : serve::Responder::Exchange {
    void answer(serve::Response response) override { kept = std::move(response); }
    void stream(serve::Response, std::function<void(std::shared_ptr<serve::Stream>)>) override {}
    serve::Response kept;
};

Reply answered_by(const std::vector<serve::Route>& routes, const Errand& errand) {
    const auto route = std::find_if(routes.begin(), routes.end(), [&](const serve::Route& one) {
        return one.method == errand.method && one.pattern == errand.pattern;
    });
    if (route == routes.end()) return {404, ""};
    serve::Request request;
    request.method = errand.method;
    request.raw_query = errand.query;
    request.path_parameters = {{"id", errand.id}};
    request.identity.emplace();
    request.identity->subject = "operator";
    request.identity->organization = errand.organization;
    request.identity->permissions = {"admin"};
    const auto kept = std::make_shared<Kept>();
    route->handler(std::move(request), serve::Responder(kept));
    return {kept->kept.status, kept->kept.body};
}

Result<Reply> from_store(load::Registry& registry, const settings::Settings& settings,
                         const Clock& clock, observe::Log& log, const Errand& errand) {
    const auto instance = registry.create(settings.storage);
    if (!instance) return instance.error();
    if (instance->store == nullptr)
        return Error{Code::Invalid, "the plugin " + settings.storage.plugin + " is no store"};
    if (const auto started = registry.start(); !started) return started.error();
    if (const auto migrated = instance->store->migrate(); !migrated) return migrated.error();
    observe::MetricRegistry metrics;
    IdSource ids{clock};
    store::GroupCommitter committer(*instance->store, nullptr, log, metrics);
    const deliver::Outbox outbox({instance->store.get(), &committer, &clock, &ids,
                                  std::chrono::seconds(settings.conversation.message_validity_s)});
    const Reply reply = answered_by(deliver::outbox_routes(outbox), errand);
    committer.stop();
    return reply;
}

}  // namespace

Result<Reply> run_errand(const settings::Settings& settings, const Errand& errand) {
    if (const auto socket = connected(settings.server.control)) {
        const auto reply = exchanged(*socket, request_of(errand));
        if (!reply) return reply.error();
        return parsed(*reply);
    }
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error, .format = observe::Format::Text}, clock);
    const auto registry =
        load::make_registry(plugin_places(settings), {.log = &log, .clock = &clock});
    auto reply = from_store(*registry, settings, clock, log, errand);
    registry->stop();
    if (reply) return reply;
    // What holds the data is the gateway, most likely.
    const std::string advice =
        settings.server.control.empty()
            ? "; with server.control in the settings a running gateway can be asked"
            : "";
    return Error{reply.error().code, reply.error().text + advice};
}

}  // namespace tandem::operate
