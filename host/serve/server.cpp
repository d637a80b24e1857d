#include "serve/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <thread>
#include <utility>

#include "serve/answer.h"
#include "serve/connection.h"
#include "serve/server_state.h"

namespace tandem::serve {

namespace {

using listen::Address;
using listen::Descriptor;
using listen::Loop;
using listen::Seat;
using listen::Socket;
using listen::TlsContext;
using listen::Wait;
using listen::Watched;

// Connections taken at once before the others get their turn.
constexpr int accepts_a_turn = 64;
// For which a listener that the system gives nothing lets the loop alone.
constexpr std::chrono::milliseconds accept_rest{100};

/// What somebody hears for whom there is no seat, and no connection that would say it.
std::string no_seat(const std::string& request_id) {
    Problem told{503, "OVERLOADED", "Too many connections."};
    told.retry_after_s = 5;
    Response answer = problem(told);
    AnswerFrame frame;
    frame.request_id = request_id;
    frame.close = true;
    const std::string head = render_head(answer, frame);
    return head + answer.body;
}

/// Takes new connections of one listening socket into one loop. Confined to the loop.
class Acceptor : public Watched {
public:
    enum class Door { Network, Control };

    Acceptor(ServerState& server, Loop& loop, Descriptor listener, const TlsContext* tls, Door door)
        : server_(server),
          loop_(loop),
          listener_(std::move(listener)),
          tls_(tls),
          door_(door),
          spare_(open_spare()) {}

