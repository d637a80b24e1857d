#include "list_text.h"
#include "reader.h"
#include "writer.h"

// Lists, and what is found by other ways than a conversation.
namespace tandem::sqlite {

Statement::Rows Reader::listed(const ListText& text) {
    auto found = lists_.find(text.sql());
    if (found == lists_.end()) found = lists_.try_emplace(text.sql(), database_, text.sql()).first;
    Statement& statement = found->second;
    statement.begin();
    for (const ListText::Value& value : text.values())
        std::visit([&](const auto& bound) { statement.bind(bound); }, value);
    return statement.bound_rows();
}

void Reader::conversations(std::string_view organization, const records::ListQuery& query,
                           records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const ListText text = conversations_text(organization, query);
    auto found = listed(text);
    while (found.next()) {
        const auto conversation = row_record<records::ConversationView>(found);
        if (!rows.conversation(conversation)) return;
        if (!push_parts(organization, conversation, rows)) return;
    }
}

bool Reader::push_parts(std::string_view organization,
                        const records::ConversationView& conversation, records::Rows& rows) {
    auto leads = lead_.rows(organization, conversation.lead_id);
    if (leads.next() && !rows.lead(row_record<records::LeadView>(leads))) return false;
    auto sessions = open_session_.rows(organization, conversation.address);
    if (sessions.next() && !rows.session(row_record<records::SessionView>(sessions))) return false;
    auto calls = active_calls_.rows(organization, conversation.address);
    while (calls.next())
        if (!rows.call(row_record<records::CallView>(calls))) return false;
    auto last =
        last_message_.rows(organization, conversation.address, int64_t{TANDEM_MESSAGE_SYSTEM});
    return !last.next() || rows.message(row_record<records::MessageView>(last));
}

bool Reader::call(std::string_view organization, std::string_view id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = call_.rows(organization, id);
    if (!found.next()) return false;
    rows.call(row_record<records::CallView>(found));
    return true;
}

bool Reader::call_by_line(std::string_view organization, std::string_view line_id,
                          records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = call_by_line_.rows(organization, line_id);
    if (!found.next()) return false;
    rows.call(row_record<records::CallView>(found));
    return true;
}

void Reader::calls(std::string_view organization, const records::ListQuery& query,
                   records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const ListText text = calls_text(organization, query);
    auto found = listed(text);
    while (found.next())
        if (!rows.call(row_record<records::CallView>(found))) return;
}

void Reader::call_turns(std::string_view organization, std::string_view call_id, uint32_t limit,
                        records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = call_turns_.rows(organization, call_id, limit);
    while (found.next())
        if (!rows.message(row_record<records::MessageView>(found))) return;
}

void Reader::leads(std::string_view organization, const records::ListQuery& query,
                   records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const ListText text = leads_text(organization, query);
    auto found = listed(text);
    while (found.next())
        if (!rows.lead(row_record<records::LeadView>(found))) return;
}

bool Reader::lead_by_address(std::string_view organization, std::string_view address,
                             records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = lead_by_address_.rows(organization, address);
    if (!found.next()) return false;
    rows.lead(row_record<records::LeadView>(found));
    return true;
}

void Reader::sessions(std::string_view organization, const records::ListQuery& query,
                      records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    const ListText text = sessions_text(organization, query);
    auto found = listed(text);
    while (found.next())
        if (!rows.session(row_record<records::SessionView>(found))) return;
}

void Reader::messages_by_delivery(std::string_view organization, std::string_view address,
                                  uint32_t delivery, uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = delivery == TANDEM_DELIVERY_SUPERSEDED
                     ? drafts_.rows(organization, address, limit)
                     : messages_by_delivery_.rows(organization, address, limit, delivery);
    while (found.next())
        if (!rows.message(row_record<records::MessageView>(found))) return;
}

void Reader::owed(std::string_view organization, uint32_t dead, std::string_view after_id,
                  uint32_t limit, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = owed_.rows(organization, dead, after_id, limit);
    while (found.next())
        if (!rows.owed(row_record<records::OwedView>(found))) return;
}

bool Reader::owed_row(std::string_view organization, std::string_view id, records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = owed_row_.rows(organization, id);
    if (!found.next()) return false;
    rows.owed(row_record<records::OwedView>(found));
    return true;
}

bool Reader::remembered(std::string_view organization, std::string_view scope,
                        std::string_view key) {
    const std::string hash = dedupe_key(organization, scope, key);
    return remembered_.rows(Blob{hash}).next();
}

void Reader::notes(std::string_view organization, std::string_view scope,
                   std::string_view key_prefix, tandem_time now, uint32_t limit,
                   records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    auto found = notes_.rows(organization, scope, key_prefix, now);
    for (uint32_t taken = 0; taken < limit && found.next(); ++taken) {
        const auto note = row_record<records::NoteView>(found);
        // Keys are in the order of their bytes: those that begin so stand together.
        if (note.key.substr(0, key_prefix.size()) != key_prefix || !rows.note(note)) return;
    }
}

bool Reader::audit(std::string_view organization, std::string_view before_id, uint32_t limit,
                   records::Rows& rows) {
    const Snapshot snapshot(*this);
    push_position(organization, rows);
    int64_t below = INT64_MAX;
    if (!before_id.empty()) {
        auto place = audit_place_.rows(organization, before_id);
        if (!place.next()) return false;
        below = place.integer(0);
    }
    auto found = audit_.rows(organization, below, limit);
    while (found.next())
        if (!rows.audit_line(row_record<records::AuditLineView>(found))) return true;
    return true;
}

}  // namespace tandem::sqlite
