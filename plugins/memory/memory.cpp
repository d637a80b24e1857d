// The store for tests and for trying: all of it is gone with the process.
#include <algorithm>
#include <mutex>

#include "tables.h"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/store.hpp"

namespace tandem::memory {

namespace {

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
        const std::lock_guard lock(mutex_);
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
        const std::lock_guard lock(mutex_);
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
        const int64_t first = std::max<int64_t>(1, talk->second.last_number - message_limit + 1);
        const std::string key(address);
        for (int64_t number = first; number <= talk->second.last_number; ++number)
            rows.message(kept.messages.find(kept.message_by_number.at({key, number}))->second);
        return true;
    }

    bool lead(std::string_view organization, std::string_view id, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.leads.find(id);
        if (found == kept.leads.end()) return false;
        rows.lead(found->second);
        return true;
    }

    void messages(std::string_view organization, std::string_view address, int64_t before,
                  uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto talk = kept.talks.find(address);
        if (talk == kept.talks.end()) return;
        int64_t number = talk->second.last_number;
        if (before > 0) number = std::min(number, before - 1);
        const std::string key(address);
        for (uint32_t i = 0; i < limit && number > 0; ++i, --number) {
            const std::string& id = kept.message_by_number.at({key, number});
            if (!rows.message(kept.messages.find(id)->second)) return;
        }
    }

    bool message(std::string_view organization, std::string_view id, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto found = kept.messages.find(id);
        if (found == kept.messages.end()) return false;
        rows.message(found->second);
        return true;
    }

    bool message_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
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
        const std::lock_guard lock(mutex_);
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

    void conversations(std::string_view organization, tandem_time before_activity,
                       std::string_view before_address, uint32_t limit,
                       records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const auto place = [](const records::Conversation& row) {
            return std::pair<tandem_time, std::string_view>(row.last_activity_at, row.address);
        };
        std::vector<const records::Conversation*> found;
        for (const auto& [address, talk] : kept.talks) {
            if (talk.conversation.version == 0) continue;
            const bool below =
                place(talk.conversation) < std::pair(before_activity, before_address);
            if (before_activity == 0 || below) found.push_back(&talk.conversation);
        }
        std::sort(found.begin(), found.end(),
                  [&](auto* left, auto* right) { return place(*left) > place(*right); });
        for (size_t i = 0; i < found.size() && i < limit; ++i) {
            if (!rows.conversation(*found[i])) return;
            const auto lead = kept.leads.find(found[i]->lead_id);
            if (lead != kept.leads.end() && !rows.lead(lead->second)) return;
        }
    }

    void journal(std::string_view organization, int64_t after, std::string_view address,
                 uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        uint32_t taken = 0;
        for (const records::Event& event : kept.journal) {
            if (event.offset <= after || (!address.empty() && event.address != address)) continue;
            if (taken++ == limit || !rows.event(event)) return;
        }
    }

    void due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        std::vector<records::Owed> found;
        for (const auto& [organization, kept] : organizations_)
            for (const auto& [id, row] : kept.owed) {
                const bool free = !row.dead && row.owed.lease_until <= now;
                if (row.owed.kind != kind || !free || row.owed.due_at > now) continue;
                found.push_back(row.owed);
                found.back().organization = organization;
            }
        std::sort(found.begin(), found.end(), [](const auto& left, const auto& right) {
            return std::tie(left.due_at, left.id) < std::tie(right.due_at, right.id);
        });
        for (size_t i = 0; i < found.size() && i < limit; ++i)
            if (!rows.owed(found[i])) return;
    }

    void trim_journal(std::string_view organization, int64_t keep) override {
        const std::lock_guard lock(mutex_);
        const auto found = organizations_.find(organization);
        if (found == organizations_.end()) return;
        auto& journal = found->second.journal;
        while (static_cast<int64_t>(journal.size()) > std::max<int64_t>(0, keep))
            journal.pop_front();
    }

    void status_history(std::string_view organization, std::string_view message_id, uint32_t limit,
                        records::Rows& rows) override {
        const std::lock_guard lock(mutex_);
        const Organization& kept = find(organization);
        push_position(kept, rows);
        const std::string id(message_id);
        uint32_t taken = 0;
        for (auto line = kept.history.lower_bound({id, 0});
             line != kept.history.end() && line->first.first == id && taken < limit;
             ++line, ++taken)
            if (!rows.status_line(line->second)) return;
    }

private:
    const Organization& find(std::string_view organization) const {
        static const Organization nothing;
        const auto found = organizations_.find(organization);
        return found == organizations_.end() ? nothing : found->second;
    }

    static void push_position(const Organization& kept, records::Rows& rows) {
        rows.position({kept.journal_epoch, kept.head,
                       kept.journal.empty() ? 0 : kept.journal.front().offset});
    }

    std::mutex mutex_;
    Organizations organizations_;  // guarded by mutex_
};

}  // namespace

}  // namespace tandem::memory

TANDEM_PLUGIN(tandem::memory::MemoryStore)
