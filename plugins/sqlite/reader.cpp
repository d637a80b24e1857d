#include "reader.h"

#include <string>

namespace tandem::sqlite {

namespace {

// In the order of the SDK's lists of members.
const std::string lead_columns =
    "id, address, customer_name, email, status, source, attributes_json, created_at, updated_at";
const std::string conversation_columns =
    "opted_out, address, lead_id, needs_human, summary, waiting, created_at, last_activity_at,"
    " version, control_epoch, message_count";
const std::string message_columns =
    "author, type, direction, delivery, number, id, address, content, provider_id, instance,"
    " agent_id, agent_name, session_id, error_code, error_text, control_epoch, at, media_json";
const std::string session_columns =
    "state, id, address, agent_id, agent_name, record_json, started_at, last_activity_at, ended_at";
const std::string call_columns =
    "direction, outcome, active, id, address, instance, line_id, conversation_id, summary,"
    " record_json, duration_s, started_at, ended_at";
const std::string event_columns = "offset, id, type, address, payload, at";
const std::string owed_columns =
    "kind, id, organization, address, instance, subject_id, merge_key, payload_json,"
    " control_epoch, attempts, due_at, expires_at, lease_until, worker, last_error";

std::string select(const std::string& columns, const char* rest) {
    return "SELECT " + columns + " FROM " + rest;
}

}  // namespace

Reader::Reader(const std::string& path)
    : database_(path, Role::Reader),
      begin_(database_, "BEGIN"),
      position_(database_,
                "SELECT epoch, head, coalesce((SELECT min(offset) FROM event"
                " WHERE organization = ?1), 0) FROM journal WHERE organization = ?1"),
      lead_(database_, select(lead_columns, "lead WHERE organization = ?1 AND id = ?2")),
      lead_by_address_(database_,
                       select(lead_columns, "lead WHERE organization = ?1 AND address = ?2")),
      conversation_(database_, select(conversation_columns,
                                      "conversation WHERE organization = ?1 AND address = ?2"
                                      " AND version > 0")),
      open_session_(database_, select(session_columns,
                                      "session WHERE organization = ?1 AND address = ?2"
                                      " AND state = 1")),
      active_calls_(database_, select(call_columns,
                                      "call WHERE organization = ?1 AND address = ?2"
                                      " AND active <> 0")),
      last_messages_(database_,
                     "SELECT * FROM (" + select(message_columns,
                                                "message WHERE organization = ?1 AND address = ?2"
                                                " ORDER BY number DESC LIMIT ?3) ORDER BY number")),
      messages_(database_, select(message_columns,
                                  "message WHERE organization = ?1 AND address = ?2"
                                  " AND number < ?3 ORDER BY number DESC LIMIT ?4")),
      message_(database_, select(message_columns, "message WHERE organization = ?1 AND id = ?2")),
      message_by_provider_id_(database_, select(message_columns,
                                                "message WHERE organization = ?1 AND instance = ?2"
                                                " AND provider_id = ?3 AND provider_id <> ''")),
      // Two halves, so that each finds its own index.
      call_by_provider_id_(database_,
                           select(call_columns,
                                  "call WHERE organization = ?1 AND instance = ?2 AND line_id = ?3"
                                  " AND line_id <> '' UNION ") +
                               select(call_columns,
                                      "call WHERE organization = ?1 AND instance = ?2"
                                      " AND conversation_id = ?3 AND conversation_id <> ''"
                                      " ORDER BY started_at DESC LIMIT 1")),
      conversations_(database_, select(conversation_columns,
                                       "conversation WHERE organization = ?1 AND version > 0"
                                       " AND (last_activity_at, address) < (?2, ?3)"
                                       " ORDER BY last_activity_at DESC, address DESC LIMIT ?4")),
      journal_(database_, select(event_columns,
                                 "event WHERE organization = ?1 AND offset > ?2"
                                 " ORDER BY offset LIMIT ?3")),
      journal_of_address_(database_, select(event_columns,
                                            "event WHERE organization = ?1 AND offset > ?2"
                                            " AND address = ?4 ORDER BY offset LIMIT ?3")),
      due_(database_, select(owed_columns,
                             "owed WHERE kind = ?1 AND due_at <= ?2 AND dead = 0"
                             " AND lease_until <= ?2 ORDER BY due_at, id LIMIT ?3")),
      history_(database_,
               "SELECT delivery, keep_delivery, provider_word, error_code, error_text, at"
               " FROM status_line WHERE organization = ?1 AND message_id = ?2"
               " ORDER BY number LIMIT ?3") {}

Reader::Snapshot::Snapshot(Reader& reader) : reader_(reader) {
    reader.begin_.execute();
}

void Reader::push_position(std::string_view organization, records::Rows& rows) {
    auto found = position_.rows(organization);
    if (found.next())
        rows.position({found.text(0), found.integer(1), found.integer(2)});
    else
        rows.position({});
}

bool Reader::snapshot(std::string_view organization, std::string_view address,
                      uint32_t message_limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto leads = lead_by_address_.rows(organization, address);
    if (leads.next()) rows.lead(row_record<records::LeadView>(leads));
    auto conversations = conversation_.rows(organization, address);
    if (!conversations.next()) return false;
    rows.conversation(row_record<records::ConversationView>(conversations));
    auto sessions = open_session_.rows(organization, address);
    if (sessions.next()) rows.session(row_record<records::SessionView>(sessions));
    auto calls = active_calls_.rows(organization, address);
    while (calls.next()) rows.call(row_record<records::CallView>(calls));
    auto messages = last_messages_.rows(organization, address, message_limit);
    while (messages.next())
        if (!rows.message(row_record<records::MessageView>(messages))) break;
    return true;
}

bool Reader::lead(std::string_view organization, std::string_view id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = lead_.rows(organization, id);
    if (!found.next()) return false;
    rows.lead(row_record<records::LeadView>(found));
    return true;
}

void Reader::messages(std::string_view organization, std::string_view address, int64_t before,
                      uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const int64_t below = before > 0 ? before : INT64_MAX;
    auto found = messages_.rows(organization, address, below, limit);
    while (found.next())
        if (!rows.message(row_record<records::MessageView>(found))) return;
}

bool Reader::message(std::string_view organization, std::string_view id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = message_.rows(organization, id);
    if (!found.next()) return false;
    rows.message(row_record<records::MessageView>(found));
    return true;
}

bool Reader::message_by_provider_id(std::string_view organization, std::string_view instance,
                                    std::string_view provider_id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = message_by_provider_id_.rows(organization, instance, provider_id);
    if (!found.next()) return false;
    rows.message(row_record<records::MessageView>(found));
    return true;
}

bool Reader::call_by_provider_id(std::string_view organization, std::string_view instance,
                                 std::string_view provider_id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = call_by_provider_id_.rows(organization, instance, provider_id);
    if (!found.next()) return false;
    rows.call(row_record<records::CallView>(found));
    return true;
}

void Reader::conversations(std::string_view organization, tandem_time before_activity,
                           std::string_view before_address, uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const int64_t below = before_activity != 0 ? before_activity : INT64_MAX;
    auto found = conversations_.rows(organization, below, before_address, limit);
    while (found.next()) {
        const auto conversation = row_record<records::ConversationView>(found);
        if (!rows.conversation(conversation)) return;
        auto leads = lead_.rows(organization, conversation.lead_id);
        if (leads.next() && !rows.lead(row_record<records::LeadView>(leads))) return;
    }
}

void Reader::journal(std::string_view organization, int64_t after, std::string_view address,
                     uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    if (address.empty()) {
        auto found = journal_.rows(organization, after, limit);
        while (found.next())
            if (!rows.event(row_record<records::EventView>(found))) return;
    } else {
        auto found = journal_of_address_.rows(organization, after, limit, address);
        while (found.next())
            if (!rows.event(row_record<records::EventView>(found))) return;
    }
}

void Reader::due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    auto found = due_.rows(kind, now, limit);
    while (found.next())
        if (!rows.owed(row_record<records::OwedView>(found))) return;
}

void Reader::status_history(std::string_view organization, std::string_view message_id,
                            uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = history_.rows(organization, message_id, limit);
    while (found.next())
        if (!rows.status_line(row_record<records::StatusLineView>(found))) return;
}

}  // namespace tandem::sqlite
