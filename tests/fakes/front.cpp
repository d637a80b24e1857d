#include "fakes/front.h"

#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <chrono>
#include <thread>

namespace tandem::fakes {

namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::StreamSocket;

constexpr char control[] = "/_fake/";
// A redirect leads here; whoever follows it with credentials has broken a rule.
constexpr char trap[] = "/_trap";
constexpr int many_fields = 10'000;

Request read(HTTPServerRequest& from) {
    const Poco::URI uri(from.getURI());
    Request request{from.getMethod(), uri.getPath(), form_of(uri.getRawQuery()), {}, {}};
    for (const auto& [name, value] : from) request.headers.emplace_back(name, value);
    Poco::StreamCopier::copyToString(from.stream(), request.body);
    return request;
}

StreamSocket detached(HTTPServerRequest& request) {
    return dynamic_cast<Poco::Net::HTTPServerRequestImpl&>(request).detachSocket();
}

void write_all(StreamSocket& socket, const std::string& text) {
    for (size_t sent = 0; sent < text.size();)
        sent += static_cast<size_t>(
            socket.sendBytes(text.data() + sent, static_cast<int>(text.size() - sent)));
}

void write_and_close(StreamSocket socket, const std::string& text) {
    write_all(socket, text);
    socket.shutdownSend();
    socket.close();
}

void trickle(StreamSocket socket, const std::string& text, int pause_ms) {
    try {
        for (const char letter : text) {
            socket.sendBytes(&letter, 1);
            std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
        }
    } catch (const Poco::Exception&) {
        // The other side has had enough.
    }
}

void send(HTTPServerResponse& response, const Answer& answer) {
    response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
    response.setContentType(answer.content_type);
    response.setDate(Poco::Timestamp::fromEpochTime(now()));
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.sendBuffer(answer.body.data(), answer.body.size());
}

}  // namespace

void Front::handle(HTTPServerRequest& exchange, HTTPServerResponse& response) {
    const Request request = read(exchange);
    if (const auto name = request.below(control)) return send(response, order(*name, request));
    judge(exchange, request, response);
}

void Front::judge(HTTPServerRequest& exchange, const Request& request,
                  HTTPServerResponse& response) {
    const std::string endpoint = provider_.endpoint(request);
    const Json fields = provider_.fields(request);
    const size_t number = script_.received(endpoint, request, fields);
    Mood mood;
    Provider::Done done;
    try {
        if (endpoint.empty())
            throw Refusal{provider_.error(404, 0, "nothing is at " + request.path),
                          "nothing is at " + request.path};
        provider_.check(endpoint, request);
        mood = script_.take(endpoint, fields);
        if (provider_.converse(endpoint, mood, exchange, response))
            return script_.settled(number, "socket", 101, "");
        if (mood.accept)
            done = provider_.carry_out(endpoint, request);
        else
            done.answer = provider_.error(mood.status, mood.code, "as the script says");
    } catch (const Refusal& refusal) {
        if (!refusal.violation.empty())
            script_.violation(request.method + " " + request.path + ": " + refusal.violation);
        done.answer = refusal.answer;
    }
    if (mood.form == "status" && mood.accept)
        done.answer = provider_.error(mood.status, mood.code, "as the script says");
    if (!mood.retry_after.empty())
        done.answer.headers.emplace_back("Retry-After", mood.retry_after);
    if (!done.made.empty()) provider_.before_answer(done, mood);
    script_.settled(number, mood.form, done.answer.status, done.made);
    give(exchange, response, done.answer, mood);
    if (!done.made.empty()) provider_.after_answer(done, mood);
}

void Front::give(HTTPServerRequest& exchange, HTTPServerResponse& response, Answer answer,
                 const Mood& mood) {
    std::this_thread::sleep_for(std::chrono::milliseconds(mood.delay_ms));
    const std::string& form = mood.form;
    if (form == "reset") {
        StreamSocket socket = detached(exchange);
        socket.setLinger(true, 0);
        socket.close();
    } else if (form == "close") {
        detached(exchange).close();
    } else if (form == "silence" || form == "hold") {
        const StreamSocket socket = detached(exchange);
        const std::lock_guard lock(mutex_);
        if (form == "hold")
            held_.push_back({socket, answer.text()});
        else
            silenced_.push_back(socket);
    } else if (form == "trickle") {
        trickle(detached(exchange), answer.text(), mood.pause_ms);
    } else if (form == "truncated") {
        const std::string text = answer.text();
        write_and_close(detached(exchange), text.substr(0, text.size() - answer.body.size() / 2));
    } else if (form == "wrong_length") {
        write_and_close(detached(exchange), answer.text(answer.body.size() / 2));
    } else if (form == "redirect") {
        const std::string to = mood.more.value("location", trap);
        send(response, {mood.more.value("status", 307), "", "text/plain", {{"Location", to}}});
    } else if (form == "garbage") {
        send(response, {200, "}{ this is \x01 no \xff JSON", "application/json", {}});
    } else if (form == "html") {
        send(response, {200, "<html><body>Bad gateway</body></html>", "text/html", {}});
    } else if (form == "say") {
        send(response, {mood.status, mood.more.at("body").dump(), "application/json", {}});
    } else if (form == "empty") {
        send(response, {200, "", "application/json", {}});
    } else if (form == "packed") {
        send(response, {200,
                        from_base64(mood.more.at("bytes")),
                        "application/json",
                        {{"Content-Encoding", "gzip"}}});
    } else if (form == "fields") {
        for (int i = 0; i < many_fields; ++i)
            answer.headers.emplace_back("X-" + std::to_string(i), "x");
        send(response, answer);
    } else if (form == "huge") {
        send(response, {200, std::string(16 << 20, ' ') + "{}", "application/json", {}});
    } else {
        send(response, answer);
    }
}

Json Front::release() {
    std::vector<Held> held;
    {
        const std::lock_guard lock(mutex_);
        held.swap(held_);
    }
    for (Held& one : held) {
        try {
            write_and_close(one.socket, one.text);
        } catch (const Poco::Exception&) {
            // Whoever asked is not there any more.
        }
    }
    return {{"released", held.size()}};
}

Answer Front::order(const std::string& name, const Request& request) {
    try {
        const Json body = request.body.empty() ? Json::object() : Json::parse(request.body);
        Json done = Json::object();
        if (name == "mood")
            script_.add(Mood::of(body));
        else if (name == "calm")
            script_.calm();
        else if (name == "release")
            done = release();
        else if (name == "requests")
            done =
                script_.requests(body.value("endpoint", ""), body.value("match", Json::object()));
        else if (name == "clock")
            set_ahead(body.at("ahead_s"));
        else if (name == "violations")
            done = script_.violations();
        else if (name == "sent")
            done = gateway_.sent();
        else if (name == "again")
            done = gateway_.again(body.at("number"));
        else if (name == "gateway")
            gateway_.at(body.at("url"), body.at("public_url"), body.at("instance"));
        else
            done = provider_.order(name, body);
        return {
            200, done.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json", {}};
    } catch (const std::exception& failure) {
        return {400, Json{{"error", failure.what()}}.dump(), "application/json", {}};
    }
}

}  // namespace tandem::fakes
