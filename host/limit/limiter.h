#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "limit/limit.h"
#include "limit/table.h"
#include "limit/window.h"
#include "listen/listen.h"
#include "observe/observe.h"

namespace tandem::limit {

/// Rates in a minute; 0: no limit.
struct Rates {
    // Of all organisations that have none of their own.
    unsigned requests = 0, messages = 0, calls = 0;
    unsigned requests_of_address = 0, bad_signatures = 0;
    unsigned messages_to_number = 0, calls_to_number = 0;
    unsigned automatic_to_number = 0;
    bool told = true;              // in RateLimit fields
    listen::Networks exempt;       // proxies: they speak for many
    size_t most_keys = 32 * 1024;  // of each kind; 16 bytes each
};

/// The limits of one process.
class Limiter : public Limits {
public:
    /// All of them outlive it.
    Limiter(Rates rates, const Clock& clock, observe::Metrics& metrics);

    Verdict request_from(std::string_view client) override;
    Verdict request_of(const domain::Identity& identity) override;
    Verdict bad_signature_from(std::string_view client) override;
    Verdict message(const domain::Organization& organization, std::string_view to) override;
    Verdict call(const domain::Organization& organization, std::string_view to) override;
    Milliseconds message_turn(const domain::Organization& organization, std::string_view to,
                              bool automatic, bool in_line) override;
    Milliseconds call_turn(const domain::Organization& organization, std::string_view to,
                           bool in_line) override;
    void give_back_message(const domain::Organization& organization, std::string_view to,
                           bool automatic) override;
    void give_back_call(const domain::Organization& organization, std::string_view to) override;

    /// The organisations, whose own rates are looked at.
    void organizations(const domain::Organizations* all) { organizations_ = all; }

private:
    /// What messages and calls have alike: a rate of the organisation and one of the number.
    struct Kind {
        std::string_view policy, policy_to_number;
        Table of_organization, to_number;
        std::mutex mutex;
        std::map<std::string, Instant, std::less<>> line;  // guarded by mutex: the last turn given
    };

    Verdict take(Table& table, std::string_view policy, std::string_view key, unsigned per_minute);
    Verdict take_both(Kind& kind, const domain::Organization& organization, std::string_view to,
                      unsigned rate, unsigned rate_to_number);
    void give_back(Kind& kind, const domain::Organization& organization, std::string_view to,
                   unsigned rate, unsigned rate_to_number);
    Milliseconds turn(Kind& kind, const domain::Organization& organization, const Verdict& verdict,
                      bool in_line);
    void count(std::string_view policy, bool waits);

    const Rates rates_;
    const Clock& clock_;
    observe::Metrics& metrics_;
    const domain::Organizations* organizations_ = nullptr;
    Table requests_from_, requests_of_, bad_signatures_;
    Kind messages_, calls_;
    Window automatic_;
};

/// The part of a client's address that a limit holds for: an IPv4 address, the /64 of an IPv6
/// one, or the text where it is neither.
std::string key_of_client(std::string_view client);

}  // namespace tandem::limit
