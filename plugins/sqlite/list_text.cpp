#include "list_text.h"

#include <algorithm>

#include "columns.h"

namespace tandem::sqlite {

namespace {

using plugin::store::ListQuery;

constexpr uint32_t yes = 1, no = 2;  // of a ListQuery's choices
constexpr uint32_t session_open = 1;

int64_t below(const ListQuery& query) {
    return query.before_at != 0 ? query.before_at : INT64_MAX;
}

// A part of a text for LIKE; \ takes the meaning from its wildcards.
std::string pattern(std::string_view part) {
    std::string made = "%";
    for (const char letter : part) {
        if (letter == '%' || letter == '_' || letter == '\\') made.push_back('\\');
        made.push_back(letter);
    }
    made.push_back('%');
    return made;
}

std::string of_table(const char* table, const std::string& columns) {
    std::string made;
    size_t from = 0;
    while (from < columns.size()) {
        const size_t comma = std::min(columns.find(',', from), columns.size());
        made.append(made.empty() ? "" : ", ").append(table).append(".");
        const size_t name = columns.find_first_not_of(' ', from);
        made.append(columns, name, comma - name);
        from = comma + 1;
    }
    return made;
}

}  // namespace

ListText conversations_text(std::string_view organization, const ListQuery& query) {
    const bool held = query.under_control == yes;
    const bool needing = query.needs_human == yes;
    // Few conversations are held, or need a human: those lists begin with them.
    std::string from = "conversation c INDEXED BY conversation_activity";
    if (needing) from = "conversation c INDEXED BY conversation_needs_human";
    if (held)
        from =
            "session s INDEXED BY session_open CROSS JOIN conversation c"
            " ON c.organization = s.organization AND c.address = s.address";
    if (!query.text.empty())
        from += " LEFT JOIN lead l ON l.organization = c.organization AND l.id = c.lead_id";
    ListText text(select(of_table("c", conversation_columns), from));
    if (held)
        text.add(" WHERE s.organization = ? AND s.state = 1 AND c.version > 0", organization);
    else
        text.add(" WHERE c.organization = ? AND c.version > 0", organization);
    text.add(" AND (c.last_activity_at, c.address) < (?, ?)", below(query), query.before_key);
    if (query.under_control == no)
        text.add(
            " AND NOT EXISTS (SELECT 1 FROM session s WHERE s.organization = c.organization"
            " AND s.address = c.address AND s.state = 1)");
    if (needing) text.add(" AND c.needs_human <> ''");
    if (query.needs_human == no) text.add(" AND c.needs_human = ''");
    if (!query.text.empty()) {
        const std::string part = pattern(query.text);
        text.add(
            " AND (c.address LIKE ? ESCAPE '\\' OR l.customer_name LIKE ? ESCAPE '\\'"
            " OR l.email LIKE ? ESCAPE '\\')",
            part, part, part);
    }
    return text.add(" ORDER BY c.last_activity_at DESC, c.address DESC LIMIT ?",
                    int64_t{query.limit});
}

ListText calls_text(std::string_view organization, const ListQuery& query) {
    const bool active = query.active == yes;
    const char* index = active                  ? "call_active"
                        : query.address.empty() ? "call_started"
                                                : "call_address";
    ListText text(select(call_columns, std::string("call INDEXED BY ") + index));
    text.add(" WHERE organization = ? AND (started_at, id) < (?, ?)", organization, below(query),
             query.before_key);
    if (active) text.add(" AND active <> 0");
    if (!query.address.empty()) text.add(" AND address = ?", query.address);
    return text.add(" ORDER BY started_at DESC, id DESC LIMIT ?", int64_t{query.limit});
}

ListText leads_text(std::string_view organization, const ListQuery& query) {
    ListText text(select(lead_columns, "lead INDEXED BY lead_created"));
    text.add(" WHERE organization = ? AND (created_at, id) < (?, ?)", organization, below(query),
             query.before_key);
    if (!query.text.empty()) {
        const std::string part = pattern(query.text);
        text.add(
            " AND (address LIKE ? ESCAPE '\\' OR customer_name LIKE ? ESCAPE '\\'"
            " OR email LIKE ? ESCAPE '\\')",
            part, part, part);
    }
    return text.add(" ORDER BY created_at DESC, id DESC LIMIT ?", int64_t{query.limit});
}

ListText sessions_text(std::string_view organization, const ListQuery& query) {
    const bool open = query.session_state == session_open;
    const char* index = !query.address.empty()    ? "session_address"
                        : open                    ? "session_open"
                        : !query.agent_id.empty() ? "session_agent"
                                                  : "session_started";
    ListText text(select(session_columns, std::string("session INDEXED BY ") + index));
    text.add(" WHERE organization = ? AND (started_at, id) < (?, ?)", organization, below(query),
             query.before_key);
    // The index of open ones is found by its own condition alone, not by a bound value.
    if (open)
        text.add(" AND state = 1");
    else if (query.session_state != 0)
        text.add(" AND state = ?", int64_t{query.session_state});
    if (query.idle_since != 0) text.add(" AND last_activity_at <= ?", query.idle_since);
    if (!query.address.empty()) text.add(" AND address = ?", query.address);
    if (!query.agent_id.empty()) text.add(" AND agent_id = ?", query.agent_id);
    return text.add(" ORDER BY started_at DESC, id DESC LIMIT ?", int64_t{query.limit});
}

}  // namespace tandem::sqlite
