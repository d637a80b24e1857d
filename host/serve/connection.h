#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "listen/listen.h"
#include "serve/answer.h"
#include "serve/server_state.h"

/// A connection that speaks requests and answers: reads one request at a time within its
/// bounds, gives it to its handler, writes the answer, and goes on with the next. What
/// pipelined requests wait for is the answer before them, so order needs no book.
namespace tandem::serve {

class Connection;

/// What of a request is still needed when its answer comes.
struct Facts {
    std::string request_id;
    std::string method;
    std::string path;
    std::string origin;  // as sent; believed only where it is on the list
    const Route* route = nullptr;
    int64_t started_ms = 0;
    bool old_version = false;
    bool keep_alive = false;
    bool plain_outside = false;  // a trusted proxy says that its client came without TLS
};

/// A request on its way in; gone as soon as it is in hand.
struct Reading {
    HeadEnd end;
    Head head;
    Target target;
    Framing framing;
    Router::Found found;
    std::string body;
    Facts facts;
    size_t body_limit = 0;
    int64_t looked_ms = 0;  // when the body's pace was looked at last
    size_t looked_at = 0;   // bytes that were there then
    bool blank_line_taken = false;
};

/// The continuation of one request; see Responder. Holds no connection alive.
class RequestExchange : public Responder::Exchange,
                        public listen::Letter,
                        public std::enable_shared_from_this<RequestExchange> {
public:
    RequestExchange(std::shared_ptr<listen::Mailbox> mailbox, std::weak_ptr<Connection> connection,
                    Facts facts);

    void answer(Response response) override;
    void add(std::vector<Header> headers) override { added_ = std::move(headers); }
    void stream(Response head, std::function<void(std::shared_ptr<Stream>)> opened) override;
    /// Letter: brings the answer to the connection, if it still waits for this one.
    void opened() override;

private:
    friend class Connection;
    void deliver();

    std::vector<Header> added_;
    const std::shared_ptr<listen::Mailbox> mailbox_;
    const std::weak_ptr<Connection> connection_;
    Facts facts_;
    Response response_;
    std::function<void(std::shared_ptr<Stream>)> stream_opened_;
};

/// Owned by its loop and confined to it. Idle, it holds no buffer.
class Connection : public listen::Watched, public std::enable_shared_from_this<Connection> {
public:
    /// `control`: the peer came by the control socket, and was looked at there.
    Connection(ServerState& server, listen::Loop& loop, listen::Socket socket, listen::Seat seat,
               bool control);
    ~Connection() override;

    /// Once, after the loop adopted it.
    void begin();
    void ready(uint32_t events) override;
    void overdue(listen::Wait wait) override;
    void abandoned() override;

private:
    friend class RequestExchange;
    enum class State : uint8_t { Head, Body, InHand, Flush, Linger, Gone };

    // Reading (connection.cpp).
    void advance();
    bool step();
    bool step_head();
    bool step_body();
    bool step_linger();
    bool take_body(std::string_view bytes, size_t& used);
    bool fill();
    void invite_body();
    void peer_ended();
    void compact();
    /// False when there is no room; then that was answered.
    bool hold(size_t bytes);
    bool body_keeps_pace();
    void answer_missing();

    // From a header to its handler (connection_request.cpp).
    void head_complete(size_t block_length);
    bool answered_by_rule(const Head& head);
    Verdict body_allowed(const Head& head) const;
    Request make_request();
    void dispatch();

    // Answering (connection_answer.cpp).
    void answered(RequestExchange& exchange);
    void become_stream(RequestExchange& exchange);
    void refuse(const Refusal& refusal, std::string_view reason);
    /// There is no room for what is asked.
    void turn_down(const Facts& facts, std::string_view reason);
    void respond(const Facts& facts, Response response);
    AnswerFrame frame_for(const Facts& facts) const;
    bool came_by_tls(const Facts& facts) const;
    void flush();
    void answer_sent();
    void release();
    void vanish();

    ServerState& server_;
    listen::Loop& loop_;
    listen::Socket socket_;
    listen::Seat seat_;
    const bool control_;
    State state_ = State::Head;
    bool readable_ = true;  // an edge came and was not used up
    bool ending_ = false;   // the peer's end is in sight, behind what is unread
    bool ended_ = false;    // the peer's end was read
    bool advancing_ = false;
    bool counted_ = false;  // in server_.in_hand
    bool close_after_ = false;
    bool linger_after_ = false;
    std::string in_;
    size_t taken_ = 0;                           // bytes of in_ that are used up
    std::shared_ptr<listen::Kept> kept_;         // what the doorman counts of the request
    std::unique_ptr<Reading> reading_;           // while a request arrives
    std::shared_ptr<RequestExchange> exchange_;  // of the request in hand
    std::string out_head_, out_body_;
    size_t sent_ = 0;
};

}  // namespace tandem::serve
