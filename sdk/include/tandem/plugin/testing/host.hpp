// tandem/plugin/testing/host.hpp: a host that a unit test holds in its hand.
//
//     testing::FakeHost fake;
//     fake.option("api_base_url", "http://127.0.0.1:9");
//     fake.answer_http(200, R"({"sid":"SM1"})");
//     Acme acme(fake.host());
//     acme.send(message);
//     assert(fake.requests().at(0).url == "http://127.0.0.1:9/messages");
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/plugin/host.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/testing/events.hpp"
#include "tandem/plugin/testing/websocket.hpp"

namespace tandem::plugin::testing {

struct LogLine {
    std::int32_t level = 0;
    std::string text;
    std::vector<Header> fields;
};

/// All services of a host, kept in memory. The services may be used from any thread; the rest
/// belongs to the thread of the test. Must outlive the plugin.
class FakeHost {
public:
    explicit FakeHost(std::string instance_name = "acme")
        : instance_name_(std::move(instance_name)) {
        raw_ = sized<tandem_host>();
        raw_.abi_minor = TANDEM_ABI_MINOR;
        raw_.self = this;
        raw_.service = &FakeHost::service;
    }
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    Host host() const { return Host(&raw_, instance_name_); }
    const tandem_host* raw() const { return &raw_; }

    /// Sets an option. Numbers and yes or no are written as the configuration has them.
    void option(const std::string& name, const std::string& value) { options_[name] = {value}; }
    void option_list(const std::string& name, const std::vector<std::string>& list) {
        options_[name] = list;
    }
    /// Sets the defaults of a plugin's options where the test set none.
    template <typename Owner>
    void apply_defaults() {
        for (const Option& known : Owner::describe().options) {
            if (known.default_value) options_.insert({known.name, {*known.default_value}});
        }
    }

    /// The clock stands still until it is moved, or until the plugin waits for a message of a
    /// WebSocket that has none: that moves it by the time of the wait.
    void now(tandem_time time) {
        const std::lock_guard<std::mutex> lock(mutex_);
        now_ = time;
    }
    void advance(std::int64_t milliseconds) {
        const std::lock_guard<std::mutex> lock(mutex_);
        now_ += milliseconds;
        monotonic_ms_ += milliseconds;
    }

    /// Queues an answer; each request takes one. With none left a request is not answered and
    /// certainly not sent.
    void answer_http(HttpResult result) { answers_.push_back(std::move(result)); }
    void answer_http(std::int32_t status, std::string body, std::vector<Header> headers = {}) {
        HttpResult result;
        result.answered = true;
        result.status = status;
        result.body = std::move(body);
        result.headers = std::move(headers);
        answers_.push_back(std::move(result));
    }
    /// Answers every request by a function instead.
    void answer_http_by(std::function<HttpResult(const HttpRequest&)> answer) {
        answer_by_ = std::move(answer);
    }

    /// Queues a connection for its script to be written; each `open` takes one, and it may be
    /// read as long as this host lives. With none left nobody answers.
    FakeWebsocket& websocket() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return websockets_.emplace_back();
    }

    /// Makes the host one that does not offer this service: "tandem.host.http/1". To be called
    /// before `host`.
    void withhold(std::string id) { withheld_.insert(std::move(id)); }
    /// The queue of events is full, or no longer.
    void events_full(bool full) { events_full_ = full; }

    /// What the plugin did, in order.
    const std::vector<LogLine>& log() const { return log_; }
    const std::vector<HttpRequest>& requests() const { return requests_; }
    const std::vector<AnyEvent>& events() const { return events_; }

private:
    static FakeHost& of(void* self) { return *static_cast<FakeHost*>(self); }

