#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "limit/amount.h"
#include "limit/limit.h"
#include "observe/observe.h"

namespace tandem::limit {

/// The caps of one process, counted in the store.
class Ledger : public Spending {
public:
    /// All of them outlive it.
    Ledger(store::Store& store, const Clock& clock, observe::Log& log, observe::Metrics& metrics,
           unsigned notes_at_once = 100000)
        : store_(store),
          clock_(clock),
          log_(log),
          metrics_(metrics),
          notes_at_once_(notes_at_once) {}

    Result<Charge> spend(const domain::Organization& organization, const Amount& amount,
                         std::string_view id) override;
    Result<void> left(const domain::Organization& organization, const Amount& amount) override;
    Result<Charge> settle(const domain::Organization& organization,
                          const domain::Call& call) override;
    Result<Day> today(const domain::Organization& organization) override;

private:
    friend class Charge;

    /// What an organisation spent today.
    struct Account {
        std::mutex mutex;
        // All guarded by mutex.
        Time begins{};                    // of the day
        std::string day;                  // empty: not read yet
        Sum spent;                        // on that day
        std::set<std::string_view> told;  // caps that the log told of on that day
    };

    Account& account_of(const std::string& organization);
    Time time_of(const Account& account) const;
    Result<void> open(Account& account, const domain::Organization& organization, Time now);
    Result<void> read(const domain::Organization& organization, const std::string& prefix, Time now,
                      Sum& spent) const;
    Result<void> check(Account& account, const domain::Organization& organization,
                       const Amount& amount, Time now);
    /// The line of a call, from the day on which it began.
    Result<store::Note> line_of(const domain::Organization& organization, const domain::Call& call);
    void count(const std::string& organization, const std::string& day, const Amount& before,
               const Amount& after);

    store::Store& store_;
    const Clock& clock_;
    observe::Log& log_;
    observe::Metrics& metrics_;
    const unsigned notes_at_once_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Account>> accounts_;  // guarded by mutex_; never erased
};

}  // namespace tandem::limit
