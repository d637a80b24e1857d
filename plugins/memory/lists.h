#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "tables.h"

/// How the memory store finds the rows of a list: it looks at all of them.
namespace tandem::memory {

/// A row's place in a list's order, which is descending.
using Place = std::pair<tandem_time, std::string_view>;

template <typename Record>
Place by_start(const Record& row) {
    return {row.started_at, row.id};
}

/// A choice of a query: 0 asks nothing, 1 wants it, 2 does not.
inline bool chosen(uint32_t choice, bool is) {
    return choice == 0 || (choice == 1) == is;
}

/// An empty text of a query asks nothing.
inline bool equals(std::string_view wanted, std::string_view is) {
    return wanted.empty() || wanted == is;
}

inline bool has_part(std::string_view text, std::string_view part) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    };
    const auto same = [&](char left, char right) { return lower(left) == lower(right); };
    return part.empty() ||
           std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

inline bool is_of(const records::Lead& lead, std::string_view part) {
    return has_part(lead.customer_name, part) || has_part(lead.email, part) ||
           has_part(lead.address, part);
}

inline bool due_before(const records::Owed* left, const records::Owed* right) {
    return std::tie(left->due_at, left->id) < std::tie(right->due_at, right->id);
}

constexpr auto every = [](const auto&) { return true; };

/// The rows that are wanted, in the list's order, below the query's place.
template <typename Map, typename Wanted, typename PlaceOf>
std::vector<const typename Map::mapped_type*> listed(const Map& map,
                                                     const records::ListQuery& query,
                                                     Wanted&& wanted, PlaceOf&& place) {
    std::vector<const typename Map::mapped_type*> found;
    for (const auto& [key, row] : map) {
        const bool below =
            query.before_at == 0 || place(row) < Place{query.before_at, query.before_key};
        if (below && wanted(row)) found.push_back(&row);
    }
    std::sort(found.begin(), found.end(),
              [&](auto* left, auto* right) { return place(*left) > place(*right); });
    if (found.size() > query.limit) found.resize(query.limit);
    return found;
}

/// The last messages of an address that are wanted, with numbers below, newest first.
template <typename Wanted>
std::vector<const records::Message*> newest(const Organization& kept, std::string_view address,
                                            int64_t below, size_t limit, Wanted&& wanted) {
    std::vector<const records::Message*> found;
    auto at = kept.message_by_number.lower_bound({std::string(address), below});
    while (found.size() < limit && at != kept.message_by_number.begin() &&
           (--at)->first.first == address) {
        const records::Message& row = kept.messages.find(at->second)->second;
        if (wanted(row)) found.push_back(&row);
    }
    return found;
}

}  // namespace tandem::memory
