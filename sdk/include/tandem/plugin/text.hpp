// tandem/plugin/text.hpp: texts and fields on their way through the waist.
//
// The rule of the author side: what a plugin receives are string_views, good until the call
// returns; what a plugin gives are strings of its own, copied by the host.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/base.h"

namespace tandem::plugin {

/// A name and a value that somebody else owns: a header of a request, a variable.
struct Field {
    std::string_view name;
    std::string_view value;
};

/// A name and a value of one's own.
struct Header {
    std::string name;
    std::string value;
};

/// The bytes of a view. Absent and empty are both empty here; see `present`.
constexpr std::string_view text(tandem_view view) noexcept {
    return view.data == nullptr ? std::string_view() : std::string_view(view.data, view.size);
}

/// Whether a received text was there at all: absent and empty are different things.
constexpr bool present(std::string_view received) noexcept {
    return received.data() != nullptr;
}

/// A text as the waist has it; never absent, also when it is empty.
constexpr tandem_view view(std::string_view text) noexcept {
    return tandem_view{text.data() == nullptr ? "" : text.data(), text.size()};
}

/// For members that may be absent: an empty text is passed as absent.
constexpr tandem_view view_or_absent(std::string_view text) noexcept {
    return text.empty() ? tandem_view{nullptr, 0} : tandem_view{text.data(), text.size()};
}

inline std::vector<Field> fields(const tandem_pair* pairs, std::size_t count) {
    std::vector<Field> fields;
    fields.reserve(count);
    for (std::size_t i = 0; pairs != nullptr && i < count; ++i) {
        fields.push_back({text(pairs[i].name), text(pairs[i].value)});
    }
    return fields;
}

/// The pairs of fields or headers; good as long as those are.
template <typename Fields>
std::vector<tandem_pair> pairs(const Fields& fields) {
    std::vector<tandem_pair> pairs;
    pairs.reserve(fields.size());
    for (const auto& field : fields) {
        pairs.push_back({view(field.name), view(field.value)});
    }
    return pairs;
}

/// Whether two names are the same but for the case of ASCII letters, as names of HTTP fields
/// are compared (RFC 9110, 5.1).
constexpr bool same_name(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

/// The value of the first field of this name, whatever the case of its letters.
template <typename Fields>
std::optional<std::string_view> find_field(const Fields& fields, std::string_view name) {
    for (const auto& field : fields) {
        if (same_name(field.name, name)) return std::string_view(field.value);
    }
    return std::nullopt;
}

}  // namespace tandem::plugin
