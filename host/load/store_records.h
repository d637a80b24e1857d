#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "store/store.h"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"

/// Between the rooms' plain data and a store's records. Both have the same member names,
/// so the SDK's lists of members do the work; only the types differ.
namespace tandem::load {

namespace records = plugin::store;

/// The media of messages as JSON texts and back; empty for none.
std::string media_json(const std::vector<domain::Media>& media);
std::vector<domain::Media> media_of(std::string_view json);

/// visit(record's member, our member): ours to the record's.
struct IntoRecord {
    void operator()(std::string_view& to, const std::string& from) const { to = from; }
    void operator()(std::optional<std::string_view>& to,
                    const std::optional<std::string>& from) const {
        if (from) to = *from;
    }
    void operator()(std::string_view& to, const domain::OrganizationId& from) const {
        to = from.text();
    }
    void operator()(int64_t& to, const int64_t& from) const { to = from; }
    void operator()(int64_t& to, const Time& from) const { to = from.time_since_epoch().count(); }
    void operator()(uint32_t& to, const bool& from) const { to = from ? 1 : 0; }
    template <typename Enum, typename = std::enable_if_t<std::is_enum_v<Enum>>>
    void operator()(uint32_t& to, const Enum& from) const {
        to = static_cast<uint32_t>(from);
    }
};

/// visit(record's member, our member): the record's to ours.
struct FromRecord {
    void operator()(const std::string_view& from, std::string& to) const { to.assign(from); }
    void operator()(const std::string_view& from, domain::OrganizationId& to) const {
        to = domain::OrganizationId::vouched(std::string(from));  // a row says whose it is
    }
    void operator()(const int64_t& from, int64_t& to) const { to = from; }
    void operator()(const int64_t& from, Time& to) const { to = Time{Milliseconds{from}}; }
    void operator()(const uint32_t& from, bool& to) const { to = from != 0; }
    template <typename Enum, typename = std::enable_if_t<std::is_enum_v<Enum>>>
    void operator()(const uint32_t& from, Enum& to) const {
        to = static_cast<Enum>(from);
    }
};

template <typename Ours, typename View>
Ours ours(const View& record) {
    Ours made;
    records::Members<typename View::Raw>::each(record, made, FromRecord{});
    return made;
}
domain::Message our_message(const records::MessageView& record);
/// It points into the given one.
records::ListQuery list_query(const store::ListQuery& from);

/// ChangeSets as records; they point into the given ones, which must outlive it.
class RecordBatch {
public:
    explicit RecordBatch(const std::vector<const store::ChangeSet*>& batch);
    const std::vector<records::ChangeSet>& change_sets() const { return change_sets_; }

private:
    std::vector<records::ChangeSet> change_sets_;
    std::deque<std::string> media_;  // texts made here; a deque's elements stay in place
};

}  // namespace tandem::load
