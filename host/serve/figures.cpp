#include "serve/figures.h"

#include <algorithm>
#include <string>

namespace tandem::serve {

namespace {

constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// A method of the caller's choosing must not become a label of its own.
size_t method_index(std::string_view method) {
    return static_cast<size_t>(std::find(std::begin(methods), std::end(methods), method) -
                               std::begin(methods));
}

}  // namespace

Figures::Figures(observe::Metrics* metrics, const Router& router)
    : metrics_(metrics), router_(router) {}

void Figures::answered(const Route* route, std::string_view method, int status, double seconds) {
    if (metrics_ == nullptr) return;
    const Series series = series_of(route, method, status);
    series.requests->add();
    series.seconds->observe(seconds);
}

Figures::Series Figures::series_of(const Route* route, std::string_view method, int status) {
    const size_t route_index = route == nullptr
                                   ? router_.routes().size()
                                   : static_cast<size_t>(route - router_.routes().data());
    const size_t method_number = method_index(method);
    const uint64_t key = (static_cast<uint64_t>(route_index) << 32) |
                         (static_cast<uint64_t>(method_number) << 16) |
                         static_cast<uint64_t>(status);
    const std::lock_guard lock(mutex_);
    Series& known = series_[key];
    if (known.requests == nullptr) {
        const std::string pattern = route == nullptr ? "none" : route->pattern;
        const std::string_view word =
            method_number < std::size(methods) ? methods[method_number] : "other";
        known.requests = &metrics_->counter(
            "tandem_http_requests_total", "Requests answered.",
            {{"route", pattern}, {"method", word}, {"code", std::to_string(status)}});
        known.seconds = &metrics_->histogram(
            "tandem_http_request_duration_seconds",
            "From the end of the request to the answer being ready.", {{"route", pattern}});
    }
    return known;
}

void Figures::rejected(std::string_view reason) {
    if (metrics_ == nullptr) return;
    metrics_
        ->counter("tandem_http_rejected_total", "Requests and connections refused by the server.",
                  {{"reason", reason}})
        .add();
}

}  // namespace tandem::serve
