#pragma once

#include <string>

namespace tandem::sqlite {

// The columns of each record, in the order of the SDK's lists of members.
inline const std::string lead_columns =
    "id, address, customer_name, email, status, source, attributes_json, created_at, updated_at";
inline const std::string conversation_columns =
    "opted_out, address, lead_id, needs_human, summary, waiting, created_at, last_activity_at,"
    " version, control_epoch, message_count, call_count, business_number";
inline const std::string message_columns =
    "author, type, direction, delivery, number, id, address, content, provider_id, instance,"
    " agent_id, agent_name, session_id, call_id, error_code, error_text, control_epoch, at,"
    " media_json";
inline const std::string session_columns =
    "state, id, address, agent_id, agent_name, record_json, started_at, last_activity_at, ended_at";
inline const std::string call_columns =
    "direction, outcome, active, id, address, instance, line_id, conversation_id, summary,"
    " record_json, duration_s, started_at, ended_at";
inline const std::string event_columns = "offset, id, type, address, payload, at";
inline const std::string owed_columns =
    "kind, id, organization, address, instance, subject_id, merge_key, payload_json,"
    " control_epoch, attempts, due_at, expires_at, lease_until, worker, last_error, dead";

inline const std::string note_columns = "scope, key, value, address, at, expires_at";
inline const std::string audit_columns = "id, actor, action, address, subject, detail_json, at";

inline std::string select(const std::string& columns, const std::string& rest) {
    return "SELECT " + columns + " FROM " + rest;
}

}  // namespace tandem::sqlite
