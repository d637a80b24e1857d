#include <algorithm>
#include <utility>

#include "serve/connection.h"

// From a header to its handler.

namespace tandem::serve {

namespace {

using listen::Address;
using listen::Networks;
using listen::Wait;

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
    if (const auto scheme = only_field(head.headers, "X-Forwarded-Proto"))
        facts.plain_outside = !same_text(*scheme, "https");
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
    reading_->looked_ms = loop_.now_ms();
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
    request.kept = kept_;
    if (control_) {
        request.control = true;
        request.peer = request.client = "control";
    }
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
    turn_down(refused_one->facts_, "queue");
}

}  // namespace tandem::serve
