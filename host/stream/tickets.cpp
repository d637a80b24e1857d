#include "stream/tickets.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/id.h"

namespace tandem::stream {

namespace {

constexpr size_t ticket_bytes = 32;
using Steady = std::chrono::steady_clock::time_point;

bool ticket_shape(std::string_view ticket) {
    return ticket.size() == 2 * ticket_bytes &&
           ticket.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string holder_of(const domain::Identity& identity) {
    return identity.organization + '\n' + identity.subject + '\n' + identity.credential_id;
}

}  // namespace

/// Shared with the uses, which may outlive the office.
struct Tickets::Register {
    struct Record {
        domain::Identity identity;
        std::string token;
        Scope scope;
        std::string target;  // empty: never opened
        Steady valid_until{};
        bool open = false;
        uint64_t turn = 0;  // of the stream that has it now
        std::shared_ptr<Places::Place> place;
        std::function<void()> displace;
    };

    explicit Register(const Clock& the_clock) : clock(the_clock) {}

    /// Null unless the ticket still opens a stream.
    Record* find(const std::string& ticket) {
        const auto found = records.find(ticket);
        if (found == records.end()) return nullptr;
        const Record& record = found->second;
        if (!record.open && clock.steady() >= record.valid_until) return nullptr;
        if (record.identity.expires_at && clock.now() >= *record.identity.expires_at)
            return nullptr;
        return &found->second;
    }

    void forget_unused(const Record& record) {
        const auto found = unused.find(holder_of(record.identity));
        if (found != unused.end() && --found->second == 0) unused.erase(found);
    }

    /// Looks at all of them at most once a second, which is what keeps issuing cheap.
    void sweep() {
        const Steady now = clock.steady();
        if (now < next_sweep) return;
        next_sweep = now + std::chrono::seconds(1);
        for (auto at = records.begin(); at != records.end();) {
            const Record& record = at->second;
            if (record.open || now < record.valid_until) {
                ++at;
                continue;
            }
            if (record.target.empty()) forget_unused(record);
            at = records.erase(at);
        }
    }

    const Clock& clock;
    std::mutex mutex;
    std::unordered_map<std::string, Record> records;   // guarded by mutex
    std::unordered_map<std::string, unsigned> unused;  // guarded by mutex: by holder
    Steady next_sweep{};                               // guarded by mutex
};

Tickets::Use::Use(std::shared_ptr<Register> tickets, std::string ticket, std::string token,
                  uint64_t turn)
    : tickets_(std::move(tickets)),
      ticket_(std::move(ticket)),
      token_(std::move(token)),
      turn_(turn) {}

Tickets::Use::~Use() {
    std::shared_ptr<Places::Place> place;  // let go outside of the lock
    std::function<void()> displace;
    const std::lock_guard lock(tickets_->mutex);
    const auto found = tickets_->records.find(ticket_);
    if (found == tickets_->records.end() || found->second.turn != turn_) return;
    found->second.open = false;
    found->second.valid_until = tickets_->clock.steady() + validity;
    place.swap(found->second.place);
    displace.swap(found->second.displace);
}

void Tickets::Use::hold(std::shared_ptr<Places::Place> place) {
    {
        const std::lock_guard lock(tickets_->mutex);
        const auto found = tickets_->records.find(ticket_);
        if (found != tickets_->records.end() && found->second.turn == turn_) {
            found->second.place = std::move(place);
            return;
        }
    }
    place->give_back();
}

void Tickets::Use::on_displaced(std::function<void()> displace) {
    {
        const std::lock_guard lock(tickets_->mutex);
        const auto found = tickets_->records.find(ticket_);
        if (found != tickets_->records.end() && found->second.turn == turn_) {
            found->second.displace = std::move(displace);
            return;
        }
    }
    displace();
}

Tickets::Tickets(const Clock& clock) : tickets_(std::make_shared<Register>(clock)) {}

bool Tickets::is_over(const domain::Identity& identity) const {
    return identity.expires_at && tickets_->clock.now() >= *identity.expires_at;
}

std::optional<Tickets::Issued> Tickets::issue(const domain::Identity& identity, Scope scope,
                                              std::string token) {
    Issued issued{random_hex(ticket_bytes), tickets_->clock.now() + validity};
    if (identity.expires_at) issued.expires_at = std::min(issued.expires_at, *identity.expires_at);
    const std::lock_guard lock(tickets_->mutex);
    tickets_->sweep();
    unsigned& unused = tickets_->unused[holder_of(identity)];
    if (unused >= most_unused) return std::nullopt;
    ++unused;
    Register::Record record;
    record.identity = identity;
    record.token = std::move(token);
    record.scope = std::move(scope);
    record.valid_until = tickets_->clock.steady() + validity;
    tickets_->records.emplace(issued.ticket, std::move(record));
    return issued;
}

std::optional<domain::Identity> Tickets::redeem(const std::string& ticket,
                                                const serve::Request& request) {
    if (!ticket_shape(ticket)) return std::nullopt;
    const std::lock_guard lock(tickets_->mutex);
    const Register::Record* record = tickets_->find(ticket);
    if (record == nullptr) return std::nullopt;
    if (!record->target.empty() && record->target != request.target) return std::nullopt;
    return record->identity;
}

std::shared_ptr<Tickets::Use> Tickets::open(const std::string& ticket, const std::string& target,
                                            const std::string& address) {
    std::shared_ptr<Places::Place> place;
    std::function<void()> displace;
    std::shared_ptr<Use> use;
    {
        const std::lock_guard lock(tickets_->mutex);
        Register::Record* record = tickets_->find(ticket);
        if (record == nullptr || record->scope.address != address) return nullptr;
        if (!record->target.empty() && record->target != target) return nullptr;
        if (record->target.empty()) tickets_->forget_unused(*record);
        record->target = target;
        record->open = true;
        ++record->turn;
        place.swap(record->place);
        displace.swap(record->displace);
        use = std::make_shared<Use>(tickets_, ticket, record->token, record->turn);
    }
    // The old stream's place is free now, so that its successor is never refused for it.
    if (place) place->give_back();
    if (displace) displace();
    return use;
}

size_t Tickets::size() const {
    const std::lock_guard lock(tickets_->mutex);
    return tickets_->records.size();
}

}  // namespace tandem::stream
