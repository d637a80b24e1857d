#include "operate/control_socket.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/percent.h"

namespace tandem::operate {

namespace {

// A page of 200 rows has a few hundred kilobytes, an export a page of the longest texts.
constexpr size_t max_reply_bytes = 64 * 1024 * 1024;
// An event has at most a transcript; the gateway's bodies are smaller still.
constexpr size_t max_event_bytes = 64 * 1024 * 1024;
constexpr std::chrono::seconds patience{30};

constexpr char hung_up[] = "the gateway hung up";

std::string target_of(const Errand& errand) {
    std::string target = errand.pattern;
    const size_t begin = target.find('{');
    if (begin != std::string::npos)
        target.replace(begin, target.find('}') - begin + 1, percent_encoded(errand.id));
    if (!errand.query.empty()) target += '?' + errand.query;
    return target;
}

std::string request_of(const Errand& errand) {
    std::string text = errand.method + ' ' + target_of(errand) + " HTTP/1.1\r\n";
    text += "Host: control\r\nConnection: close\r\n";
    text += "X-Tandem-Organization: " + errand.organization + "\r\n";
    if (!errand.content_type.empty()) text += "Content-Type: " + errand.content_type + "\r\n";
    if (errand.method == "POST")
        text += "Content-Length: " + std::to_string(errand.body.size()) + "\r\n";
    return text + "\r\n" + errand.body;
}

void wait_at_most(const listen::Descriptor& socket, std::chrono::seconds limit) {
    const timeval time{static_cast<time_t>(limit.count()), 0};
    setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

bool sent(const listen::Descriptor& socket, const std::string& request) {
    for (size_t done = 0; done < request.size();) {
        const ssize_t count =
            send(socket.number(), request.data() + done, request.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += static_cast<size_t>(count);
    }
    return true;
}

/// What came; empty at the end; nothing if nothing came in time.
std::optional<std::string> received(const listen::Descriptor& socket) {
    std::string part(16384, '\0');
    while (true) {
        const ssize_t count = recv(socket.number(), part.data(), part.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        part.resize(static_cast<size_t>(count));
        return part;
    }
}

/// A field's value in the head as our own server writes it.
std::optional<std::string> field(std::string_view head, std::string_view name) {
    const std::string begin = "\r\n" + std::string(name) + ": ";
    const size_t at = head.find(begin);
    if (at == std::string_view::npos) return std::nullopt;
    const size_t value = at + begin.size();
    return std::string(head.substr(value, head.find("\r\n", value) - value));
}

int status_of(std::string_view head) {
    int status = 0;
    if (head.substr(0, 9) != "HTTP/1.1 " || head.size() < 12) return 0;
    const auto read = std::from_chars(head.data() + 9, head.data() + 12, status);
    return read.ec == std::errc() && read.ptr == head.data() + 12 ? status : 0;
}

/// Our own server answers with a length and closes; what is cut short is refused.
Result<Reply> parsed(const std::string& text) {
    const Error odd{Code::Unavailable, "the gateway's answer makes no sense"};
    const size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return odd;
    const std::string_view head = std::string_view(text).substr(0, end);
    Reply reply;
    reply.status = status_of(head);
    reply.body = text.substr(end + 4);
    reply.next_cursor = field(head, "X-Next-Cursor").value_or("");
    const auto length = field(head, "Content-Length");
    if (reply.status == 0 || !length || *length != std::to_string(reply.body.size())) return odd;
    return reply;
}

/// The lines of an event stream (WHATWG HTML, section 9.2.6) as our own gateway writes them.
class EventReader {
public:
    /// False as soon as `each` said so.
    bool take(std::string_view bytes, const std::function<bool(const Told&)>& each) {
        pending_ += bytes;
        size_t begin = 0;
        for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
            if (!line(std::string_view(pending_).substr(begin, end - begin), each)) return false;
        pending_.erase(0, begin);
        return true;
    }
    bool too_long() const { return pending_.size() + event_.data.size() > max_event_bytes; }

private:
    bool line(std::string_view text, const std::function<bool(const Told&)>& each) {
        if (text.empty()) {
            const Told event = std::exchange(event_, {});
            return event.data.empty() || each(event);
        }
        const size_t colon = text.find(": ");
        if (colon == std::string_view::npos) return true;
        const std::string_view name = text.substr(0, colon), value = text.substr(colon + 2);
        if (name == "id") event_.id = value;
        if (name == "event") event_.name = value;
        if (name == "data") event_.data.append(event_.data.empty() ? "" : "\n").append(value);
        return true;
    }

    std::string pending_;
    Told event_;
};

}  // namespace

std::optional<listen::Descriptor> connected(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof name.sun_path) return std::nullopt;
    std::copy(path.begin(), path.end(), name.sun_path);
    listen::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return std::nullopt;
    wait_at_most(socket, patience);
    if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return std::nullopt;
    return socket;
}

Result<Reply> exchanged(const listen::Descriptor& socket, const Errand& errand) {
    if (!sent(socket, request_of(errand))) return Error{Code::Unavailable, hung_up};
    std::string reply;
    while (reply.size() < max_reply_bytes) {
        const auto part = received(socket);
        if (!part) return Error{Code::Unavailable, "the gateway does not answer"};
        if (part->empty()) return parsed(reply);
        reply += *part;
    }
    return Error{Code::Limited, "the gateway's answer is too long"};
}

Result<Followed> followed(const listen::Descriptor& socket, const std::string& organization,
                          const std::string& after, std::chrono::seconds silence,
                          const std::function<bool(const Told&)>& each) {
    std::string request = "GET /api/stream/organization HTTP/1.1\r\nHost: control\r\n";
    request += "Accept: text/event-stream\r\nX-Tandem-Organization: " + organization + "\r\n";
    if (!after.empty()) request += "Last-Event-ID: " + after + "\r\n";
    if (!sent(socket, request + "\r\n")) return Error{Code::Unavailable, hung_up};
    wait_at_most(socket, silence);
    std::string head;
    size_t end = std::string::npos;
    while (end == std::string::npos) {
        const auto part = received(socket);
        if (!part || part->empty()) return Error{Code::Unavailable, hung_up};
        head += *part;
        end = head.find("\r\n\r\n");
    }
    if (const int status = status_of(head); status != 200)
        return Error{Code::Unavailable, "the gateway answered " + std::to_string(status)};
    EventReader events;
    std::string bytes = head.substr(end + 4);
    while (events.take(bytes, each)) {
        if (events.too_long()) return Error{Code::Limited, "the gateway's event is too long"};
        auto part = received(socket);
        if (!part || part->empty()) return Followed::Lost;
        bytes = std::move(*part);
    }
    return Followed::Enough;
}

}  // namespace tandem::operate
