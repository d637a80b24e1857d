#include "fetch/connection.h"

#include "fetch/handle.h"

namespace tandem::fetch {
namespace {

Connection::Progress progress_of(CURLcode code, size_t bytes) {
    using State = Connection::State;
    if (code == CURLE_AGAIN) return {State::Blocked, 0};
    if (code != CURLE_OK) return {State::Broken, 0};
    return {bytes == 0 ? State::Ended : State::Moved, bytes};
}

}  // namespace

Connection::Connection() : handle_(std::make_unique<Handle>()) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Plan& plan) {
    std::unique_ptr<Connection> made(new Connection);
    Handle& handle = *made->handle_;
    handle.reset(plan.any_address, plan.deadline_ms, plan.deadline_ms);
    handle.set(CURLOPT_URL, plan.url.c_str());
    handle.set(CURLOPT_CONNECT_ONLY, 1L);
    if (!plan.authorities.empty()) handle.set(CURLOPT_CAINFO, plan.authorities.c_str());
    if (const CURLcode code = curl_easy_perform(handle.easy()); code != CURLE_OK) {
        return handle.failure(code);
    }
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(handle.easy(), CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return Error{Code::Unavailable, "the connection ended"};
    made->socket_ = socket;
    return made;
}

Connection::Progress Connection::read(char* to, size_t room) {
    size_t got = 0;
    const CURLcode code = curl_easy_recv(handle_->easy(), to, room, &got);
    return progress_of(code, got);
}

Connection::Progress Connection::write(const char* from, size_t size) {
    size_t put = 0;
    const CURLcode code = curl_easy_send(handle_->easy(), from, size, &put);
    return progress_of(code, put);
}

}  // namespace tandem::fetch
