#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace acme {

/// The members of application/x-www-form-urlencoded bytes, in order.
class Form {
public:
    /// More members than any of the provider's requests has are somebody's attempt to make us
    /// busy.
    static constexpr std::size_t max_members = 64;

    /// Nothing for bytes that are no form: a broken escape, or too many members.
    static std::optional<Form> parse(std::string_view bytes);

    void add(std::string name, std::string value);
    /// The value of the first member of this name; empty if there is none.
    std::string_view get(std::string_view name) const;
    std::string encoded() const;

private:
    std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace acme
