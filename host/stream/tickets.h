#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "admit/admit.h"
#include "base/clock.h"
#include "domain/identity.h"
#include "serve/serve.h"
#include "stream/places.h"

namespace tandem::stream {

/// Tickets for browsers, whose EventSource can send no header: each opens one stream, once
/// or again at the same URL after losing it, and nothing else. They live in memory only: a
/// restart spends them all. Safe from any thread; never blocks.
class Tickets : public admit::TicketOffice {
    struct Register;

public:
    /// For opening, and for coming back after the stream was lost.
    static constexpr std::chrono::seconds validity{60};
    /// Of one credential, not yet used; a page needs one, a hundred tabs a hundred.
    static constexpr unsigned most_unused = 200;

    /// What a ticket's stream shows: one conversation, or with an empty address all.
    struct Scope {
        std::string address;
    };
    struct Issued {
        std::string ticket;
        Time expires_at{};
    };

    /// A ticket in use: as long as this lives, its stream does. When the same ticket opens
    /// another stream this one is displaced.
    class Use {
    public:
        Use(std::shared_ptr<Register> tickets, std::string ticket, std::string token,
            uint64_t turn);
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

        /// What the stream holds and how to end it, once both are known. `displace` may be
        /// called from any thread, at once if it is too late already.
        void hold(std::shared_ptr<Places::Place> place);
        void on_displaced(std::function<void()> displace);
        /// Of who asked for the ticket.
        const std::string& token() const { return token_; }

    private:
        const std::shared_ptr<Register> tickets_;
        const std::string ticket_, token_;
        const uint64_t turn_;
    };

    explicit Tickets(const Clock& clock);

    /// Whether the credential is over: what leads to a stream has no leeway.
    bool is_over(const domain::Identity& identity) const;
    /// For who is known by this token. Nothing when this credential has too many that were never
    /// used.
    std::optional<Issued> issue(const domain::Identity& identity, Scope scope,
                                std::string token = {});

    std::optional<domain::Identity> redeem(const std::string& ticket,
                                           const serve::Request& request) override;

    /// Binds a redeemed ticket to its URL and ends the stream that it opened before. Null:
    /// it does not open this one (answer 204).
    std::shared_ptr<Use> open(const std::string& ticket, const std::string& target,
                              const std::string& address);

    size_t size() const;

private:
    const std::shared_ptr<Register> tickets_;
};

}  // namespace tandem::stream
