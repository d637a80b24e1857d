#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "serve/connection.h"

namespace tandem::serve {

namespace {

using listen::Mailbox;
using listen::StreamSocket;
using listen::Transfer;
using listen::Wait;

constexpr std::string_view webhooks = "/api/webhooks/";

/// The path as a problem may repeat it. Below a webhook's a segment may be its secret, and
/// what answers a provider ends up in the provider's log of errors.
std::string_view shown_path(const Facts& facts) {
    if (facts.route != nullptr && facts.route->access == Access::Webhook)
        return facts.route->pattern;
    if (facts.path.starts_with(webhooks)) return webhooks;
    return facts.path;
}

}  // namespace

RequestExchange::RequestExchange(std::shared_ptr<Mailbox> mailbox,
                                 std::weak_ptr<Connection> connection, Facts facts)
    : mailbox_(std::move(mailbox)), connection_(std::move(connection)), facts_(std::move(facts)) {}

void RequestExchange::answer(Response response) {
    response_ = std::move(response);
    deliver();
}

void RequestExchange::stream(Response head, std::function<void(std::shared_ptr<Stream>)> opened) {
    response_ = std::move(head);
    stream_opened_ = std::move(opened);
    deliver();
}

void RequestExchange::deliver() {
    std::move(added_.begin(), added_.end(), std::back_inserter(response_.headers));
    if (mailbox_->on_loop())
        opened();
    else
        mailbox_->post(shared_from_this());
}

void RequestExchange::opened() {
    const auto connection = connection_.lock();
    // Too late, or the client went away: nobody waits for this answer.
    if (!connection || connection->exchange_.get() != this) return;
    connection->answered(*this);
}

void Connection::answered(RequestExchange& exchange) {
    const auto kept = std::exchange(exchange_, nullptr);
    const bool stream = exchange.stream_opened_ != nullptr;
    const bool sound = unsound_header(exchange.response_).empty();
    if (stream && sound && exchange.facts_.method != "HEAD") return become_stream(exchange);
    if (stream) exchange.facts_.keep_alive = false;
    respond(exchange.facts_, std::move(exchange.response_));
    advance();
}

void Connection::become_stream(RequestExchange& exchange) {
    const Facts& facts = exchange.facts_;
    server_.figures.answered(facts.route, facts.method, exchange.response_.status,
                             static_cast<double>(loop_.now_ms() - facts.started_ms) / 1000);
    AnswerFrame frame = frame_for(facts);
    frame.stream = true;
    frame.close = true;
    auto head = std::make_shared<std::string>(render_head(exchange.response_, frame));
    *head += exchange.response_.body;

    const int number = socket_.number();
    const int size = server_.options.stream_send_buffer;
    setsockopt(number, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    release();
    state_ = State::Gone;
    auto stream = std::make_shared<StreamSocket>(loop_, std::move(socket_), std::move(seat_),
                                                 server_.streams);
    loop_.replace(number, stream);
    stream->send(std::move(head));
    exchange.stream_opened_(std::move(stream));
}

void Connection::refuse(const Refusal& refusal, std::string_view reason) {
    server_.figures.rejected(reason);
    Facts facts = reading_ ? std::move(reading_->facts) : Facts{};
    facts.keep_alive = false;
    linger_after_ = true;
    respond(facts, refused(refusal));
}

void Connection::turn_down(const Facts& facts, std::string_view reason) {
    server_.figures.rejected(reason);
    Problem answer{503, "OVERLOADED", "Too many requests are in hand; try again soon."};
    answer.retry_after_s = 1;
    respond(facts, problem(answer));
}

AnswerFrame Connection::frame_for(const Facts& facts) const {
    AnswerFrame frame;
    frame.request_id = facts.request_id;
    frame.path = shown_path(facts);
    frame.vary_origin = !server_.options.cors_origins.empty();
    if (server_.origin_allowed(facts.origin)) frame.allowed_origin = facts.origin;
    frame.close = !facts.keep_alive || server_.draining;
    frame.old_version = facts.old_version;
    frame.secure = came_by_tls(facts);
    frame.head_only = facts.method == "HEAD";
    return frame;
}

bool Connection::came_by_tls(const Facts& facts) const {
    if (socket_.secure()) return true;
    // Our own proxy ends TLS, as the public URL says, unless it tells otherwise of this one.
    return server_.options.public_https && !facts.plain_outside &&
           contains(server_.trusted, seat_.address());
}

void Connection::respond(const Facts& given, Response response) {
    Facts facts = given;
    if (facts.request_id.empty()) facts.request_id = server_.ids.next();
    if (const auto bad = unsound_header(response); !bad.empty()) {
        // Sent as it is, it would become a header or an answer of somebody's choice.
        if (server_.furniture.log != nullptr)
            server_.furniture.log->error("serve", "an answer was refused: a header breaks the line",
                                         {{"requestId", facts.request_id}});
        response = problem({500, "INTERNAL_ERROR", "The answer could not be sent."});
    }
    const double seconds =
        facts.started_ms == 0 ? 0 : static_cast<double>(loop_.now_ms() - facts.started_ms) / 1000;
    server_.figures.answered(facts.route, facts.method, response.status, seconds);

    const AnswerFrame frame = frame_for(facts);
    // A request that was not read to its end leaves bytes that closing would answer with
    // a reset, and the reset may overtake our answer.
    linger_after_ = linger_after_ || reading_ != nullptr;
    close_after_ = frame.close;
    out_head_ = render_head(response, frame);
    out_body_ = std::move(response.body);
    sent_ = 0;
    reading_.reset();
    state_ = State::Flush;
    loop_.arm(*this, Wait::Write);
    flush();
}

void Connection::flush() {
    const size_t all = out_head_.size() + out_body_.size();
    while (sent_ < all) {
        iovec parts[2];
        int count = 0;
        if (sent_ < out_head_.size())
            parts[count++] = {out_head_.data() + sent_, out_head_.size() - sent_};
        const size_t body_sent = sent_ - std::min(sent_, out_head_.size());
        if (body_sent < out_body_.size())
            parts[count++] = {out_body_.data() + body_sent, out_body_.size() - body_sent};
        const Transfer transfer = socket_.write(parts, count);
        if (transfer.state == Transfer::State::Later) return;
        if (transfer.state != Transfer::State::Moved) return vanish();
        sent_ += transfer.bytes;
        if (sent_ < all) loop_.arm(*this, Wait::Write);  // from the last progress on
    }
    answer_sent();
}

void Connection::answer_sent() {
    std::string().swap(out_head_);
    std::string().swap(out_body_);
    release();
    if (close_after_) {
        const bool nothing_unread = !linger_after_ && !readable_ && taken_ == in_.size();
        if (ended_ || nothing_unread) {
            if (socket_.secure()) socket_.shut_writing();
            return vanish();
        }
        std::string().swap(in_);
        taken_ = 0;
        socket_.shut_writing();
        state_ = State::Linger;
        loop_.arm(*this, Wait::Linger);
        return;
    }
    if (taken_ == in_.size())
        std::string().swap(in_);
    else
        in_.erase(0, taken_);
    taken_ = 0;
    if (!hold(in_.size())) return;
    linger_after_ = false;
    state_ = State::Head;
    loop_.arm(*this, Wait::Idle);
}

// Gives back what the request had of the bounds, but for what its handler still holds.
void Connection::release() {
    kept_.reset();
    if (std::exchange(counted_, false)) server_.in_hand.remove();
}

void Connection::vanish() {
    if (state_ == State::Gone) return;
    state_ = State::Gone;
    exchange_.reset();
    release();
    loop_.retire(socket_.number());
}

}  // namespace tandem::serve
