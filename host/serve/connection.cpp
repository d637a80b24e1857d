#include "serve/connection.h"

#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace tandem::serve {

namespace {

using listen::Address;
using listen::Loop;
using listen::Networks;
using listen::Seat;
using listen::Socket;
using listen::Transfer;
using listen::Wait;

// Requests of one connection that are served before others get their turn.
constexpr unsigned steps_a_turn = 32;
// Below this rate a body has its body_time and no more.
constexpr int64_t body_bytes_a_second = 1024;
// What a refused client may still push at us before it is cut.
constexpr size_t linger_bytes = 4 * 1024 * 1024;

constexpr Refusal cut_short{400, "BAD_REQUEST", "The request ended before it was complete."};
constexpr Refusal too_slow{408, "REQUEST_TIMEOUT", "The request took too long to arrive."};
constexpr Refusal no_room{503, "OVERLOADED", "Too many requests are in hand; try again soon."};

bool valid_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '_' || c == '-';
    });
}

bool served_method(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "POST" || method == "PUT" ||
           method == "PATCH" || method == "DELETE" || method == "OPTIONS";
}

bool has_body(const Head& head) {
    return head.chunked || head.length.value_or(0) > 0;
}

// The last address that is not one of our own proxies: what stands left of it may be
// anybody's invention.
std::string client_of(const Request& request, const Address& peer, const Networks& trusted) {
    if (!contains(trusted, peer)) return request.peer;
    std::string all;
    for (const Header& field : request.headers)
        if (same_text(field.name, "X-Forwarded-For")) all += (all.empty() ? "" : ",") + field.value;
    std::string client = request.peer;
    std::string_view rest = all;
    while (!rest.empty()) {
        const size_t comma = rest.rfind(',');
        std::string_view entry = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
        while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
        while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
        const auto address = Address::parse(entry);
        if (!address) break;
        client = address->text();
        if (!contains(trusted, *address)) break;
    }
    return client;
}

}  // namespace

Connection::Connection(ServerState& server, Loop& loop, Socket socket, Seat seat)
    : server_(server), loop_(loop), socket_(std::move(socket)), seat_(std::move(seat)) {}

Connection::~Connection() = default;

void Connection::begin() {
    loop_.arm(*this, Wait::Header);
    advance();
}

void Connection::ready(uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return vanish();
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
    if ((events & EPOLLRDHUP) != 0) ending_ = true;
    // TLS may have to write before it can read.
    if ((events & EPOLLOUT) != 0 && socket_.secure()) readable_ = true;
    const bool writable = (events & EPOLLOUT) != 0 || socket_.secure();
    if (writable && state_ == State::Flush) flush();
    advance();
}

void Connection::overdue(Wait wait) {
    switch (wait) {
        case Wait::Header:
            if (!reading_) return vanish();
            refuse(too_slow, "slow");
            break;
        case Wait::Body: {
            const int64_t elapsed_ms = loop_.now_ms() - reading_->body_started_ms;
            const auto received = static_cast<int64_t>(reading_->body.size());
            if (received >= elapsed_ms * body_bytes_a_second / 1000)
                return loop_.arm(*this, Wait::Body);
            refuse(too_slow, "slow");
            break;
        }
        case Wait::Answer: answer_missing(); break;
        case Wait::Write: server_.figures.rejected("slow"); return vanish();
        case Wait::Idle:
        case Wait::Linger:
        case Wait::None: return vanish();
    }
    advance();
}

void Connection::answer_missing() {
    const auto late = std::exchange(exchange_, nullptr);
    if (server_.furniture.log != nullptr)
        server_.furniture.log->error("serve", "a handler did not answer in time",
                                     {{"requestId", late->facts_.request_id}});
    late->facts_.keep_alive = false;
    respond(late->facts_, problem({500, "INTERNAL_ERROR", "The request was not answered."}));
}

void Connection::abandoned() {
    state_ = State::Gone;
    exchange_.reset();
    release();
}

void Connection::advance() {
    if (std::exchange(advancing_, true)) return;
    unsigned steps = 0;
    while (step()) {
        if (++steps < steps_a_turn) continue;
        loop_.soon([self = shared_from_this()] { self->advance(); });
        break;
    }
    advancing_ = false;
}

bool Connection::step() {
    switch (state_) {
        case State::Head: return step_head() || (state_ == State::Head && fill());
        case State::Body: return step_body();
        case State::Linger: return step_linger();
        case State::InHand:
        case State::Flush:
        case State::Gone: return false;
    }
    return false;
}