    static const void* service(void* self, tandem_view id) {
        static constexpr tandem_host_log log{sizeof(tandem_host_log), 0, &log_enabled, &log_write};
        static constexpr tandem_host_config config{sizeof(tandem_host_config),
                                                   0,
                                                   &config_text,
                                                   &config_integer,
                                                   &config_yes_no,
                                                   &config_at};
        static constexpr tandem_host_clock clock{sizeof(tandem_host_clock), 0, &clock_now,
                                                 &clock_monotonic};
        static constexpr tandem_host_http http{sizeof(tandem_host_http), 0, &http_send};
        static constexpr tandem_host_websocket websocket{sizeof(tandem_host_websocket),
                                                         0,
                                                         &websocket_open,
                                                         &websocket_send,
                                                         &websocket_receive,
                                                         &websocket_close};
        static constexpr tandem_host_events events{sizeof(tandem_host_events), 0, &events_emit};
        const std::string_view asked = text(id);
        if (of(self).withheld_.count(std::string(asked)) != 0) return nullptr;
        if (asked == TANDEM_HOST_LOG) return &log;
        if (asked == TANDEM_HOST_CONFIG) return &config;
        if (asked == TANDEM_HOST_CLOCK) return &clock;
        if (asked == TANDEM_HOST_HTTP) return &http;
        if (asked == TANDEM_HOST_WEBSOCKET) return &websocket;
        if (asked == TANDEM_HOST_EVENTS) return &events;
        return nullptr;
    }

    static std::int32_t log_enabled(void*, std::int32_t) { return 1; }
    static void log_write(void* self, std::int32_t level, tandem_view line,
                          const tandem_pair* pairs, std::size_t count) {
        LogLine made{level, std::string(text(line)), {}};
        for (const Field& field : fields(pairs, count)) {
            made.fields.push_back({std::string(field.name), std::string(field.value)});
        }
        const std::lock_guard<std::mutex> lock(of(self).mutex_);
        of(self).log_.push_back(std::move(made));
    }

    const std::string* find_option(tandem_view name, std::size_t index) const {
        const auto found = options_.find(std::string(text(name)));
        if (found == options_.end() || index >= found->second.size()) return nullptr;
        return &found->second[index];
    }
    static tandem_status config_at(void* self, tandem_view name, std::size_t index,
                                   tandem_view* value) {
        const std::string* found = of(self).find_option(name, index);
        if (found == nullptr) return TANDEM_NOT_FOUND;
        *value = view(*found);
        return TANDEM_OK;
    }
    static tandem_status config_text(void* self, tandem_view name, tandem_view* value) {
        return config_at(self, name, 0, value);
    }
    static tandem_status config_integer(void* self, tandem_view name, std::int64_t* value) {
        const std::string* found = of(self).find_option(name, 0);
        if (found == nullptr) return TANDEM_NOT_FOUND;
        try {
            std::size_t used = 0;
            *value = std::stoll(*found, &used);
            return used == found->size() ? TANDEM_OK : TANDEM_INVALID;
        } catch (const std::exception&) {
            return TANDEM_INVALID;
        }
    }
    static tandem_status config_yes_no(void* self, tandem_view name, std::int32_t* value) {
        const std::string* found = of(self).find_option(name, 0);
        if (found == nullptr) return TANDEM_NOT_FOUND;
        const bool yes = *found == "true" || *found == "yes";
        if (!yes && *found != "false" && *found != "no") return TANDEM_INVALID;
        *value = yes ? 1 : 0;
        return TANDEM_OK;
    }

    static tandem_time clock_now(void* self) {
        const std::lock_guard<std::mutex> lock(of(self).mutex_);
        return of(self).now_;
    }
    static std::int64_t clock_monotonic(void* self) {
        const std::lock_guard<std::mutex> lock(of(self).mutex_);
        return of(self).monotonic_ms_;
    }

