#include "forgetting.h"

#include <utility>
#include <vector>

namespace tandem::sqlite {

namespace {

// Rows that one step takes out: a few milliseconds, in which commits wait.
constexpr int step_rows = 200;
// Conversations that one step looks at.
constexpr int step_addresses = 500;

}  // namespace

Forgetting::Forgetting(const Database& database)
    : database_(database),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      drop_notes_(database,
                  "DELETE FROM note WHERE organization = ?1 AND (scope, key) IN"
                  " (SELECT scope, key FROM note WHERE organization = ?1 AND expires_at > 0"
                  " AND expires_at <= ?2 LIMIT ?3)"),
      addresses_(database,
                 "SELECT address FROM conversation WHERE organization = ?1 AND address > ?2"
                 " ORDER BY address LIMIT ?3"),
      // One that a clock dated ahead tells nothing of those behind it.
      oldest_messages_(database,
                       "SELECT id, at FROM message WHERE organization = ?1 AND address = ?2"
                       " AND at <= ?3 ORDER BY number LIMIT ?4"),
      drop_lines_(database, "DELETE FROM status_line WHERE organization = ?1 AND message_id = ?2"),
      drop_message_(database, "DELETE FROM message WHERE organization = ?1 AND id = ?2"),
      old_calls_(database,
                 "SELECT id FROM call INDEXED BY call_started WHERE organization = ?1"
                 " AND started_at < ?2 AND ended_at < ?2 AND active = 0"
                 " ORDER BY started_at LIMIT ?3"),
      drop_call_(database, "DELETE FROM call WHERE organization = ?1 AND id = ?2"),
      subjects_(database, "SELECT subject_id FROM owed WHERE organization = ?1") {}

void Forgetting::step(ForgetWork& work) {
    begin_.execute();
    try {
        ForgetWork next = work;
        write(next);
        commit_.execute();
        work = std::move(next);
    } catch (...) {
        database_.roll_back();
        throw;
    }
}

void Forgetting::write(ForgetWork& work) {
    if (work.before <= 0) work.stage = ForgetWork::Stage::Notes;
    if (work.stage == ForgetWork::Stage::Notes) return forget_notes(work);
    // What is owed is looked up in each step: commits go on between them.
    find_owed(work.organization);
    if (work.stage == ForgetWork::Stage::Messages) return forget_messages(work);
    forget_calls(work);
}

void Forgetting::forget_notes(ForgetWork& work) {
    if (drop_notes_.execute(work.organization, work.now, int64_t{step_rows}) == step_rows) return;
    work.stage = work.before > 0 ? ForgetWork::Stage::Messages : ForgetWork::Stage::Done;
}

// By conversation, whose first messages are its oldest: an index by time would cost every
// message that comes in.
void Forgetting::forget_messages(ForgetWork& work) {
    std::vector<std::string> addresses;
    {
        auto rows = addresses_.rows(work.organization, work.address, int64_t{step_addresses});
        while (rows.next()) addresses.emplace_back(rows.text(0));
    }
    int room = step_rows;
    for (const std::string& address : addresses) {
        // The same conversation again in the next step.
        if (!forget_messages_of(work, address, room)) return;
        work.address = address;
    }
    if (addresses.size() < step_addresses) work.stage = ForgetWork::Stage::Calls;
}

bool Forgetting::forget_messages_of(const ForgetWork& work, std::string_view address, int& room) {
    std::vector<std::string> old;
    {
        auto rows = oldest_messages_.rows(work.organization, address, work.now, int64_t{room});
        while (rows.next() && rows.integer(1) < work.before)
            if (owed_.count(rows.text(0)) == 0) old.emplace_back(rows.text(0));
    }
    for (const std::string& id : old) {
        drop_lines_.execute(work.organization, id);
        drop_message_.execute(work.organization, id);
    }
    room -= static_cast<int>(old.size());
    return room > 0;
}

void Forgetting::forget_calls(ForgetWork& work) {
    std::vector<std::string> old;
    bool all = true;
    {
        auto rows = old_calls_.rows(work.organization, work.before, int64_t{step_rows});
        int seen = 0;
        while (rows.next()) {
            if (owed_.count(rows.text(0)) == 0) old.emplace_back(rows.text(0));
            all = ++seen < step_rows;
        }
    }
    for (const std::string& id : old) drop_call_.execute(work.organization, id);
    // A full step of calls that are all owed would come again for ever.
    if (all || old.empty()) work.stage = ForgetWork::Stage::Done;
}

void Forgetting::find_owed(std::string_view organization) {
    owed_.clear();
    auto rows = subjects_.rows(organization);
    while (rows.next()) owed_.emplace(rows.text(0));
}

}  // namespace tandem::sqlite