bool Connection::step_head() {
    std::string_view bytes = std::string_view(in_).substr(taken_);
    if (bytes.empty()) return false;
    if (!reading_) {
        reading_ = std::make_unique<Reading>();
        loop_.arm(*this, Wait::Header);  // in all, however the bytes drip
    }
    // One empty line is the remnant of an old client's last body (RFC 9112 section 2.2).
    if (!reading_->blank_line_taken && bytes.front() == '\r') {
        if (bytes.size() < 2) return false;
        if (bytes[1] == '\n') {
            taken_ += 2;
            reading_->blank_line_taken = true;
            return true;
        }
    }
    if (const Verdict verdict = reading_->end.look(bytes, server_.framing_limits)) {
        refuse(*verdict, "framing");
        return true;
    }
    if (reading_->end.length() == 0) return false;
    head_complete(reading_->end.length());
    return true;
}

void Connection::head_complete(size_t block_length) {
    const std::string_view block = std::string_view(in_).substr(taken_, block_length);
    Head& head = reading_->head;
    Facts& facts = reading_->facts;
    if (const Verdict verdict = read_head(block, server_.framing_limits, head))
        return refuse(*verdict, verdict->status == 431 ? "limits" : "framing");
    if (const Verdict verdict = reading_->framing.take_head(block, head))
        return refuse(*verdict, "framing");
    taken_ += block_length;

    const auto given_id = only_field(head.headers, "X-Request-Id");
    facts.request_id =
        given_id && valid_request_id(*given_id) ? std::string(*given_id) : server_.ids.next();
    if (const auto origin = only_field(head.headers, "Origin")) facts.origin = *origin;
    facts.method = head.method;
    facts.started_ms = loop_.now_ms();
    facts.old_version = head.version == 10;
    facts.keep_alive = reading_->framing.keep_alive();
    if (served_method(head.method)) {
        if (const Verdict verdict = read_target(head, reading_->target))
            return refuse(*verdict, "framing");
        facts.path = reading_->target.path;
        reading_->found = server_.router.find(head.method, facts.path);
        facts.route = reading_->found.route;
    }
    if (answered_by_rule(head)) return;
    if (const Verdict verdict = body_allowed(head)) return refuse(*verdict, "limits");

    server_.in_hand.add();
    counted_ = true;
    state_ = State::Body;
    if (reading_->framing.done()) return dispatch();
    reading_->body_started_ms = loop_.now_ms();
    loop_.arm(*this, Wait::Body);
    if (head.expects_continue) invite_body();
}

// Answers what needs no handler.
bool Connection::answered_by_rule(const Head& head) {
    Facts& facts = reading_->facts;
    const Router::Found& found = reading_->found;
    Problem answer;
    if (!served_method(head.method)) {
        facts.keep_alive = false;
        const bool known = head.method == "TRACE" || head.method == "CONNECT";
        if (known)
            answer = {405, "METHOD_NOT_ALLOWED", "This method is not served."};
        else
            answer = {501, "NOT_IMPLEMENTED", "This method is not known."};
        answer.headers = {{"Allow", server_.router.all_methods()}};
    } else if (server_.draining && (facts.route == nullptr || !facts.route->while_draining)) {
        facts.keep_alive = false;
        answer = {503, "SHUTTING_DOWN", "The gateway is shutting down."};
        answer.retry_after_s = 5;
    } else if (facts.route != nullptr) {
        return false;
    } else if (head.method == "OPTIONS" && (facts.path == "*" || !found.allow.empty())) {
        Response options{.status = 204};
        const std::string& allow = facts.path == "*" ? server_.router.all_methods() : found.allow;
        options.headers = {{"Allow", allow}};
        if (server_.origin_allowed(facts.origin)) {
            options.headers.push_back({"Access-Control-Allow-Methods", allow});
            options.headers.push_back({"Access-Control-Allow-Headers",
                                       "Authorization, Content-Type, Idempotency-Key, "
                                       "Last-Event-ID, X-Request-Id, organizationId"});
            options.headers.push_back({"Access-Control-Max-Age", "600"});
        }
        if (has_body(head)) facts.keep_alive = false;
        respond(facts, std::move(options));
        return true;
    } else if (found.allow.empty()) {
        answer = {404, "NOT_FOUND", "There is nothing at this path."};
    } else {
        answer = {405, "METHOD_NOT_ALLOWED", "This path does not answer to this method."};
        answer.headers = {{"Allow", found.allow}};
    }
    // A body that nobody reads must not be taken for the next request.
    if (has_body(head)) facts.keep_alive = false;
    respond(facts, problem(answer));
    return true;
}

Verdict Connection::body_allowed(const Head& head) const {
    const size_t limit = reading_->facts.route->body_limit;
    reading_->body_limit = limit;
    if (has_body(head) && (limit == 0 || head.length.value_or(0) > limit))
        return Refusal{413, "PAYLOAD_TOO_LARGE", "The body is larger than allowed."};
    const bool sends = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
    if (sends && limit > 0 && !head.chunked && !head.length)
        return Refusal{411, "LENGTH_REQUIRED", "The body's length is not told."};
    return std::nullopt;
}

