#include <algorithm>

#include "serve/framing.h"
#include "serve/serve.h"

namespace tandem::serve {

std::optional<std::string_view> Request::header(std::string_view name) const {
    return only_field(headers, name);
}

std::optional<std::string> Request::query(std::string_view name) const {
    const std::string_view all = raw_query;
    for (size_t start = 0; start < all.size();) {
        const size_t end = std::min(all.find('&', start), all.size());
        const std::string_view pair = all.substr(start, end - start);
        const size_t equals = std::min(pair.find('='), pair.size());
        if (percent_decoded(pair.substr(0, equals), true) == name)
            return percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
        start = end + 1;
    }
    return std::nullopt;
}

std::string_view Request::path_parameter(std::string_view name) const {
    for (const auto& [own, value] : path_parameters)
        if (own == name) return value;
    return {};
}

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    // What this one had is let go of unanswered.
    Responder dropped(std::move(exchange_));
    exchange_ = std::move(other.exchange_);
    return *this;
}

Responder::~Responder() {
    if (!exchange_) return;
    try {
        answer(problem({500, "INTERNAL_ERROR", "The request was not answered."}));
    } catch (...) {
        // Out of memory: the connection's own deadline answers.
    }
}

void Responder::add(std::vector<Header> headers) {
    if (exchange_) exchange_->add(std::move(headers));
}

void Responder::answer(Response response) {
    if (const auto exchange = std::move(exchange_)) exchange->answer(std::move(response));
}

void Responder::stream(Response head, std::function<void(std::shared_ptr<Stream>)> opened) {
    if (const auto exchange = std::move(exchange_))
        exchange->stream(std::move(head), std::move(opened));
}

}  // namespace tandem::serve
