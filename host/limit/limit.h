#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/conversation.h"
#include "domain/identity.h"
#include "domain/money.h"
#include "domain/organization.h"
#include "serve/serve.h"
#include "store/store.h"

/// How much anyone may ask, send and spend.
namespace tandem::limit {

/// What a limit says to one more.
struct Verdict {
    bool passes = true;
    std::string_view policy;  // its name in RateLimit-Policy; empty: nothing limits it
    unsigned per_minute = 0;
    unsigned remaining = 0;       // more that would pass at once
    Milliseconds full_in{0};      // until as many pass at once as ever
    Milliseconds retry_after{0};  // until one passes; of a refusal
    bool told = true;             // in RateLimit and RateLimit-Policy
};

/// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10); none where
/// nothing limits or nothing is to be told.
std::vector<serve::Header> rate_fields(const Verdict& verdict);
/// 429 RATE_LIMITED with Retry-After, for a verdict that does not pass.
serve::Problem refusal(const Verdict& verdict);

/// Limits by volume, in memory: a restart forgives. Each lets through its rate in the long
/// run and a quarter of a minute's at once (GCRA). Safe from any thread; never blocks.
class Limits {
public:
    virtual ~Limits() = default;

    /// Before its credential is looked at. `client` as serve tells it; an IPv6 client is its
    /// /64, which is what one customer of a network gets.
    virtual Verdict request_from(std::string_view client) = 0;
    virtual Verdict request_of(const domain::Identity& identity) = 0;
    /// A webhook that nobody vouches for. Genuine ones are not even counted.
    virtual Verdict bad_signature_from(std::string_view client) = 0;

    /// Of people and machines that are answered at once: taken, or refused. Both also count
    /// for the number that is written to or called.
    virtual Verdict message(const domain::Organization& organization, std::string_view to) = 0;
    virtual Verdict call(const domain::Organization& organization, std::string_view to) = 0;

    /// For work that waits instead: zero, and it is counted; else when to come again.
    /// `in_line`: it comes from such a wait, so nobody is put before it any more.
    virtual Milliseconds message_turn(const domain::Organization& organization, std::string_view to,
                                      bool automatic, bool in_line) = 0;
    virtual Milliseconds call_turn(const domain::Organization& organization, std::string_view to,
                                   bool in_line) = 0;
    /// What was counted last did not take place.
    virtual void give_back_message(const domain::Organization& organization, std::string_view to,
                                   bool automatic) = 0;
    virtual void give_back_call(const domain::Organization& organization, std::string_view to) = 0;
};

/// What a day's caps count.
struct Amount {
    unsigned messages = 0, segments = 0, calls = 0;
    unsigned minutes = 0;           // that calls took
    unsigned reserved_minutes = 0;  // of calls that are not over

    bool operator==(const Amount&) const = default;
};

/// A call that is about to begin.
Amount of_a_call(const domain::Organization& organization);

/// What that costs, at the prices of now.
domain::Money cost_of(const domain::Organization::Prices& prices, const Amount& amount);

/// What an organisation spent of a day.
struct Day {
    std::string date;  // 2026-11-22, in UTC
    Time ends_at{};
    Amount spent;
};

class Ledger;

/// Something that was counted; undone when this goes without `keep`. Must not outlive its
/// ledger. One thread at a time.
class Charge {
public:
    Charge() = default;
    /// `after` was counted instead of `before`.
    Charge(Ledger& ledger, std::string organization, std::string day, Amount before, Amount after,
           store::Note note);
    Charge(Charge&& other) noexcept;
    Charge& operator=(Charge&& other) noexcept;
    ~Charge();

    /// The line of the ledger, to be committed with what it is about; nothing where nothing
    /// is counted.
    void write(store::ChangeSet& set) const;
    /// The commit took place.
    void keep() { ledger_ = nullptr; }

private:
    Ledger* ledger_ = nullptr;
    std::string organization_, day_;
    Amount before_, after_;
    std::optional<store::Note> note_;
};

/// The caps of a day (UTC). Each charge is a note of the store, written in the commit of what
/// it pays for, so that the count holds over restarts and counts nothing that is not there.
/// One process at a time: others that share the store count for themselves. Safe from any
/// thread; blocks for a read at the first charge of an organisation and day.
class Spending {
public:
    virtual ~Spending() = default;
    /// `id` is what it pays for. Limited: a cap is reached, with how long the day lasts; else
    /// the store did not answer.
    virtual Result<Charge> spend(const domain::Organization& organization, const Amount& amount,
                                 std::string_view id) = 0;
    /// Whether that much is left; counts nothing. Failures as of `spend`.
    virtual Result<void> left(const domain::Organization& organization, const Amount& amount) = 0;
    /// A call that is over: its minutes take the place of what was reserved for it, on the day
    /// on which it began. To be committed with its end, under the version of its conversation;
    /// the same end again changes nothing. Never refused for a cap.
    virtual Result<Charge> settle(const domain::Organization& organization,
                                  const domain::Call& call) = 0;
    /// Nothing is spent of what is not counted (`Organization::counts_its_day`).
    virtual Result<Day> today(const domain::Organization& organization) = 0;
};

/// 429 RATE_LIMITED until the day ends, or 503 where the store does not answer.
serve::Problem refusal(const Error& unspent);

/// 422 NUMBER_NOT_ALLOWED, for what `Organization::objection_to` says of a number.
serve::Problem refusal_of_number(std::string_view objection,
                                 std::string_view field = "phoneNumber");

}  // namespace tandem::limit
