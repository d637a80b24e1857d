#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "database.h"
#include "tandem/plugin/store_records.hpp"

/// The texts of list queries. What a query does not ask stands in no condition, so that each
/// text has the one index that fits it.
namespace tandem::sqlite {

/// A statement's text and what it binds, put together in step.
class ListText {
public:
    using Value = std::variant<int64_t, std::string_view, std::string>;

    explicit ListText(std::string sql) : sql_(std::move(sql)) {}
    /// Appends a piece with one `?` for each value.
    template <typename... Values>
    ListText& add(std::string_view sql, Values&&... values) {
        sql_.append(sql);
        (values_.emplace_back(std::forward<Values>(values)), ...);
        return *this;
    }
    const std::string& sql() const { return sql_; }
    const std::vector<Value>& values() const { return values_; }

private:
    std::string sql_;
    std::vector<Value> values_;
};

// The views in them are the query's.
ListText conversations_text(std::string_view organization, const plugin::store::ListQuery& query);
ListText calls_text(std::string_view organization, const plugin::store::ListQuery& query);
ListText leads_text(std::string_view organization, const plugin::store::ListQuery& query);
ListText sessions_text(std::string_view organization, const plugin::store::ListQuery& query);

}  // namespace tandem::sqlite
