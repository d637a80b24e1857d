#include "serve/core.h"

#include <algorithm>
#include <stdexcept>

namespace tandem::serve {

namespace {

constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// A method of the caller's choosing must not become a label of its own.
size_t method_index(std::string_view method) {
    return static_cast<size_t>(std::find(std::begin(methods), std::end(methods), method) -
                               std::begin(methods));
}

}  // namespace

Networks parse_networks(const std::vector<std::string>& texts) {
    Networks networks;
    for (const std::string& text : texts) {
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument(text + " is no address range");
        networks.push_back(*network);
    }
    return networks;
}

Seat::Seat(Seat&& other) noexcept : doorman_(other.doorman_), address_(other.address_) {
    other.doorman_ = nullptr;
}

Seat::~Seat() {
    if (doorman_ != nullptr) doorman_->leave(address_);
}

Doorman::Doorman(size_t limit, size_t limit_per_address, const Networks& exempt)
    : limit_(limit), limit_per_address_(limit_per_address), exempt_(exempt) {}

std::optional<Seat> Doorman::admit(const Address& address) {
    const bool capped = limit_per_address_ != 0 && !contains(exempt_, address);
    const std::lock_guard lock(mutex_);
    if (seated_ >= limit_) return std::nullopt;
    size_t& here = addresses_[address];
    if (capped && here >= limit_per_address_) return std::nullopt;
    ++here;
    ++seated_;
    return Seat(this, address);
}

void Doorman::leave(const Address& address) {
    const std::lock_guard lock(mutex_);
    --seated_;
    const auto here = addresses_.find(address);
    if (--here->second == 0) addresses_.erase(here);
}

size_t Doorman::seated() const {
    const std::lock_guard lock(mutex_);
    return seated_;
}

Core::Core(ServerOptions given, std::vector<Route> routes, Furniture lent)
    : options(std::move(given)),
      furniture(std::move(lent)),
      framing_limits{options.header_bytes, options.request_line_bytes, options.fields},
      trusted(parse_networks(options.trusted_proxies)),
      router(std::move(routes)),
      ids(clock),
      doorman(options.connections, options.connections_per_address, trusted),
      workers(options.queued_requests, furniture.guard, furniture.log) {
    const auto guarded = [](const Route& route) {
        return route.access == Access::Bearer || route.access == Access::Stream ||
               route.access == Access::Metrics;
    };
    const auto& all = router.routes();
    const auto first = std::find_if(all.begin(), all.end(), guarded);
    if (furniture.guard == nullptr && first != all.end())
        throw std::invalid_argument("route " + first->pattern +
                                    " is guarded and there is no guard");
}

void Core::count_answer(const Route* route, std::string_view method, int status, double seconds) {
    if (furniture.metrics == nullptr) return;
    const size_t route_index = route == nullptr
                                   ? router.routes().size()
                                   : static_cast<size_t>(route - router.routes().data());
    const size_t method_number = method_index(method);
    const uint64_t key = (static_cast<uint64_t>(route_index) << 32) |
                         (static_cast<uint64_t>(method_number) << 16) |
                         static_cast<uint64_t>(status);
    Series series{};
    {
        const std::lock_guard lock(series_mutex_);
        auto& known = series_[key];
        if (known.requests == nullptr) {
            const std::string pattern = route == nullptr ? "none" : route->pattern;
            const std::string_view word =
                method_number < std::size(methods) ? methods[method_number] : "other";
            known.requests = &furniture.metrics->counter(
                "tandem_http_requests_total", "Requests answered.",
                {{"route", pattern}, {"method", word}, {"code", std::to_string(status)}});
            known.seconds = &furniture.metrics->histogram(
                "tandem_http_request_duration_seconds",
                "From the end of the request to the answer being ready.", {{"route", pattern}});
        }
        series = known;
    }
    series.requests->add();
    series.seconds->observe(seconds);
}

void Core::count_rejected(std::string_view reason) {
    if (furniture.metrics == nullptr) return;
    furniture.metrics
        ->counter("tandem_http_rejected_total", "Requests and connections refused by the server.",
                  {{"reason", reason}})
        .add();
}

bool Core::origin_allowed(std::string_view origin) const {
    return std::find(options.cors_origins.begin(), options.cors_origins.end(), origin) !=
           options.cors_origins.end();
}

}  // namespace tandem::serve
