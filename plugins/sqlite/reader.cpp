#include "reader.h"

#include <string>

#include "columns.h"

namespace tandem::sqlite {

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
                                  "call WHERE organization = ?1 AND line_id = ?3 AND instance = ?2"
                                  " AND line_id <> '' UNION ") +
                               select(call_columns,
                                      "call WHERE organization = ?1 AND instance = ?2"
                                      " AND conversation_id = ?3 AND conversation_id <> ''"
                                      " ORDER BY started_at DESC LIMIT 1")),
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
               " ORDER BY number LIMIT ?3"),
      call_(database_, select(call_columns, "call WHERE organization = ?1 AND id = ?2")),
      call_by_line_(database_, select(call_columns,
                                      "call WHERE organization = ?1 AND line_id = ?2"
                                      " AND line_id <> '' ORDER BY started_at DESC, id DESC"
                                      " LIMIT 1")),
      call_turns_(database_, select(message_columns,
                                    "message WHERE organization = ?1 AND call_id = ?2"
                                    " AND call_id <> '' ORDER BY number LIMIT ?3")),
      last_message_(database_, select(message_columns,
                                      "message WHERE organization = ?1 AND address = ?2"
                                      " AND type <> ?3 ORDER BY number DESC LIMIT 1")),
      drafts_(database_, select(message_columns,
                                "message INDEXED BY message_superseded WHERE organization = ?1"
                                " AND address = ?2 AND delivery = 11"
                                " ORDER BY number DESC LIMIT ?3")),
      messages_by_delivery_(database_, select(message_columns,
                                              "message WHERE organization = ?1 AND address = ?2"
                                              " AND delivery = ?4 ORDER BY number DESC LIMIT ?3")),
      owed_(database_, select(owed_columns,
                              "owed INDEXED BY owed_list WHERE organization = ?1 AND dead = ?2"
                              " AND id > ?3 ORDER BY id LIMIT ?4")),
      owed_row_(database_, select(owed_columns, "owed WHERE organization = ?1 AND id = ?2")),
      remembered_(database_, "SELECT 1 FROM dedupe WHERE key = ?1"),
      notes_(database_, select(note_columns,
                               "note WHERE organization = ?1 AND scope = ?2 AND key >= ?3"
                               " AND (expires_at = 0 OR expires_at > ?4) ORDER BY key")),
      audit_place_(database_, "SELECT number FROM audit WHERE organization = ?1 AND id = ?2"),
      audit_(database_, select(audit_columns,
                               "audit WHERE organization = ?1 AND number < ?2"
                               " ORDER BY number DESC LIMIT ?3")) {}

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
