#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::domain {

/// An amount in millionths of whatever the operator's prices are in; whole, so that a million
/// of them add up to what they are.
struct Money {
    uint64_t millionths = 0;

    bool operator==(const Money&) const = default;
};

/// `12` or `0.0079`: at most nine digits, then perhaps a point and at most six. Nothing for
/// whatever else is a number somewhere: signs, exponents, bare points, leading zeros.
std::optional<Money> parse_money(std::string_view text);
/// As parse_money reads it, without zeros that say nothing.
std::string to_text(Money money);

/// Both stay at the most there is instead of beginning again at nothing.
Money operator+(Money one, Money other);
Money operator*(Money price, uint64_t count);

}  // namespace tandem::domain
