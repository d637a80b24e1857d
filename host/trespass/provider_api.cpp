#include "trespass/provider_api.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <string>

#include "base/id.h"

namespace tandem::trespass {

namespace {

constexpr int look_up_ms = 50;
constexpr int patience_ms = 2000;
constexpr size_t most_bytes = 1024 * 1024;
constexpr char length_field[] = "\r\nContent-Length:";

bool readable(const listen::Descriptor& socket, int limit_ms) {
    pollfd waiting{socket.number(), POLLIN, 0};
    return poll(&waiting, 1, limit_ms) > 0;
}

/// Whether head and body are there.
bool whole(const std::string& request) {
    const size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const size_t field = request.find(length_field);
    const size_t size =
        field < end ? std::strtoul(&request[field + sizeof length_field - 1], nullptr, 10) : 0;
    return request.size() >= end + 4 + size;
}

std::string read_request(const listen::Descriptor& socket) {
    std::string request;
    while (!whole(request) && request.size() < most_bytes && readable(socket, patience_ms)) {
        char part[16384];
        const ssize_t count = recv(socket.number(), part, sizeof part, 0);
        if (count <= 0) break;
        request.append(part, static_cast<size_t>(count));
    }
    return request;
}

std::string answer_to(const std::string& request) {
    const std::string line = request.substr(0, request.find('\r'));
    std::string status = "200 OK", body = R"({"messages": [], "conversations": []})";
    if (line.rfind("POST ", 0) == 0 && line.find("/Messages.json") != std::string::npos) {
        status = "201 Created";
        body = R"({"sid": "SM)" + random_hex(16) + R"(", "status": "queued", "num_segments": "1"})";
    } else if (line.rfind("POST ", 0) == 0 && line.find("/outbound-call") != std::string::npos) {
        body = R"({"success": true, "conversation_id": "conv_)" + random_hex(16) +
               R"(", "callSid": "CA)" + random_hex(16) + R"("})";
    } else if (line.rfind("GET ", 0) != 0) {
        status = "404 Not Found";
        body = "{}";
    }
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

ProviderApi::ProviderApi()
    : listener_(listen::open_port("127.0.0.1:0", false, 0)),
      port_(listen::bound_port(listener_)),
      server_([this] { serve(); }) {}

ProviderApi::~ProviderApi() {
    over_ = true;
    server_.join();
}

void ProviderApi::serve() {
    while (!over_) {
        if (!readable(listener_, look_up_ms)) continue;
        const listen::Descriptor socket(accept(listener_.number(), nullptr, nullptr));
        if (!socket) continue;
        const std::string answer = answer_to(read_request(socket));
        // Whoever hangs up before it is told sees a broken line, as with the real one.
        (void)::send(socket.number(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
}

}  // namespace tandem::trespass
