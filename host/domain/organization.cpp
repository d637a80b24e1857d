#include "domain/organization.h"

#include <algorithm>

namespace tandem::domain {

std::string Organization::sender(std::string_view last_used) const {
    if (std::find(numbers.begin(), numbers.end(), last_used) != numbers.end())
        return std::string(last_used);
    return numbers.empty() ? std::string() : numbers.front();
}

Organizations::Organizations(std::vector<Organization> all) : all_(std::move(all)) {}

const Organization* Organizations::by_id(std::string_view id) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [id](const Organization& one) { return one.id == id; });
    return found == all_.end() ? nullptr : &*found;
}

const Organization* Organizations::by_number(std::string_view number) const {
    const auto owns = [number](const Organization& one) {
        return std::find(one.numbers.begin(), one.numbers.end(), number) != one.numbers.end();
    };
    const auto found = std::find_if(all_.begin(), all_.end(), owns);
    return found == all_.end() ? nullptr : &*found;
}

}  // namespace tandem::domain
