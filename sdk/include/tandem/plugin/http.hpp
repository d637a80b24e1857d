// tandem/plugin/http.hpp: requests to a provider, made by the host.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/http.h"
#include "tandem/plugin/service.hpp"

namespace tandem::plugin {

struct HttpRequest {
    std::string method = "POST";
    /// Its host must be named by the options of the plugin; redirects are not followed.
    std::string url;
    std::vector<Header> headers;
    std::string body;
    /// For the whole exchange; the host caps it.
    std::uint32_t deadline_ms = 10'000;
};

/// What became of a request. Three cases: answered (with any HTTP status); not answered and
/// certainly not sent; not answered and maybe acted on (`maybe_sent`).
struct HttpResult {
    bool answered = false;
    std::int32_t status = 0;
    std::vector<Header> headers;
    std::string body;

    /// Without an answer: bytes left, and whether they were acted on is unknown.
    bool maybe_sent = false;
    /// Without an answer: the host's status and words, and when to try again, or zero.
    tandem_status code = TANDEM_OK;
    std::string error;
    std::uint32_t retry_after_ms = 0;

    std::optional<std::string_view> header(std::string_view name) const {
        return find_field(headers, name);
    }
};

/// Sends requests; legal from start until stop. Blocks the calling thread until the answer
/// is complete or the deadline is over.
class Http {
public:
    explicit Http(const tandem_host* host) noexcept
        : self_(host->self), table_(find_service<tandem_host_http>(host, TANDEM_HOST_HTTP)) {}

    /// Never throws for a failed exchange, only where the host offers no HTTP.
    HttpResult send(const HttpRequest& request) const;

private:
    /// Collects the answer; what goes wrong inside a callback is kept for after it.
    struct Collector {
        HttpResult result;
        std::exception_ptr failure;
    };
    static void collect(void* context, const tandem_http_response* response) noexcept;

    void* self_;
    const tandem_host_http* table_;
};

inline void Http::collect(void* context, const tandem_http_response* response) noexcept {
    auto& collector = *static_cast<Collector*>(context);
    try {
        HttpResult& result = collector.result;
        result.status = member(response, &tandem_http_response::status);
        for (const Field& field : fields(member(response, &tandem_http_response::headers),
                                         member(response, &tandem_http_response::header_count))) {
            result.headers.push_back({std::string(field.name), std::string(field.value)});
        }
        result.body = std::string(text(member(response, &tandem_http_response::body)));
        result.answered = true;
    } catch (...) {
        collector.failure = std::current_exception();
    }
}

inline HttpResult Http::send(const HttpRequest& request) const {
    const auto exchange = service_function(table_, &tandem_host_http::send, TANDEM_HOST_HTTP);
    const std::vector<tandem_pair> headers = pairs(request.headers);
    auto raw = sized<tandem_http_request>();
    raw.deadline_ms = request.deadline_ms;
    raw.method = view(request.method);
    raw.url = view(request.url);
    raw.headers = headers.data();
    raw.header_count = headers.size();
    raw.body = view(request.body);

    Collector collector;
    auto sink = sized<tandem_http_sink>();
    // A host that fails without saying how far it came must not make us repeat a message.
    sink.progress = TANDEM_HTTP_MAYBE_SENT;
    sink.context = &collector;
    sink.response = &Http::collect;
    auto error = sized<tandem_error>();
    const tandem_status status = exchange(self_, &raw, &sink, &error);
    if (collector.failure) std::rethrow_exception(collector.failure);

    HttpResult result = std::move(collector.result);
    if (status < 0 || !result.answered) {
        result = HttpResult{};
        result.maybe_sent = sink.progress != TANDEM_HTTP_NOTHING_SENT;
        result.code = status < 0 ? status : TANDEM_INTERNAL;
        result.error = error.text_size > 0 ? error_text(error) : "the host gave no reason";
        result.retry_after_ms = error.retry_after_ms;
    }
    return result;
}

}  // namespace tandem::plugin