void Connection::invite_body() {
    if (taken_ < in_.size()) return;  // it comes already
    std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    const iovec part{const_cast<char*>(line.data()), line.size()};
    // One that reads so little that these bytes find no room has broken off.
    if (socket_.write(&part, 1).bytes != line.size()) vanish();
}

bool Connection::step_body() {
    size_t used = 0;
    if (taken_ < in_.size()) {
        if (!take_body(std::string_view(in_).substr(taken_), used)) return true;
        taken_ += used;
        compact();
        if (reading_->framing.done()) {
            dispatch();
            return true;
        }
        return used > 0 || fill();
    }
    if (!readable_) return false;
    // Straight from the shared buffer into the body, without a stay in ours.
    const size_t before = in_.size();
    if (!fill()) return false;
    if (state_ != State::Body) return true;
    if (!take_body(std::string_view(in_).substr(before), used)) return true;
    taken_ = before + used;
    compact();
    if (reading_->framing.done()) dispatch();
    return true;
}

bool Connection::take_body(std::string_view bytes, size_t& used) {
    const Verdict verdict =
        reading_->framing.take_body(bytes, reading_->body_limit, reading_->body, used);
    if (verdict) refuse(*verdict, verdict->status == 413 ? "limits" : "framing");
    return !verdict;
}

bool Connection::step_linger() {
    if (!readable_) return false;
    const Transfer transfer = socket_.read(loop_.scratch(), Loop::scratch_bytes);
    switch (transfer.state) {
        case Transfer::State::Moved:
            taken_ += transfer.bytes;
            if (taken_ > linger_bytes) vanish();
            return state_ == State::Linger;
        case Transfer::State::Later: readable_ = false; return false;
        case Transfer::State::Ended:
        case Transfer::State::Broken: vanish(); return false;
    }
    return false;
}

bool Connection::fill() {
    if (!readable_) return false;
    const Transfer transfer = socket_.read(loop_.scratch(), Loop::scratch_bytes);
    switch (transfer.state) {
        case Transfer::State::Moved:
            // A plain socket that gave less than there was room for is empty.
            if (!socket_.secure() && transfer.bytes < Loop::scratch_bytes && !ending_)
                readable_ = false;
            in_.append(loop_.scratch(), transfer.bytes);
            hold(transfer.bytes);
            return true;
        case Transfer::State::Later: readable_ = false; return false;
        case Transfer::State::Ended:
            readable_ = false;
            ended_ = true;
            peer_ended();
            return false;
        case Transfer::State::Broken: vanish(); return false;
    }
    return false;
}

bool Connection::hold(size_t bytes) {
    held_ += bytes;
    const size_t all = server_.buffered.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (all <= server_.options.buffered_bytes) return true;
    Problem answer{no_room.status, std::string(no_room.code), std::string(no_room.detail)};
    answer.retry_after_s = 1;
    server_.figures.rejected("buffered_bytes");
    Facts facts = reading_ ? reading_->facts : Facts{};
    facts.keep_alive = false;
    linger_after_ = true;
    respond(facts, problem(answer));
    return false;
}

void Connection::peer_ended() {
    if (!reading_ && taken_ == in_.size()) return vanish();
    refuse(cut_short, "framing");
}

void Connection::compact() {
    if (taken_ == in_.size())
        in_.clear();
    else
        in_.erase(0, taken_);
    taken_ = 0;
}

Request Connection::make_request() {
    Request request;
    request.method = std::move(reading_->head.method);
    request.target = std::move(reading_->head.target);
    request.path = std::move(reading_->target.path);
    request.raw_query = std::move(reading_->target.raw_query);
    request.headers = std::move(reading_->head.headers);
    request.body = std::move(reading_->body);
    request.peer = seat_.address().text();
    request.request_id = reading_->facts.request_id;
    request.path_parameters = std::move(reading_->found.parameters);
    request.client = client_of(request, seat_.address(), server_.trusted);
    return request;
}

void Connection::dispatch() {
    Job job;
    job.route = reading_->facts.route;
    job.request = make_request();
    exchange_ = std::make_shared<RequestExchange>(loop_.mailbox(), weak_from_this(),
                                                  std::move(reading_->facts));
    job.responder.emplace(exchange_);
    reading_.reset();
    state_ = State::InHand;
    loop_.arm(*this, Wait::Answer);
    if (job.route->on_loop && job.route->access == Access::Open)
        return server_.workers.run(std::move(job));
    if (server_.workers.submit(job)) return;

    // What the dropped responder answers comes to nobody.
    const auto refused_one = std::exchange(exchange_, nullptr);
    server_.figures.rejected("queue");
    Problem answer{no_room.status, std::string(no_room.code), std::string(no_room.detail)};
    answer.retry_after_s = 1;
    respond(refused_one->facts_, problem(answer));
}

}  // namespace tandem::serve
