#include "limit/ledger.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace tandem::limit {

namespace {

using std::chrono::days;

constexpr std::string_view scope = "daily";
// Nobody counts a day that is over, but calls that began on it end later, and clocks are set
// back.
constexpr std::chrono::hours kept_after{24};

/// 2026-11-22, in UTC.
std::string day_of(Time now) {
    return iso8601(now).substr(0, 10);
}

Time begin_of(Time now) {
    return std::chrono::floor<days>(now);
}

Time end_of(Time now) {
    return begin_of(now) + days{1};
}

std::string key_of(const std::string& day, std::string_view id) {
    return day + ':' + std::string(id);
}

/// What something cost on the day of `began`.
store::Note line(Time began, Time now, std::string_view id, const Amount& amount) {
    store::Note note;
    note.scope = scope;
    note.key = key_of(day_of(began), id);
    note.value = to_text(amount);
    note.at = now;
    note.expires_at = end_of(began) + kept_after;
    return note;
}

/// What a call is to be billed for, rounded up as providers do. Nothing: nobody knows.
std::optional<unsigned> minutes_of(const domain::Call& call) {
    if (call.outcome == domain::CallOutcome::NeverConnected) return 0;
    if (call.duration_s > 0) return static_cast<unsigned>((call.duration_s + 59) / 60);
    if (call.outcome == domain::CallOutcome::Unknown) return std::nullopt;
    return 0;
}

/// The words of a cap that is reached.
std::string what_is_used_up(std::string_view cap) {
    if (cap == "cost") return "The organisation's money for this day is used up";
    const std::string things(cap == "call_minutes" ? "call minutes" : cap);
    return "The organisation's " + things + " of this day are used up";
}

}  // namespace

Ledger::Account& Ledger::account_of(const std::string& organization) {
    const std::lock_guard lock(mutex_);
    auto& account = accounts_[organization];
    if (!account) account = std::make_unique<Account>();
    return *account;
}

/// By which an account counts, with its lock held: who waited for the lock while a new day
/// began does not go back to the old one. A clock that is set back stays in the day for the
/// same reason: what is counted and not committed yet would be lost. Only where it was more
/// than a day ahead it is followed, so that nobody waits long for the next day.
Time Ledger::time_of(const Account& account) const {
    const Time now = clock_.now();
    return account.begins - now <= days{1} ? std::max(now, account.begins) : now;
}

/// Reads what was spent before this process, with the account's lock held.
Result<void> Ledger::open(Account& account, const domain::Organization& organization, Time now) {
    const std::string day = day_of(now);
    if (account.day == day) return {};
    Sum spent;
    if (auto all = read(organization, day + ':', now, spent); !all) return all;
    account.spent = spent;
    account.begins = begin_of(now);
    account.day = day;
    account.told.clear();
    return {};
}

/// All notes that begin so, however many they are. A store gives them in order and has no page
/// behind a key, but what stands behind the last one begins like it, up to some letter.
Result<void> Ledger::read(const domain::Organization& organization, const std::string& prefix,
                          Time now, Sum& spent) const {
    const auto notes =
        store_.notes(organization.id, std::string(scope), prefix, now, notes_at_once_);
    if (!notes) return notes.error();
    for (const store::Note& note : *notes) spent.replace({}, amount_of(note.value));
    if (notes->size() < notes_at_once_) return {};
    const std::string& last = notes->back().key;
    for (size_t length = last.size(); length + 1 > prefix.size(); --length) {
        // Ids are printable ASCII.
        const int first = length < last.size() ? last[length] + 1 : '!';
        for (int letter = first; letter <= '~'; ++letter) {
            const std::string next = last.substr(0, length) + static_cast<char>(letter);
            if (auto rest = read(organization, next, now, spent); !rest) return rest;
        }
    }
    return {};
}

