#include "limit/amount.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace tandem::limit {

namespace {

constexpr std::array parts{&Amount::messages, &Amount::segments, &Amount::calls, &Amount::minutes,
                           &Amount::reserved_minutes};

uint64_t all_minutes(const Amount& amount) {
    return uint64_t{amount.minutes} + amount.reserved_minutes;
}

bool beyond(const std::optional<unsigned>& cap, uint64_t spent, uint64_t more) {
    return cap && more > 0 && (spent >= *cap || more > *cap - spent);
}

bool beyond(const domain::Organization& organization, const Amount& spent, const Amount& more) {
    const auto& cap = organization.daily.cost;
    const domain::Money price = cost_of(organization.prices, more);
    if (!cap || price == domain::Money{}) return false;
    return (cost_of(organization.prices, spent) + price).millionths > cap->millionths;
}

}  // namespace

Amount of_a_call(const domain::Organization& organization) {
    Amount amount;
    amount.calls = 1;
    amount.reserved_minutes = organization.daily.call_reserve_minutes;
    return amount;
}

domain::Money cost_of(const domain::Organization::Prices& prices, const Amount& amount) {
    const auto times = [](const std::optional<domain::Money>& price, uint64_t count) {
        return price.value_or(domain::Money{}) * count;
    };
    return times(prices.message, amount.messages) + times(prices.segment, amount.segments) +
           times(prices.call, amount.calls) + times(prices.call_minute, all_minutes(amount));
}

std::string to_text(const Amount& amount) {
    std::string text;
    for (const auto part : parts) text += (text.empty() ? "" : ";") + std::to_string(amount.*part);
    return text;
}

Amount amount_of(std::string_view text) {
    Amount amount;
    for (const auto part : parts) {
        if (text.empty()) break;
        const size_t end = std::min(text.find(';'), text.size());
        const auto [read, wrong] = std::from_chars(text.data(), text.data() + end, amount.*part);
        if (wrong != std::errc() || read != text.data() + end) return {};
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return amount;
}

void Sum::replace(const Amount& before, const Amount& after) {
    for (size_t i = 0; i < parts.size(); ++i)
        parts_.at(i) += int64_t{after.*parts[i]} - int64_t{before.*parts[i]};
}

Amount Sum::amount() const {
    constexpr int64_t most = std::numeric_limits<unsigned>::max();
    Amount amount;
    for (size_t i = 0; i < parts.size(); ++i)
        amount.*parts[i] = static_cast<unsigned>(std::clamp<int64_t>(parts_.at(i), 0, most));
    return amount;
}

std::string_view cap_reached_by(const domain::Organization& organization, const Amount& spent,
                                const Amount& more) {
    const domain::Organization::Daily& caps = organization.daily;
    if (beyond(caps.messages, spent.messages, more.messages)) return "messages";
    if (beyond(caps.segments, spent.segments, more.segments)) return "segments";
    if (beyond(caps.calls, spent.calls, more.calls)) return "calls";
    if (beyond(caps.call_minutes, all_minutes(spent), all_minutes(more))) return "call_minutes";
    if (beyond(organization, spent, more)) return "cost";
    return {};
}

}  // namespace tandem::limit
