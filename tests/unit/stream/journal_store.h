#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "unit/store/refusing_store.h"

namespace tandem::stream {

/// A store of journals, leads and little more, with the port's rules for what streams
/// read: each read sees one instant. Safe from any thread.
class JournalStore : public tandem::testing::RefusingStore {
public:
    Result<std::vector<store::Outcome>> commit(
        const std::vector<const store::ChangeSet*>& batch) override {
        const std::lock_guard lock(mutex_);
        std::vector<store::Outcome> outcomes;
        for (const store::ChangeSet* change : batch) {
            Journal& journal = journals_[change->organization];
            store::Outcome outcome;
            outcome.journal_epoch = journal.epoch;
            outcome.first_offset = journal.head + 1;
            for (const store::Operation& operation : change->operations) {
                if (const auto* message = std::get_if<domain::Message>(&operation))
                    messages_[change->organization + message->address].push_back(*message);
                const auto* event = std::get_if<domain::Event>(&operation);
                if (event == nullptr) continue;
                journal.events.push_back(*event);
                journal.events.back().offset = ++journal.head;
            }
            outcomes.push_back(std::move(outcome));
        }
        return outcomes;
    }

    Result<store::Snapshot> snapshot(const domain::OrganizationId& organization,
                                     const std::string& address, unsigned limit) override {
        const std::lock_guard lock(mutex_);
        if (failing) return Error{Code::Unavailable, "away"};
        ++reads;
        const Journal& journal = journals_[organization];
        store::Snapshot snapshot;
        snapshot.position = {journal.epoch, journal.head};
        snapshot.oldest = journal.events.empty() ? 0 : journal.events.front().offset;
        snapshot.messages = messages_[organization + address];
        if (snapshot.messages.size() > limit)
            snapshot.messages.erase(snapshot.messages.begin(), snapshot.messages.end() - limit);
        for (const auto& [id, lead] : leads_)
            if (id.first == organization && lead.address == address) snapshot.lead = lead;
        return snapshot;
    }
    Result<domain::Lead> lead(const domain::OrganizationId& organization,
                              const std::string& id) override {
        const std::lock_guard lock(mutex_);
        if (failing) return Error{Code::Unavailable, "away"};
        const auto found = leads_.find({organization, id});
        if (found == leads_.end()) return Error{Code::NotFound, "no such lead"};
        return found->second;
    }
    Result<store::JournalPage> journal(const domain::OrganizationId& organization, int64_t after,
                                       const std::string& address, unsigned limit) override {
        const std::lock_guard lock(mutex_);
        if (failing) return Error{Code::Unavailable, "away"};
        ++reads;
        const Journal& journal = journals_[organization];
        store::JournalPage page;
        page.head = {journal.epoch, journal.head};
        page.oldest = journal.events.empty() ? 0 : journal.events.front().offset;
        for (const domain::Event& event : journal.events) {
            if (page.events.size() == limit) break;
            if (event.offset > after && (address.empty() || event.address == address))
                page.events.push_back(event);
        }
        return page;
    }
    Result<void> trim_journal(const domain::OrganizationId& organization, int64_t keep) override {
        const std::lock_guard lock(mutex_);
        auto& events = journals_[organization].events;
        if (static_cast<int64_t>(events.size()) > keep)
            events.erase(events.begin(), events.end() - keep);
        return {};
    }

    /// A restored backup: another journal, of this length.
    void restore(const domain::OrganizationId& organization, const std::string& epoch) {
        const std::lock_guard lock(mutex_);
        journals_[organization].epoch = epoch;
    }
    void add_lead(const domain::OrganizationId& organization, const std::string& id,
                  const std::string& address) {
        const std::lock_guard lock(mutex_);
        domain::Lead lead;
        lead.id = id;
        lead.address = address;
        leads_[{organization, id}] = lead;
    }
    domain::Position head(const domain::OrganizationId& organization) {
        const std::lock_guard lock(mutex_);
        const Journal& journal = journals_[organization];
        return {journal.epoch, journal.head};
    }

    std::atomic<bool> failing{false};
    std::atomic<int> reads{0};

private:
    struct Journal {
        std::string epoch = "e0";
        int64_t head = 0;
        std::vector<domain::Event> events;
    };

    std::mutex mutex_;
    std::map<std::string, Journal> journals_;
    std::map<std::string, std::vector<domain::Message>> messages_;
    std::map<std::pair<std::string, std::string>, domain::Lead> leads_;
};

}  // namespace tandem::stream
