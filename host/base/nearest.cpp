#include "base/nearest.h"

#include <algorithm>

namespace tandem {

namespace {

/// Edits (insert, drop, change, swap of neighbours) from one word to the other.
size_t slips(std::string_view from, std::string_view to) {
    std::vector<size_t> before_last(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
    for (size_t i = 0; i <= to.size(); ++i) last[i] = i;
    for (size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= to.size(); ++j) {
            const size_t change = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[to.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
    std::string best;
    size_t fewest = 3;
    if (word.size() > 64) return best;
    for (const std::string& name : names) {
        // Each letter more is an edit: most names are out without a closer look.
        if (std::max(word.size(), name.size()) - std::min(word.size(), name.size()) >= fewest)
            continue;
        const size_t edits = slips(word, name);
        // Short words are near to everything; two slips need at least five letters.
        if (edits < fewest && edits * 2 < std::max(word.size(), name.size())) {
            fewest = edits;
            best = name;
        }
    }
    return best;
}

}  // namespace tandem
