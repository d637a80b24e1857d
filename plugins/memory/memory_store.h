#pragma once

#include <algorithm>
#include <mutex>

#include "lists.h"
#include "tables.h"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/store.hpp"

namespace tandem::memory {

/// The store for tests and for trying: all of it is gone with the process. Every call but
/// `migrate` and `health` comes in by the door, one at a time; a test's own door may refuse.
template <typename Door = std::mutex>
class MemoryStore : public plugin::Plugin, public plugin::Store, public plugin::StoreReads {
public:
    explicit MemoryStore(plugin::Host) {}

    static plugin::Description describe() {
        plugin::Description description;
        description.id = "org.tandem.memory";
        description.name = "Memory";
        description.version = TANDEM_VERSION;
        description.vendor = "Tandem";
        description.licence = "Apache-2.0";
        return description;
    }

    void migrate() override {}
    void health() override {}

    std::vector<records::CommitResult> commit(
        const std::vector<records::ChangeSet>& batch) override {
        const std::lock_guard lock(door_);
        Writer writer(organizations_);
        std::vector<records::CommitResult> results;
        results.reserve(batch.size());
        for (const records::ChangeSet& change_set : batch)
            results.push_back(writer.apply(change_set));
        writer.keep();
        return results;
    }

    bool snapshot(std::string_view organization, std::string_view address, uint32_t message_limit,
                  records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto lead = kept.lead_by_address.find(address);
        if (lead != kept.lead_by_address.end()) rows.lead(kept.leads.find(lead->second)->second);
        const auto talk = kept.talks.find(address);
        if (talk == kept.talks.end() || talk->second.conversation.version == 0) return false;
        rows.conversation(talk->second.conversation);
        const auto open = kept.open_session_by_address.find(address);
        if (open != kept.open_session_by_address.end())
            rows.session(kept.sessions.find(open->second)->second);
        for (const auto& [id, call] : kept.calls)
            if (call.active != 0 && call.address == address) rows.call(call);
        const auto last = newest(kept, address, INT64_MAX, message_limit, every);
        for (auto row = last.rbegin(); row != last.rend(); ++row) rows.message(**row);
        return true;
    }

    bool lead(std::string_view organization, std::string_view id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.leads.find(id);
        if (found == kept.leads.end()) return false;
        rows.lead(found->second);
        return true;
    }

    void messages(std::string_view organization, std::string_view address, int64_t before,
                  uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const int64_t below = before > 0 ? before : INT64_MAX;
        for (const records::Message* row : newest(kept, address, below, limit, every))
            if (!rows.message(*row)) return;
    }

    bool message(std::string_view organization, std::string_view id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.messages.find(id);
        if (found == kept.messages.end()) return false;
        rows.message(found->second);
        return true;
    }

    bool message_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto id =
            kept.message_by_provider_id.find({std::string(instance), std::string(provider_id)});
        if (id == kept.message_by_provider_id.end()) return false;
        rows.message(kept.messages.find(id->second)->second);
        return true;
    }

    bool call_by_provider_id(std::string_view organization, std::string_view instance,
                             std::string_view provider_id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        if (provider_id.empty()) return false;
        const records::Call* newest = nullptr;
        for (const auto& [id, call] : kept.calls) {
            const bool meant = call.line_id == provider_id || call.conversation_id == provider_id;
            if (!meant || call.instance != instance) continue;
            if (newest == nullptr || call.started_at >= newest->started_at) newest = &call;
        }
        if (newest == nullptr) return false;
        rows.call(*newest);
        return true;
    }

    void conversations(Text organization, const records::ListQuery& query,
                       records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto wanted = [&](const Talk& talk) {
            const records::Conversation& row = talk.conversation;
            const auto lead = kept.leads.find(row.lead_id);
            const bool named = lead != kept.leads.end() && is_of(lead->second, query.text);
            return row.version > 0 &&
                   chosen(query.under_control, kept.open_session_by_address.count(row.address)) &&
                   chosen(query.needs_human, !row.needs_human.empty()) &&
                   (named || has_part(row.address, query.text));
        };
        const auto place = [](const Talk& talk) {
            return Place{talk.conversation.last_activity_at, talk.conversation.address};
        };
        for (const Talk* talk : listed(kept.talks, query, wanted, place))
            if (!push(kept, talk->conversation, rows)) return;
    }

