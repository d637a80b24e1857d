#include "message_list.hpp"

#include <algorithm>
#include <utility>

#include "outcome.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::uint32_t longest_request_ms = 15'000;

}  // namespace

Deadline::Deadline(const Host& host, std::uint32_t deadline_ms, std::uint32_t usual_ms)
    : host_(host),
      until_(host.clock().monotonic_ms() + (deadline_ms > 0 ? deadline_ms : usual_ms)) {}

std::uint32_t Deadline::left_ms() const {
    const std::int64_t left = until_ - host_.clock().monotonic_ms();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, longest_request_ms));
}

bool read_messages(const Host& host, const Api& api, const Account& account,
                   const Parameters& query, int max_pages, const Deadline& deadline,
                   const TakePage& take) {
    if (deadline.left_ms() == 0) return false;
    HttpResult result = api.get(account, "Messages.json", query, deadline.left_ms());
    for (int pages = 1;; ++pages) {
        const tandem_time now = host.clock().now();
        const bool answered = result.answered && result.status == 200;
        auto page = answered ? read_message_page(result.body) : std::nullopt;
        if (!page) throw failure_of(result, "listing messages", now);
        take(std::move(page->messages), clock_ahead_ms(result, now));
        if (page->next_page_uri.empty()) return true;
        if (pages >= max_pages || deadline.left_ms() == 0) return false;
        result = api.get_page(account, "Messages.json", page->next_page_uri, deadline.left_ms());
    }
}

}  // namespace tandem::twilio
