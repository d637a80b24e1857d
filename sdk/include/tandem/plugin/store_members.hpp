#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "tandem/plugin/growable.hpp"
#include "tandem/plugin/store_member_lists.hpp"
#include "tandem/plugin/store_records.hpp"

/// From the waist's form of a record to the plain one and back, by the lists of members.
namespace tandem::plugin::store {

/// Waist to record; a record of views points into the waist's memory. `bad_text` becomes
/// true when a text has a NUL, at which databases cut, or a length without bytes.
struct FromRaw {
    bool bad_text = false;

    void operator()(const tandem_view& from, std::string_view& to) {
        if (from.size == 0) return;
        if (from.data == nullptr || std::memchr(from.data, 0, from.size) != nullptr) {
            bad_text = true;
            return;
        }
        to = std::string_view(from.data, from.size);
    }
    void operator()(const tandem_view& from, std::string& to) {
        std::string_view view;
        (*this)(from, view);
        to.assign(view);
    }
    /// Where absent and empty are different things.
    void operator()(const tandem_view& from, std::optional<std::string_view>& to) {
        if (from.data == nullptr && from.size == 0) return;
        std::string_view view = std::string_view("");
        (*this)(from, view);
        to = view;
    }
    template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
    void operator()(const Number& from, Number& to) {
        to = from;
    }
};

/// Record to waist: the record must outlive the use.
struct ToRaw {
    void operator()(tandem_view& to, std::string_view from) const {
        to = {from.data() != nullptr ? from.data() : "", from.size()};
    }
    void operator()(tandem_view& to, const std::string& from) const {
        (*this)(to, std::string_view(from));
    }
    void operator()(tandem_view& to, const std::optional<std::string_view>& from) const {
        to = {nullptr, 0};
        if (from) (*this)(to, *from);
    }
    template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
    void operator()(Number& to, const Number& from) const {
        to = from;
    }
};

/// One kind of record to another of the same members.
struct Assign {
    template <typename From, typename To>
    void operator()(const From& from, To& to) const {
        to = To(from);
    }
};

/// The members that the maker of a growable struct knew; the rest is zero.
template <typename Raw>
Raw known_members(const void* from) {
    Raw raw{};
    std::memcpy(&raw, from, std::min<size_t>(size_of(static_cast<const Raw*>(from)), sizeof raw));
    return raw;
}

/// False if a text is bad; the record is then not to be used.
template <typename Record>
bool from_raw(const void* from, Record& to) {
    const auto raw = known_members<typename Record::Raw>(from);
    FromRaw read;
    Members<typename Record::Raw>::each(raw, to, read);
    return !read.bad_text;
}

/// The waist's form of a record of its own size; it points into `from`.
template <typename Record>
typename Record::Raw to_raw(const Record& from) {
    auto raw = sized<typename Record::Raw>();
    Members<typename Record::Raw>::each(raw, from, ToRaw{});
    return raw;
}

/// A record with texts of its own from a view, or a view of one.
template <typename To, typename From>
To converted(const From& from) {
    To to;
    Members<typename To::Raw>::each(from, to, Assign{});
    return to;
}

}  // namespace tandem::plugin::store
