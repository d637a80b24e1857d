#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.h"
#include "domain/organization_id.h"

namespace tandem::domain {

/// A tenant, as the settings name it. Immutable once built.
struct Organization {
    OrganizationId id;
    std::string name;
    std::string default_region;        // ISO 3166 alpha-2, for numbers without a country code
    std::vector<std::string> numbers;  // E.164; each belongs to one organisation
    std::string channel;               // provider instances; empty: none
    std::string voice;
    std::string responder;
    /// Whether a text of which nobody knows if it was sent is sent again, once asking the
    /// provider did not settle it. The customer then may get it twice.
    bool resend_unknown = false;
    unsigned history_days = 0;    // how long messages and ended calls are kept; 0: for ever
    unsigned history_limit = 50;  // messages that are shown at once, also to the AI
    /// Numbers that cost more than a call or a text; emergency services never.
    bool allow_premium = false;
    /// Countries (ISO 3166 alpha-2) whose numbers may be written to and called; empty: all.
    std::vector<std::string> allow_regions{};
    /// Of its own, instead of those of all; 0: not limited.
    std::optional<unsigned> requests_per_minute, messages_per_minute, calls_per_minute;
    /// What it may spend in a day (UTC); nothing: no cap.
    struct Daily {
        std::optional<unsigned> messages{}, segments{}, calls{}, call_minutes{};
        unsigned call_reserve_minutes = 5;  // of each call that begins, until it is over
        std::optional<Money> cost{};
    };
    Daily daily;
    /// What things cost, all in one currency; nothing: they are free.
    struct Prices {
        std::optional<Money> message{}, segment{}, call{}, call_minute{};

        /// Whether anything costs something.
        bool any() const;
    };
    Prices prices;

    /// Whether anybody wants to know what it spends in a day: it has a cap or a price.
    bool counts_its_day() const;

    /// Whether it is one of the business's own numbers: who writes there writes to themselves.
    bool owns(std::string_view number) const;
    /// The number to write or call from: the one that the customer turned to last, if it is
    /// still ours, else the first. Empty: the organisation has none.
    std::string sender(std::string_view last_used) const;
    /// Why this address, in its normal form, is neither written to nor called; empty: it may
    /// be. The words are for people and follow the address: `is an emergency number`.
    std::string_view objection_to(std::string_view address) const;
};

/// All organisations of this gateway. Immutable; safe from any thread.
class Organizations {
public:
    explicit Organizations(std::vector<Organization> all);

    /// Null if there is none.
    const Organization* by_id(std::string_view id) const;
    /// The owner of a business number in E.164; null if nobody owns it.
    const Organization* by_number(std::string_view number) const;
    const std::vector<Organization>& all() const { return all_; }

private:
    const std::vector<Organization> all_;
};

}  // namespace tandem::domain
