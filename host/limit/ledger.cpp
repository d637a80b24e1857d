#include "limit/ledger.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tandem::limit {

namespace {

using std::chrono::days;

constexpr std::string_view scope = "daily";
// Above the largest cap; of a store's read, so that it is bounded.
constexpr unsigned most_notes = 1100000;
// A charge is of no use after its day; an hour for clocks that are set back.
constexpr std::chrono::hours kept_after{1};

/// 2026-11-22, in UTC.
std::string day_of(Time now) {
    return iso8601(now).substr(0, 10);
}

Time end_of(Time now) {
    return std::chrono::floor<days>(now) + days{1};
}

std::string text_of(const Amount& amount) {
    return std::to_string(amount.messages) + ';' + std::to_string(amount.segments) + ';' +
           std::to_string(amount.calls);
}

/// Nothing of a text that is none of ours.
Amount amount_of(std::string_view text) {
    Amount amount;
    for (unsigned* part : {&amount.messages, &amount.segments, &amount.calls}) {
        const size_t end = std::min(text.find(';'), text.size());
        const auto [read, wrong] = std::from_chars(text.data(), text.data() + end, *part);
        if (wrong != std::errc() || read != text.data() + end) return {};
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return amount;
}

void add(Amount& all, const Amount& more) {
    all.messages += more.messages;
    all.segments += more.segments;
    all.calls += more.calls;
}

bool beyond(const std::optional<unsigned>& cap, unsigned spent, unsigned more) {
    return cap && more > 0 && (spent >= *cap || more > *cap - spent);
}

/// The cap that holds it up; empty: none.
std::string_view reached(const domain::Organization::Daily& caps, const Amount& spent,
                         const Amount& more) {
    if (beyond(caps.messages, spent.messages, more.messages)) return "messages";
    if (beyond(caps.segments, spent.segments, more.segments)) return "segments";
    if (beyond(caps.calls, spent.calls, more.calls)) return "calls";
    return {};
}

}  // namespace

Charge::Charge(Ledger& ledger, std::string organization, std::string day, Amount amount,
               store::Note note)
    : ledger_(&ledger),
      organization_(std::move(organization)),
      day_(std::move(day)),
      amount_(amount),
      note_(std::move(note)) {}

Charge::Charge(Charge&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      organization_(std::move(other.organization_)),
      day_(std::move(other.day_)),
      amount_(other.amount_),
      note_(std::move(other.note_)) {}

Charge& Charge::operator=(Charge&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(organization_, other.organization_);
    std::swap(day_, other.day_);
    std::swap(amount_, other.amount_);
    std::swap(note_, other.note_);
    return *this;
}

Charge::~Charge() {
    if (ledger_ != nullptr) ledger_->give_back(organization_, day_, amount_);
}

void Charge::write(store::ChangeSet& set) const {
    if (note_) set.operations.push_back(*note_);
}

Ledger::Account& Ledger::account_of(const std::string& organization) {
    const std::lock_guard lock(mutex_);
    auto& account = accounts_[organization];
    if (!account) account = std::make_unique<Account>();
    return *account;
}

/// Reads what was spent before this process, with the account's lock held.
Result<void> Ledger::open(Account& account, const domain::Organization& organization,
                          const std::string& day) {
    if (account.day == day) return {};
    const auto notes =
        store_.notes(organization.id, std::string(scope), day + ':', clock_.now(), most_notes);
    if (!notes) return notes.error();
    account.spent = {};
    for (const store::Note& note : *notes) add(account.spent, amount_of(note.value));
    account.day = day;
    account.told.clear();
    return {};
}

Result<void> Ledger::check(Account& account, const domain::Organization& organization,
                           const Amount& amount, Time now) {
    if (auto opened = open(account, organization, day_of(now)); !opened) return opened;
    const std::string_view cap = reached(organization.daily, account.spent, amount);
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
    return Error{Code::Limited,
                 "The organisation's " + std::string(cap) + " of this day are used up.",
                 static_cast<unsigned>((end_of(now) - now).count())};
}

Result<Charge> Ledger::spend(const domain::Organization& organization, const Amount& amount,
                             std::string_view id) {
    if (!organization.daily.any()) return Charge();
    const Time now = clock_.now();
    Account& account = account_of(organization.id);
    const std::lock_guard lock(account.mutex);
    if (const auto checked = check(account, organization, amount, now); !checked)
        return checked.error();
    add(account.spent, amount);
    store::Note note;
    note.scope = scope;
    note.key = account.day + ':' + std::string(id);
    note.value = text_of(amount);
    note.at = now;
    note.expires_at = end_of(now) + kept_after;
    return Charge(*this, organization.id.text(), account.day, amount, std::move(note));
}

Result<void> Ledger::left(const domain::Organization& organization, const Amount& amount) {
    if (!organization.daily.any()) return {};
    Account& account = account_of(organization.id);
    const std::lock_guard lock(account.mutex);
    return check(account, organization, amount, clock_.now());
}

void Ledger::give_back(const std::string& organization, const std::string& day,
                       const Amount& amount) {
    Account& account = account_of(organization);
    const std::lock_guard lock(account.mutex);
    if (account.day != day) return;
    account.spent.messages -= amount.messages;
    account.spent.segments -= amount.segments;
    account.spent.calls -= amount.calls;
}

}  // namespace tandem::limit
