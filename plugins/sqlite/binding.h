#pragma once

#include "database.h"
#include "tandem/plugin/store_members.hpp"

/// Records into statements and out of rows, in the order of the SDK's lists of members:
/// the columns of a record stand in that order everywhere.
namespace tandem::sqlite {

namespace records = plugin::store;

template <typename Record>
void bind_record(Statement& statement, const Record& record) {
    records::Members<typename Record::Raw>::each(
        record, record, [&](const auto& value, const auto&) { statement.bind(value); });
}

/// The views live until the next step of the rows.
template <typename View>
View row_record(const Statement::Rows& rows) {
    View view;
    struct Read {
        const Statement::Rows& rows;
        int column = 0;
        void operator()(std::string_view& to, std::string_view&) { to = rows.text(column++); }
        void operator()(int64_t& to, int64_t&) { to = rows.integer(column++); }
        void operator()(uint32_t& to, uint32_t&) {
            to = static_cast<uint32_t>(rows.integer(column++));
        }
    };
    records::Members<typename View::Raw>::each(view, view, Read{rows});
    return view;
}

}  // namespace tandem::sqlite