    static tandem_status http_send(void* self, const tandem_http_request* raw,
                                   tandem_http_sink* sink, tandem_error* error) {
        HttpRequest request{std::string(text(raw->method)),
                            std::string(text(raw->url)),
                            {},
                            std::string(text(raw->body)),
                            raw->deadline_ms};
        for (const Field& field : fields(raw->headers, raw->header_count)) {
            request.headers.push_back({std::string(field.name), std::string(field.value)});
        }
        const HttpResult result = of(self).next_answer(request);
        if (!result.answered) {
            sink->progress = result.maybe_sent ? TANDEM_HTTP_MAYBE_SENT : TANDEM_HTTP_NOTHING_SENT;
            const tandem_status code = result.code < 0 ? result.code : TANDEM_UNAVAILABLE;
            fill_error(error, code, result.error, result.retry_after_ms);
            return code;
        }
        const std::vector<tandem_pair> headers = pairs(result.headers);
        auto response = sized<tandem_http_response>();
        response.status = result.status;
        response.headers = headers.data();
        response.header_count = headers.size();
        response.body = view(result.body);
        sink->response(sink->context, &response);
        return TANDEM_OK;
    }

    HttpResult next_answer(const HttpRequest& request) {
        std::unique_lock<std::mutex> lock(mutex_);
        requests_.push_back(request);
        if (answer_by_) {
            // The function may move the clock, or look at what was asked before.
            lock.unlock();
            return answer_by_(request);
        }
        if (answers_.empty()) {
            HttpResult none;
            none.error = "the test has no answer for this request";
            return none;
        }
        HttpResult next = std::move(answers_.front());
        answers_.pop_front();
        return next;
    }

    static FakeWebsocket& of(tandem_websocket* socket) {
        return *reinterpret_cast<FakeWebsocket*>(socket);
    }
    static tandem_status websocket_open(void* self, const tandem_websocket_request* request,
                                        tandem_websocket** socket, tandem_error* error) {
        FakeWebsocket* next = of(self).next_websocket();
        if (next == nullptr) {
            fill_error(error, TANDEM_UNAVAILABLE, "the test has no WebSocket for this", 0);
            return TANDEM_UNAVAILABLE;
        }
        const tandem_status status = next->open(request, error);
        if (status == TANDEM_OK) *socket = reinterpret_cast<tandem_websocket*>(next);
        return status;
    }
    static tandem_status websocket_send(void*, tandem_websocket* socket, tandem_view message,
                                        tandem_error* error) {
        return of(socket).send(message, error);
    }
    static tandem_status websocket_receive(void* self, tandem_websocket* socket,
                                           std::uint32_t timeout_ms, tandem_websocket_sink* sink,
                                           tandem_error* error) {
        const tandem_status status = of(socket).receive(sink, error);
        if (status == TANDEM_TIMEOUT) of(self).advance(timeout_ms);
        return status;
    }
    static void websocket_close(void*, tandem_websocket* socket, std::uint32_t code) {
        of(socket).closed_with_ = code;
    }

    FakeWebsocket* next_websocket() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (opened_websockets_ == websockets_.size()) return nullptr;
        return &websockets_[opened_websockets_++];
    }

    static tandem_status events_emit(void* self, const tandem_event* event) {
        const std::lock_guard<std::mutex> lock(of(self).mutex_);
        if (of(self).events_full_) return TANDEM_LIMITED;
        auto record = to_record(event);
        if (!record) return TANDEM_UNSUPPORTED;
        of(self).events_.push_back(*std::move(record));
        return TANDEM_OK;
    }

    // Set by the test before the plugin uses them.
    std::string instance_name_;
    tandem_host raw_{};
    std::map<std::string, std::vector<std::string>> options_;
    std::set<std::string> withheld_;
    std::function<HttpResult(const HttpRequest&)> answer_by_;

    // Guarded by mutex_ while the plugin works.
    std::mutex mutex_;
    tandem_time now_ = 1'700'000'000'000;
    std::int64_t monotonic_ms_ = 1'000;
    bool events_full_ = false;
    std::deque<FakeWebsocket> websockets_;
    std::size_t opened_websockets_ = 0;
    std::deque<HttpResult> answers_;
    std::vector<LogLine> log_;
    std::vector<HttpRequest> requests_;
    std::vector<AnyEvent> events_;
};

}  // namespace tandem::plugin::testing