    void journal(std::string_view organization, int64_t after, std::string_view address,
                 uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        uint32_t taken = 0;
        for (auto at = kept.journal.upper_bound(after); at != kept.journal.end(); ++at) {
            if (!address.empty() && at->second.address != address) continue;
            if (taken++ == limit || !rows.event(at->second)) return;
        }
    }

    void due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        std::vector<const records::Owed*> found;
        for (const auto& [organization, kept] : organizations_)
            for (const auto& [id, row] : kept.owed)
                if (row.kind == kind && row.dead == 0 && row.lease_until <= now &&
                    row.due_at <= now)
                    found.push_back(&row);
        push_by_due(found, limit, rows);
    }

    void trim_journal(std::string_view organization, int64_t keep) override {
        const std::lock_guard lock(door_);
        const auto found = organizations_.find(organization);
        if (found == organizations_.end()) return;
        auto& journal = found->second.journal;
        journal.erase(journal.begin(),
                      journal.upper_bound(found->second.head - std::max<int64_t>(0, keep)));
    }

    void status_history(std::string_view organization, std::string_view message_id, uint32_t limit,
                        records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const std::string id(message_id);
        uint32_t taken = 0;
        for (auto line = kept.history.lower_bound({id, 0});
             line != kept.history.end() && line->first.first == id && taken < limit;
             ++line, ++taken)
            if (!rows.status_line(line->second)) return;
    }

    bool call(Text organization, Text id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.calls.find(id);
        return found != kept.calls.end() && (rows.call(found->second), true);
    }

    bool call_by_line(Text organization, Text line_id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        records::ListQuery newest;
        newest.limit = 1;
        const auto on_line = [&](const records::Call& row) {
            return !line_id.empty() && row.line_id == line_id;
        };
        const auto found = listed(kept.calls, newest, on_line, by_start<records::Call>);
        return !found.empty() && (rows.call(*found.front()), true);
    }

    void calls(Text organization, const records::ListQuery& query, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto wanted = [&](const records::Call& row) {
            return (query.active != 1 || row.active != 0) && equals(query.address, row.address);
        };
        for (const auto* row : listed(kept.calls, query, wanted, by_start<records::Call>))
            if (!rows.call(*row)) return;
    }

    void call_turns(Text organization, Text call_id, uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        std::vector<const records::Message*> found;
        for (const auto& [id, row] : kept.messages)
            if (!call_id.empty() && row.call_id == call_id) found.push_back(&row);
        std::sort(found.begin(), found.end(),
                  [](auto* left, auto* right) { return left->number < right->number; });
        for (size_t i = 0; i < found.size() && i < limit; ++i)
            if (!rows.message(*found[i])) return;
    }

    void leads(Text organization, const records::ListQuery& query, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto wanted = [&](const records::Lead& row) { return is_of(row, query.text); };
        const auto place = [](const records::Lead& row) { return Place{row.created_at, row.id}; };
        for (const auto* row : listed(kept.leads, query, wanted, place))
            if (!rows.lead(*row)) return;
    }

    bool lead_by_address(Text organization, Text address, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto id = kept.lead_by_address.find(address);
        if (id == kept.lead_by_address.end()) return false;
        rows.lead(kept.leads.find(id->second)->second);
        return true;
    }

    void sessions(Text organization, const records::ListQuery& query,
                  records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto wanted = [&](const records::Session& row) {
            return (query.session_state == 0 || row.state == query.session_state) &&
                   (query.idle_since == 0 || row.last_activity_at <= query.idle_since) &&
                   equals(query.address, row.address) && equals(query.agent_id, row.agent_id);
        };
        for (const auto* row : listed(kept.sessions, query, wanted, by_start<records::Session>))
            if (!rows.session(*row)) return;
    }

    void messages_by_delivery(Text organization, Text address, uint32_t delivery, uint32_t limit,
                              records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto wanted = [&](const records::Message& row) { return row.delivery == delivery; };
        for (const records::Message* row : newest(kept, address, INT64_MAX, limit, wanted))
            if (!rows.message(*row)) return;
    }

    void owed(Text organization, uint32_t dead, Text after_id, uint32_t limit,
              records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        uint32_t taken = 0;
        for (auto at = kept.owed.upper_bound(after_id); at != kept.owed.end(); ++at) {
            if (at->second.dead != dead) continue;
            if (taken++ == limit || !rows.owed(at->second)) return;
        }
    }

    bool owed_row(Text organization, Text id, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.owed.find(id);
        return found != kept.owed.end() && (rows.owed(found->second), true);
    }

    bool remembered(Text organization, Text scope, Text key) override {
        const std::lock_guard lock(door_);
        return find(organization).dedupe.count({std::string(scope), std::string(key)}) > 0;
    }

    void notes(Text organization, Text scope, Text key_prefix, tandem_time now, uint32_t limit,
               records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const Pair first{std::string(scope), std::string(key_prefix)};
        uint32_t taken = 0;
        for (auto at = kept.notes.lower_bound(first); at != kept.notes.end(); ++at) {
            const auto& [key, note] = *at;
            if (key.first != scope || key.second.compare(0, key_prefix.size(), key_prefix) != 0)
                return;
            if (!lives(note, now)) continue;
            if (taken++ == limit || !rows.note(note)) return;
        }
    }

    bool audit(Text organization, Text before_id, uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(door_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto place = kept.audit_by_id.find(before_id);
        if (!before_id.empty() && place == kept.audit_by_id.end()) return false;
        auto at = before_id.empty() ? kept.audit.end() : kept.audit.find(place->second);
        for (uint32_t taken = 0; taken < limit && at != kept.audit.begin(); ++taken)
            if (!rows.audit_line((--at)->second)) return true;
        return true;
    }

    void end_leases(tandem_time now) override {
        const std::lock_guard lock(door_);
        for (auto& [organization, kept] : organizations_)
            for (auto& [id, row] : kept.owed) row.lease_until = std::min(row.lease_until, now);
    }

    // Memory has no file in which anything could be left.
    void compact() override {}

    void forget(Text organization, tandem_time now, tandem_time messages_before) override {
        const std::lock_guard lock(door_);
        const auto found = organizations_.find(organization);
        if (found == organizations_.end()) return;
        Writer writer(organizations_);
        writer.forget(found->second, now, messages_before);
        writer.keep();
    }

private:
    static bool push(const Organization& kept, const records::Conversation& row,
                     records::Rows& rows) {
        if (!rows.conversation(row)) return false;
        const auto lead = kept.leads.find(row.lead_id);
        if (lead != kept.leads.end() && !rows.lead(lead->second)) return false;
        const auto open = kept.open_session_by_address.find(row.address);
        if (open != kept.open_session_by_address.end() &&
            !rows.session(kept.sessions.find(open->second)->second))
            return false;
        for (const auto& [id, call] : kept.calls)
            if (call.active != 0 && call.address == row.address && !rows.call(call)) return false;
        const auto said = [](const records::Message& message) {
            return message.type != TANDEM_MESSAGE_SYSTEM;
        };
        const auto last = newest(kept, row.address, INT64_MAX, 1, said);
        return last.empty() || rows.message(*last.front());
    }

    static void push_by_due(std::vector<const records::Owed*>& found, uint32_t limit,
                            records::Rows& rows) {
        std::sort(found.begin(), found.end(), due_before);
        for (size_t i = 0; i < found.size() && i < limit; ++i)
            if (!rows.owed(*found[i])) return;
    }

    const Organization& find(std::string_view organization) const {
        static const Organization nothing;
        const auto found = organizations_.find(organization);
        return found == organizations_.end() ? nothing : found->second;
    }

    static void push_position(const Organization& kept, records::Rows& rows) {
        rows.position({kept.journal_epoch, kept.head,
                       kept.journal.empty() ? 0 : kept.journal.begin()->first});
    }

    Organizations organizations_;  // guarded by door_

protected:
    Door door_;
};

}  // namespace tandem::memory
