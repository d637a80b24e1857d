#pragma once

#include <map>
#include <string>
#include <string_view>

#include "binding.h"
#include "database.h"
#include "tandem/plugin/store.hpp"

/// The reads of one connection. Belongs to one thread at a time; each call sees one
/// snapshot.
namespace tandem::sqlite {

class ListText;

class Reader {
public:
    explicit Reader(const std::string& path);

    const Database& database() const { return database_; }

    bool snapshot(std::string_view organization, std::string_view address, uint32_t message_limit,
                  records::Rows& rows);
    bool lead(std::string_view organization, std::string_view id, records::Rows& rows);
    void messages(std::string_view organization, std::string_view address, int64_t before,
                  uint32_t limit, records::Rows& rows);
    bool message(std::string_view organization, std::string_view id, records::Rows& rows);
    bool message_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, records::Rows& rows);
    bool call_by_provider_id(std::string_view organization, std::string_view instance,
                             std::string_view provider_id, records::Rows& rows);
    void conversations(std::string_view organization, const records::ListQuery& query,
                       records::Rows& rows);
    void journal(std::string_view organization, int64_t after, std::string_view address,
                 uint32_t limit, records::Rows& rows);
    void due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows);
    void status_history(std::string_view organization, std::string_view message_id, uint32_t limit,
                        records::Rows& rows);
    bool call(std::string_view organization, std::string_view id, records::Rows& rows);
    bool call_by_line(std::string_view organization, std::string_view line_id, records::Rows& rows);
    void calls(std::string_view organization, const records::ListQuery& query, records::Rows& rows);
    void call_turns(std::string_view organization, std::string_view call_id, uint32_t limit,
                    records::Rows& rows);
    void leads(std::string_view organization, const records::ListQuery& query, records::Rows& rows);
    bool lead_by_address(std::string_view organization, std::string_view address,
                         records::Rows& rows);
    void sessions(std::string_view organization, const records::ListQuery& query,
                  records::Rows& rows);
    void messages_by_delivery(std::string_view organization, std::string_view address,
                              uint32_t delivery, uint32_t limit, records::Rows& rows);
    void owed(std::string_view organization, uint32_t dead, std::string_view after_id,
              uint32_t limit, records::Rows& rows);
    bool owed_row(std::string_view organization, std::string_view id, records::Rows& rows);
    bool remembered(std::string_view organization, std::string_view scope, std::string_view key);
    void notes(std::string_view organization, std::string_view scope, std::string_view key_prefix,
               tandem_time now, uint32_t limit, records::Rows& rows);
    bool audit(std::string_view organization, std::string_view before_id, uint32_t limit,
               records::Rows& rows);

private:
    // One snapshot for all statements of a call. It must end in any case: an open one keeps
    // the log from being checkpointed.
    class Snapshot {
    public:
        explicit Snapshot(Reader& reader);
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;
        ~Snapshot() { reader_.database_.roll_back(); }

    private:
        Reader& reader_;
    };

    void push_position(std::string_view organization, records::Rows& rows);
    bool push_parts(std::string_view organization, const records::ConversationView& conversation,
                    records::Rows& rows);
    /// The statement of a list's query; made when it is first asked.
    Statement::Rows listed(const ListText& text);

    Database database_;
    Statement begin_, position_;
    Statement lead_, lead_by_address_, conversation_, open_session_, active_calls_;
    Statement last_messages_, messages_, message_, message_by_provider_id_, call_by_provider_id_;
    Statement journal_, journal_of_address_, due_, history_;
    Statement call_, call_by_line_, call_turns_, last_message_, drafts_, messages_by_delivery_;
    Statement owed_, owed_row_, remembered_, notes_, audit_place_, audit_;
    std::map<std::string, Statement> lists_;  // by their text
};

}  // namespace tandem::sqlite
