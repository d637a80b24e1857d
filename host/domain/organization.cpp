#include "domain/organization.h"

#include <algorithm>
#include <iterator>

#include "domain/address.h"

namespace tandem::domain {

bool Organization::owns(std::string_view number) const {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::string Organization::sender(std::string_view last_used) const {
    if (owns(last_used)) return std::string(last_used);
    return numbers.empty() ? std::string() : numbers.front();
}

bool Organization::Prices::any() const {
    const std::optional<Money> all[] = {message, segment, call, call_minute};
    return std::any_of(std::begin(all), std::end(all),
                       [](const auto& price) { return price && *price != Money{}; });
}

bool Organization::counts_its_day() const {
    return daily.messages || daily.segments || daily.calls || daily.call_minutes || daily.cost ||
           prices.any();
}

std::string_view Organization::objection_to(std::string_view address) const {
    // Two machines would talk to each other until the money is gone.
    if (std::find(numbers.begin(), numbers.end(), address) != numbers.end())
        return "is one of the organisation's own numbers";
    switch (tariff_of(address, default_region)) {
        case Tariff::Emergency: return "is an emergency number";
        case Tariff::Premium:
            if (!allow_premium) return "is a premium-rate, shared-cost or satellite number";
            break;
        case Tariff::Ordinary: break;
    }
    if (!allow_regions.empty() && !is_of_region(address, default_region, allow_regions))
        return "is of a country that the organisation neither writes to nor calls";
    return {};
}

Organizations::Organizations(std::vector<Organization> all) : all_(std::move(all)) {}

const Organization* Organizations::by_id(std::string_view id) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [id](const Organization& one) { return one.id == id; });
    return found == all_.end() ? nullptr : &*found;
}

const Organization* Organizations::by_number(std::string_view number) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [number](const Organization& one) { return one.owns(number); });
    return found == all_.end() ? nullptr : &*found;
}

}  // namespace tandem::domain