Result<void> Ledger::check(Account& account, const domain::Organization& organization,
                           const Amount& amount, Time now) {
    if (auto opened = open(account, organization, now); !opened) return opened;
    const std::string_view cap = cap_reached_by(organization, account.spent.amount(), amount);
    if (cap.empty()) return {};
    metrics_
        .counter("tandem_daily_cap_reached_total",
                 "What an organisation did not send or call because of its cap of the day.",
                 {{"cap", cap}})
        .add();
    // Once a day and cap: afterwards the metric counts.
    if (account.told.insert(cap).second)
        log_.warn("limit", "an organisation reached a cap of its day",
                  {{"organization", organization.id.text()}, {"cap", "daily." + std::string(cap)}});
    return Error{Code::Limited, what_is_used_up(cap),
                 static_cast<unsigned>((end_of(now) - clock_.now()).count())};
}

Result<Charge> Ledger::spend(const domain::Organization& organization, const Amount& amount,
                             std::string_view id) {
    if (!organization.counts_its_day()) return Charge();
    Account& account = account_of(organization.id);
    const std::lock_guard lock(account.mutex);
    const Time now = time_of(account);
    if (const auto checked = check(account, organization, amount, now); !checked)
        return checked.error();
    account.spent.replace({}, amount);
    return Charge(*this, organization.id.text(), account.day, {}, amount,
                  line(now, now, id, amount));
}

Result<void> Ledger::left(const domain::Organization& organization, const Amount& amount) {
    if (!organization.counts_its_day()) return {};
    Account& account = account_of(organization.id);
    const std::lock_guard lock(account.mutex);
    return check(account, organization, amount, time_of(account));
}

/// Also where nobody was charged for it: an inbound call, or one from before there were caps.
Result<store::Note> Ledger::line_of(const domain::Organization& organization,
                                    const domain::Call& call) {
    // A call is charged a moment before it begins, which may be yesterday.
    for (const Time began : {call.started_at, call.started_at - days{1}}) {
        const std::string key = key_of(day_of(began), call.id);
        auto found = store_.notes(organization.id, std::string(scope), key, clock_.now(), 1);
        if (!found) return found.error();
        if (!found->empty() && found->front().key == key) return std::move(found->front());
    }
    return line(call.started_at, clock_.now(), call.id, {});
}

Result<Charge> Ledger::settle(const domain::Organization& organization, const domain::Call& call) {
    if (!organization.counts_its_day()) return Charge();
    Account& account = account_of(organization.id);
    Time now{};
    {
        // Before the end is committed: afterwards it would be read, and then counted again.
        const std::lock_guard lock(account.mutex);
        now = time_of(account);
        if (auto opened = open(account, organization, now); !opened) return opened.error();
    }
    auto note = line_of(organization, call);
    if (!note) return note.error();
    const Amount before = amount_of(note->value);
    Amount after = before;
    // A call of which nobody knows how long it was keeps what was reserved for it.
    const unsigned otherwise = before == Amount{} ? organization.daily.call_reserve_minutes
                                                  : before.minutes + before.reserved_minutes;
    after.minutes = minutes_of(call).value_or(otherwise);
    after.reserved_minutes = 0;
    if (after == before || note->expires_at <= now) return Charge();
    note->value = to_text(after);
    note->at = now;
    const std::string day = note->key.substr(0, note->key.find(':'));
    count(organization.id, day, before, after);
    return Charge(*this, organization.id.text(), day, before, after, *std::move(note));
}

Result<Day> Ledger::today(const domain::Organization& organization) {
    Account& account = account_of(organization.id);
    const std::lock_guard lock(account.mutex);
    const Time now = time_of(account);
    Day day{day_of(now), end_of(now), {}};
    if (!organization.counts_its_day()) return day;
    if (auto opened = open(account, organization, now); !opened) return opened.error();
    day.spent = account.spent.amount();
    return day;
}

void Ledger::count(const std::string& organization, const std::string& day, const Amount& before,
                   const Amount& after) {
    Account& account = account_of(organization);
    const std::lock_guard lock(account.mutex);
    if (account.day == day) account.spent.replace(before, after);
}

}  // namespace tandem::limit
