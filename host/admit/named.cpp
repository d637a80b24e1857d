#include "admit/named.h"

#include <algorithm>
#include <string>
#include <vector>

#include "admit/admit.h"
#include "serve/json.h"

namespace tandem::admit {

namespace {

constexpr std::string_view member = "organizationId";

/// Every value of `name` in the query, not only the first: a second one must not get past
/// a check of the first.
std::vector<std::string> all_in_query(const serve::Request& request, std::string_view name) {
    std::vector<std::string> values;
    for (std::string_view rest = request.raw_query; !rest.empty();) {
        const size_t end = std::min(rest.find('&'), rest.size());
        serve::Request part;
        part.raw_query = rest.substr(0, end);
        if (auto value = part.query(name)) values.push_back(std::move(*value));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return values;
}

/// A body that is no JSON object is the handler's to refuse.
bool body_names_another(std::string_view body, const domain::Identity& identity) {
    // Most bodies do not name one; a name with an escape in it has to be read.
    if (body.find(member) == body.npos && body.find("\\u") == body.npos) return false;
    return !same_organization(identity, serve::Members(body).text(member, body.size()));
}

}  // namespace

bool same_name(std::string_view one, std::string_view other) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [&](char left, char right) { return lower(left) == lower(right); });
}

bool names_another_organization(const serve::Request& request, const domain::Identity& identity) {
    for (const serve::Header& header : request.headers)
        if (same_name(header.name, member) && !same_organization(identity, header.value))
            return true;
    for (const std::string& value : all_in_query(request, member))
        if (!same_organization(identity, value)) return true;
    return body_names_another(request.body, identity);
}

}  // namespace tandem::admit
