#pragma once

#include <string_view>

#include "binding.h"
#include "database.h"
#include "tandem/plugin/store.hpp"

/// The reads of one connection. Belongs to one thread at a time; each call sees one
/// snapshot.
namespace tandem::sqlite {

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
    void conversations(std::string_view organization, tandem_time before_activity,
                       std::string_view before_address, uint32_t limit, records::Rows& rows);
    void journal(std::string_view organization, int64_t after, std::string_view address,
                 uint32_t limit, records::Rows& rows);
    void due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows);
    void status_history(std::string_view organization, std::string_view message_id, uint32_t limit,
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

    Database database_;
    Statement begin_, position_;
    Statement lead_, lead_by_address_, conversation_, open_session_, active_calls_;
    Statement last_messages_, messages_, message_, message_by_provider_id_, call_by_provider_id_;
    Statement conversations_, journal_, journal_of_address_, due_, history_;
};

}  // namespace tandem::sqlite