    void ready(uint32_t) override {
        for (int i = 0; i < accepts_a_turn; ++i)
            if (!take_one()) return;
    }
    void overdue(Wait) override { loop_.hear(listener_.number()); }
    void abandoned() override {}

private:
    bool take_one() {
        if (!spare_) spare_ = open_spare();
        sockaddr_storage name{};
        socklen_t size = sizeof name;
        Descriptor socket(accept4(listener_.number(), reinterpret_cast<sockaddr*>(&name), &size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) return go_on_after(errno);
        if (door_ == Door::Control && !is_ours(socket)) {
            server_.figures.rejected("control");
            return true;
        }
        // An operator gets in when strangers have taken every seat.
        auto seat =
            door_ == Door::Control
                ? std::optional(Seat(Address{}))
                : server_.doorman.admit(Address::of(reinterpret_cast<const sockaddr&>(name)));
        if (seat)
            seat_down(std::move(socket), std::move(*seat));
        else
            turn_away(socket);
        return true;
    }

    /// The socket's mode says the same; but a folder may have been copied, or a mode changed.
    static bool is_ours(const Descriptor& socket) {
        const auto user = listen::peer_user(socket);
        return user && (*user == 0 || *user == geteuid());
    }

    void seat_down(Descriptor socket, Seat seat) {
        const int number = socket.number();
        try {
            auto tls = tls_ != nullptr ? tls_->open(number) : nullptr;
            auto connection = std::make_shared<Connection>(
                server_, loop_, Socket(std::move(socket), std::move(tls)), std::move(seat),
                door_ == Door::Control);
            loop_.adopt(number, connection);
            connection->begin();
        } catch (const std::exception& failure) {
            if (server_.furniture.log != nullptr)
                server_.furniture.log->error("serve", "a connection could not be taken",
                                             {{"why", failure.what()}});
        }
    }

    void turn_away(const Descriptor& socket) {
        server_.figures.rejected("connections");
        if (tls_ == nullptr) {
            const std::string words = no_seat(server_.ids.next());
            send(socket.number(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        shutdown(socket.number(), SHUT_WR);
    }

    static Descriptor open_spare() { return Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

    /// Whether there may be more to take at once.
    bool go_on_after(int failure) {
        switch (failure) {
            case EAGAIN: return false;
            // The peer was faster, or its network: accept(2) names these.
            case EINTR:
            case ECONNABORTED:
            case EPROTO:
            case ENOPROTOOPT:
            case EOPNOTSUPP:
            case ENETDOWN:
            case ENETUNREACH:
            case EHOSTDOWN:
            case EHOSTUNREACH:
            case ENONET: return true;
            default: break;
        }
        // A connection that stays in the line would wake the loop for ever.
        if (drop_one()) return false;
        loop_.mute(listener_.number());
        loop_.arm(*this, Wait::Rest);
        return false;
    }

    /// Where descriptors are used up the spare one makes room to take the connection and close
    /// it; unless another thread has it meanwhile, or it is memory that is used up.
    bool drop_one() {
        server_.figures.rejected("descriptors");
        spare_.close();
        const bool dropped{Descriptor(accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC))};
        spare_ = open_spare();
        return dropped;
    }

    ServerState& server_;
    Loop& loop_;
    Descriptor listener_;
    const TlsContext* const tls_;
    const Door door_;
    Descriptor spare_;
};

Loop::Durations durations_of(const ServerOptions& options) {
    Loop::Durations durations{};
    const auto set = [&](Wait wait, std::chrono::milliseconds time) {
        durations[static_cast<size_t>(wait)] = time;
    };
    set(Wait::Header, options.header_time);
    set(Wait::Body, options.body_time);
    set(Wait::Idle, options.idle_time);
    set(Wait::Answer, options.answer_time);
    set(Wait::Write, options.write_time);
    set(Wait::Linger, options.linger_time);
    set(Wait::Rest, accept_rest);
    return durations;
}

// Handlers wait for plugins and the store, so there are more than cores.
unsigned worker_count(const ServerOptions& options) {
    if (options.workers != 0) return options.workers;
    return std::max(8u, 2 * std::thread::hardware_concurrency());
}

}  // namespace

ServerOptions server_options(const settings::Server& server, const settings::Limits& limits) {
    ServerOptions options;
    options.listen = server.listen;
    options.control = server.control;
    options.tls_certificate = server.tls_certificate;
    options.tls_key = server.tls_key;
    options.trusted_proxies = server.trusted_proxies;
    options.cors_origins = server.cors_origins;
    options.public_https = server.public_url.rfind("https://", 0) == 0;
    options.workers = server.workers;
    options.header_bytes = limits.header_bytes;
    options.buffered_bytes = limits.buffered_bytes;
    options.connections = limits.connections;
    options.connections_per_address = limits.connections_per_address;
    options.header_time = std::chrono::seconds(limits.header_seconds);
    options.body_time = std::chrono::seconds(limits.body_seconds);
    options.idle_time = std::chrono::seconds(limits.idle_seconds);
    return options;
}

class Server::Life {
public:
    Life(ServerOptions options, std::vector<Route> routes, Furniture furniture)
        : shared_state_(std::make_shared<ServerState>(std::move(options), std::move(routes),
                                                      std::move(furniture))),
          server_(*shared_state_) {}

    void start();
    bool drain(std::chrono::milliseconds deadline);
    void stop();

    std::vector<std::string> addresses_;
    uint16_t port_ = 0;
    std::unique_ptr<TlsContext> tls_;  // null: there is none

private:
    void listen(const std::string& where);
    void listen_to_control();
    void watch_gauges();

    // Shared with the gauges alone, which may be asked when we are gone.
    const std::shared_ptr<ServerState> shared_state_;
    ServerState& server_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::pair<Loop*, int>> acceptors_;  // the loop and its descriptor
    bool running_ = false;
    bool controls_ = false;  // the control socket is ours
    bool drained_ = false;
};

void Server::Life::start() {
    const ServerOptions& options = server_.options;
    if (!options.tls_certificate.empty() || !options.tls_key.empty())
        tls_ = std::make_unique<TlsContext>(options.tls_certificate, options.tls_key);
    for (unsigned i = 0; i < std::max(1u, options.loops); ++i)
        loops_.push_back(std::make_unique<Loop>(durations_of(options), [this](const char* what) {
            if (server_.furniture.log != nullptr)
                server_.furniture.log->error("serve", "work on the loop threw", {{"what", what}});
        }));
    for (const std::string& where : options.listen) listen(where);
    if (!options.control.empty()) listen_to_control();
    watch_gauges();
    running_ = true;
    server_.workers.start(worker_count(options));
    for (const auto& loop : loops_) loop->start();
}

void Server::Life::listen(const std::string& where) {
    std::string address = where;
    const auto stall_ms = static_cast<unsigned>(server_.options.write_time.count());
    for (const auto& loop : loops_) {
        Descriptor listener = listen::open_port(address, loops_.size() > 1, stall_ms);
        // Port 0 was chosen by the first; the others share it.
        address = bound_address(listener);
        if (port_ == 0) port_ = bound_port(listener);
        const int number = listener.number();
        loop->adopt(number,
                    std::make_shared<Acceptor>(server_, *loop, std::move(listener), tls_.get(),
                                               Acceptor::Door::Network),
                    Loop::Trigger::Level);
        acceptors_.emplace_back(loop.get(), number);
    }
    addresses_.push_back(address);
}

/// One loop is enough for an operator.
void Server::Life::listen_to_control() {
    Descriptor listener = listen::open_local(server_.options.control);
    controls_ = true;
    Loop& loop = *loops_.front();
    const int number = listener.number();
    loop.adopt(number,
               std::make_shared<Acceptor>(server_, loop, std::move(listener), nullptr,
                                          Acceptor::Door::Control),
               Loop::Trigger::Level);
    acceptors_.emplace_back(&loop, number);
}

void Server::Life::watch_gauges() {
    observe::Metrics* metrics = server_.furniture.metrics;
    if (metrics == nullptr) return;
    const auto gauge = [&](std::string_view name, std::string_view help,
                           observe::Metrics::Labels labels, size_t (*count)(const ServerState&)) {
        metrics->gauge(name, help, labels,
                       [weak = std::weak_ptr<ServerState>(shared_state_), count] {
                           const auto state = weak.lock();
                           return state ? static_cast<double>(count(*state)) : 0.0;
                       });
    };
    gauge("tandem_http_requests_in_flight", "Requests being read, handled or answered.", {},
          [](const ServerState& state) { return state.in_hand.count(); });
    gauge("tandem_http_connections", "Open connections.", {{"state", "open"}},
          [](const ServerState& state) { return state.doorman.seated(); });
    gauge("tandem_http_connections", "Open connections.", {{"state", "stream"}},
          [](const ServerState& state) { return state.streams.open.count(); });
    gauge("tandem_http_requests_waiting", "Requests waiting for a worker.", {},
          [](const ServerState& state) { return state.workers.waiting(); });
    gauge("tandem_http_buffered_bytes", "Bytes of all requests in hand.", {},
          [](const ServerState& state) { return state.doorman.kept(); });
}

bool Server::Life::drain(std::chrono::milliseconds deadline) {
    if (!running_) return true;
    const auto end = std::chrono::steady_clock::now() + deadline;
    server_.draining = true;
    if (!std::exchange(drained_, true)) {
        for (const auto& [loop, number] : acceptors_)
            loop->mailbox()->post([loop = loop, number = number] { loop->retire(number); });
        if (server_.furniture.on_drain) server_.furniture.on_drain();
    }
    // Looked at now and then, so that the ways of a request need no lock for this.
    while (server_.in_hand.count() + server_.streams.open.count() > 0) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

void Server::Life::stop() {
    if (!std::exchange(running_, false)) return;
    server_.draining = true;
    server_.workers.stop();
    for (const auto& loop : loops_) loop->stop();
    if (std::exchange(controls_, false)) unlink(server_.options.control.c_str());
}

Server::Server(ServerOptions options, std::vector<Route> routes, Furniture furniture)
    : life_(std::make_unique<Life>(std::move(options), std::move(routes), std::move(furniture))) {}

Server::~Server() {
    life_->stop();
}

void Server::start() {
    life_->start();
}

uint16_t Server::port() const {
    return life_->port_;
}

Result<void> Server::renew_certificate(const std::string& certificate, const std::string& key) {
    if (!life_->tls_) return Error{Code::Unsupported, "the server began without TLS"};
    try {
        life_->tls_->renew(certificate, key);
    } catch (const std::runtime_error& failure) {
        return Error{Code::Invalid, failure.what()};
    }
    return {};
}

std::vector<std::string> Server::addresses() const {
    return life_->addresses_;
}

bool Server::drain(std::chrono::milliseconds deadline) {
    return life_->drain(deadline);
}

void Server::stop() {
    life_->stop();
}

}  // namespace tandem::serve
