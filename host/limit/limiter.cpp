#include "limit/limiter.h"

#include <algorithm>
#include <utility>

namespace tandem::limit {

namespace {

using domain::Organization;

// Organisations are few, and each has one place; the numbers that they write to are many.
constexpr size_t most_organizations = 16 * 1024;

Milliseconds whole(std::chrono::nanoseconds time) {
    return std::chrono::ceil<Milliseconds>(time);
}

std::string pair_key(const Organization& organization, std::string_view to) {
    std::string key = organization.id.text();
    key += '\0';
    key += to;
    return key;
}

}  // namespace

std::string key_of_client(std::string_view client) {
    const auto address = listen::Address::parse(client);
    if (!address) return std::string(client);
    const auto site = address->site().bytes;
    return std::string(site.begin(), site.end());
}

Limiter::Limiter(Rates rates, const Clock& clock, observe::Metrics& metrics)
    : rates_(std::move(rates)),
      clock_(clock),
      metrics_(metrics),
      requests_from_(rates_.most_keys),
      requests_of_(rates_.most_keys),
      bad_signatures_(rates_.most_keys),
      messages_{
          "messages", "messages-to-number", Table(most_organizations), Table(rates_.most_keys), {},
          {}},
      calls_{"calls", "calls-to-number", Table(most_organizations), Table(rates_.most_keys), {},
             {}},
      automatic_(std::max(rates_.automatic_to_number, 1u), rates_.most_keys) {}

Verdict Limiter::request_from(std::string_view client) {
    if (rates_.requests_of_address == 0) return {};
    const auto address = listen::Address::parse(client);
    if (address && contains(rates_.exempt, *address)) return {};
    Verdict verdict =
        take(requests_from_, "address", key_of_client(client), rates_.requests_of_address);
    if (!verdict.passes) count(verdict.policy, false);
    return verdict;
}

Verdict Limiter::request_of(const domain::Identity& identity) {
    const Organization* organization =
        organizations_ ? organizations_->by_id(identity.organization) : nullptr;
    const unsigned rate = organization ? organization->requests_per_minute.value_or(rates_.requests)
                                       : rates_.requests;
    if (rate == 0) return {};
    std::string key = identity.organization.text();
    key += '\0';
    // Credentials without a name of their own are their bearer's.
    key += identity.credential_id.empty() ? identity.subject : identity.credential_id;
    Verdict verdict = take(requests_of_, "requests", key, rate);
    if (!verdict.passes) count(verdict.policy, false);
    return verdict;
}

Verdict Limiter::bad_signature_from(std::string_view client) {
    if (rates_.bad_signatures == 0) return {};
    Verdict verdict =
        take(bad_signatures_, "signatures", key_of_client(client), rates_.bad_signatures);
    if (!verdict.passes) count(verdict.policy, false);
    return verdict;
}

Verdict Limiter::take(Table& table, std::string_view policy, std::string_view key,
                      unsigned per_minute) {
    const Left left = table.take(key, Quota::of_minute(per_minute), clock_.steady());
    Verdict verdict;
    verdict.passes = left.passes;
    verdict.policy = policy;
    verdict.per_minute = per_minute;
    verdict.remaining = left.remaining;
    verdict.full_in = whole(left.full_in);
    verdict.retry_after = whole(left.retry_after);
    verdict.told = rates_.told;
    return verdict;
}

/// Of both or of none: a number that is written to too often takes nothing from its
/// organisation.
Verdict Limiter::take_both(Kind& kind, const Organization& organization, std::string_view to,
                           unsigned rate, unsigned rate_to_number) {
    Verdict of_number;
    if (rate_to_number > 0)
        of_number =
            take(kind.to_number, kind.policy_to_number, pair_key(organization, to), rate_to_number);
    if (!of_number.passes || rate == 0) return of_number;
    Verdict verdict = take(kind.of_organization, kind.policy, organization.id, rate);
    if (!verdict.passes && rate_to_number > 0)
        kind.to_number.give_back(pair_key(organization, to), Quota::of_minute(rate_to_number));
    return verdict;
}

void Limiter::give_back(Kind& kind, const Organization& organization, std::string_view to,
                        unsigned rate, unsigned rate_to_number) {
    if (rate_to_number > 0)
        kind.to_number.give_back(pair_key(organization, to), Quota::of_minute(rate_to_number));
    if (rate > 0) kind.of_organization.give_back(organization.id, Quota::of_minute(rate));
}

Verdict Limiter::message(const Organization& organization, std::string_view to) {
    Verdict verdict = take_both(messages_, organization, to,
                                organization.messages_per_minute.value_or(rates_.messages),
                                rates_.messages_to_number);
    if (!verdict.passes) count(verdict.policy, false);
    return verdict;
}

Verdict Limiter::call(const Organization& organization, std::string_view to) {
    Verdict verdict =
        take_both(calls_, organization, to, organization.calls_per_minute.value_or(rates_.calls),
                  rates_.calls_to_number);
    if (!verdict.passes) count(verdict.policy, false);
    return verdict;
}

/// When somebody who waits is to come again. Those who wait for the organisation's rate are
/// spread over it, since a thousand at once would keep the store busy for nothing; people
/// take what they need in between, and who waited once stays in front of those who come.
Milliseconds Limiter::turn(Kind& kind, const Organization& organization, const Verdict& verdict,
                           bool in_line) {
    if (verdict.passes) return Milliseconds{0};
    count(verdict.policy, true);
    const Milliseconds soonest = std::max(verdict.retry_after, Milliseconds{1});
    if (in_line || verdict.policy != kind.policy) return soonest;
    const Instant now = clock_.steady();
    const std::lock_guard lock(kind.mutex);
    Instant& last = kind.line[organization.id.text()];
    last = std::max(last + Quota::of_minute(verdict.per_minute).interval, now + soonest);
    return whole(last - now);
}

Milliseconds Limiter::message_turn(const Organization& organization, std::string_view to,
                                   bool automatic, bool in_line) {
    const std::string key = pair_key(organization, to);
    const bool watched = automatic && rates_.automatic_to_number > 0;
    if (watched) {
        const auto wait = automatic_.take(key, clock_.steady());
        if (wait.count() > 0) {
            count("loop", true);
            return whole(wait);
        }
    }
    const Verdict verdict = take_both(messages_, organization, to,
                                      organization.messages_per_minute.value_or(rates_.messages),
                                      rates_.messages_to_number);
    if (!verdict.passes && watched) automatic_.give_back(key);
    return turn(messages_, organization, verdict, in_line);
}

Milliseconds Limiter::call_turn(const Organization& organization, std::string_view to,
                                bool in_line) {
    const Verdict verdict =
        take_both(calls_, organization, to, organization.calls_per_minute.value_or(rates_.calls),
                  rates_.calls_to_number);
    return turn(calls_, organization, verdict, in_line);
}

void Limiter::give_back_message(const Organization& organization, std::string_view to,
                                bool automatic) {
    if (automatic && rates_.automatic_to_number > 0)
        automatic_.give_back(pair_key(organization, to));
    give_back(messages_, organization, to,
              organization.messages_per_minute.value_or(rates_.messages),
              rates_.messages_to_number);
}

void Limiter::give_back_call(const Organization& organization, std::string_view to) {
    give_back(calls_, organization, to, organization.calls_per_minute.value_or(rates_.calls),
              rates_.calls_to_number);
}

void Limiter::count(std::string_view policy, bool waits) {
    metrics_
        .counter("tandem_rate_limited_total", "What came too often, and was refused or waits.",
                 {{"limit", policy}, {"result", waits ? "waits" : "refused"}})
        .add();
}

}  // namespace tandem::limit
