#include "serve/connection.h"

#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace tandem::serve {

namespace {

using listen::Loop;
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

}  // namespace

Connection::Connection(ServerState& server, Loop& loop, Socket socket, Seat seat, bool control)
    : server_(server),
      loop_(loop),
      socket_(std::move(socket)),
      seat_(std::move(seat)),
      control_(control) {}

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
        case Wait::Body:
            if (body_keeps_pace()) return loop_.arm(*this, Wait::Body);
            refuse(too_slow, "slow");
            break;
        case Wait::Answer: answer_missing(); break;
        case Wait::Write: server_.figures.rejected("slow"); return vanish();
        case Wait::Idle:
        case Wait::Linger:
        case Wait::Rest:
        case Wait::None: return vanish();
    }
    advance();
}

// Since the last look: what came fast at first buys no standing still afterwards.
bool Connection::body_keeps_pace() {
    const int64_t elapsed_ms = loop_.now_ms() - std::exchange(reading_->looked_ms, loop_.now_ms());
    const size_t before = std::exchange(reading_->looked_at, reading_->body.size());
    const auto received = static_cast<int64_t>(reading_->body.size() - before);
    return received >= elapsed_ms * body_bytes_a_second / 1000;
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
    if (bytes == 0) return true;
    if (!kept_) kept_ = seat_.keep();
    if (kept_->add(bytes)) return true;
    Facts facts = reading_ ? reading_->facts : Facts{};
    facts.keep_alive = false;
    linger_after_ = true;
    turn_down(facts, "buffered_bytes");
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

}  // namespace tandem::serve
