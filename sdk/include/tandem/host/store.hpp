#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/draft/store.h"
#include "tandem/abi/draft/store_reads.h"
#include "tandem/host/outcome.hpp"
#include "tandem/host/store_waist.hpp"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"

/// The capabilities of a storage plugin.
namespace tandem::host {

/// Takes the rows of one read; overriding what it wants. The views live until the return.
/// What it throws ends the read with INTERNAL.
class RowTaker {
public:
    virtual ~RowTaker() = default;
    virtual void position(const records::PositionView&) {}
    virtual void take(const records::LeadView&) {}
    virtual void take(const records::ConversationView&) {}
    virtual void take(const records::MessageView&) {}
    virtual void take(const records::EventView&) {}
    virtual void take(const records::OwedView&) {}
    virtual void take(const records::SessionView&) {}
    virtual void take(const records::CallView&) {}
    virtual void take(const records::StatusLineView&) {}
    virtual void take(const records::NoteView&) {}
    virtual void take(const records::AuditLineView&) {}
};

/// tandem.store/1 and tandem.store.reads/1 of one instance, which must outlive it. `commit`
/// has one caller at a time; everything else is safe from any thread.
class Store {
public:
    Store() = default;
    /// Both tables may be null.
    Store(void* self, const void* table, const void* reads)
        : self_(self),
          table_(known_part<tandem_store>(table)),
          reads_(known_part<tandem_store_reads>(reads)) {}

    bool complete() const {
        return table_.migrate && table_.health && table_.commit && table_.end_leases &&
               table_.compact && table_.forget && reads_.snapshot && reads_.lead &&
               reads_.messages && reads_.message && reads_.message_by_provider_id &&
               reads_.call_by_provider_id && reads_.conversations && reads_.journal && reads_.due &&
               reads_.trim_journal && reads_.status_history && reads_.call && reads_.call_by_line &&
               reads_.calls && reads_.call_turns && reads_.leads && reads_.lead_by_address &&
               reads_.sessions && reads_.messages_by_delivery && reads_.owed && reads_.owed_row &&
               reads_.remembered && reads_.notes && reads_.audit;
    }

    Outcome migrate() const {
        return guarded([&](tandem_error* error) { return table_.migrate(self_, error); });
    }
    Outcome health() const {
        return guarded([&](tandem_error* error) { return table_.health(self_, error); });
    }
    Outcome end_leases(tandem_time now) const {
        return guarded([&](tandem_error* error) { return table_.end_leases(self_, now, error); });
    }
    Outcome compact() const {
        return guarded([&](tandem_error* error) { return table_.compact(self_, error); });
    }
    Outcome forget(std::string_view organization, tandem_time now,
                   tandem_time messages_before) const {
        return guarded([&](tandem_error* error) {
            return table_.forget(self_, view(organization), now, messages_before, error);
        });
    }
    /// With OK, one result for each ChangeSet, in order.
    Outcome commit(const std::vector<records::ChangeSet>& batch,
                   std::vector<records::CommitResult>& results) const {
        const RawBatch raw(batch);
        ResultTaker taker(batch.size());
        const tandem_commit_sink sink = taker.sink();
        const Outcome outcome = taker.checked(guarded([&](tandem_error* error) {
            return table_.commit(self_, raw.data(), raw.size(), &sink, error);
        }));
        if (outcome.ok()) results = taker.results();
        return outcome;
    }

    /// One read: `host.read(taker, &tandem_store_reads::messages, view(organization), …)`.
    template <typename Function, typename... Arguments>
    Outcome read(RowTaker& taker, Function tandem_store_reads::*function,
                 const Arguments&... arguments) const {
        return reading(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return (reads_.*function)(self_, arguments..., sink, error);
        });
    }
    Outcome snapshot(std::string_view organization, std::string_view address,
                     uint32_t message_limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::snapshot, view(organization), view(address),
                    message_limit);
    }
    Outcome lead(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::lead, view(organization), view(id));
    }
    Outcome messages(std::string_view organization, std::string_view address, int64_t before,
                     uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::messages, view(organization), view(address), before,
                    limit);
    }
    Outcome message(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::message, view(organization), view(id));
    }
    Outcome message_by_provider_id(std::string_view organization, std::string_view instance,
                                   std::string_view provider_id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::message_by_provider_id, view(organization),
                    view(instance), view(provider_id));
    }
    Outcome call_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::call_by_provider_id, view(organization),
                    view(instance), view(provider_id));
    }
    Outcome conversations(std::string_view organization, const records::ListQuery& query,
                          RowTaker& taker) const {
        return list(taker, &tandem_store_reads::conversations, organization, query);
    }
    Outcome journal(std::string_view organization, int64_t after, std::string_view address,
                    uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::journal, view(organization), after, view(address),
                    limit);
    }
    Outcome due(uint32_t kind, tandem_time now, uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::due, kind, now, limit);
    }
    Outcome trim_journal(std::string_view organization, int64_t keep) const {
        return guarded([&](tandem_error* error) {
            return reads_.trim_journal(self_, view(organization), keep, error);
        });
    }
    Outcome status_history(std::string_view organization, std::string_view message_id,
                           uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::status_history, view(organization),
                    view(message_id), limit);
    }
    Outcome call(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::call, view(organization), view(id));
    }
    Outcome call_by_line(std::string_view organization, std::string_view line_id,
                         RowTaker& taker) const {
        return read(taker, &tandem_store_reads::call_by_line, view(organization), view(line_id));
    }
    Outcome calls(std::string_view organization, const records::ListQuery& query,
                  RowTaker& taker) const {
        return list(taker, &tandem_store_reads::calls, organization, query);
    }
    Outcome call_turns(std::string_view organization, std::string_view call_id, uint32_t limit,
                       RowTaker& taker) const {
        return read(taker, &tandem_store_reads::call_turns, view(organization), view(call_id),
                    limit);
    }
    Outcome leads(std::string_view organization, const records::ListQuery& query,
                  RowTaker& taker) const {
        return list(taker, &tandem_store_reads::leads, organization, query);
    }
    Outcome lead_by_address(std::string_view organization, std::string_view address,
                            RowTaker& taker) const {
        return read(taker, &tandem_store_reads::lead_by_address, view(organization), view(address));
    }
    Outcome sessions(std::string_view organization, const records::ListQuery& query,
                     RowTaker& taker) const {
        return list(taker, &tandem_store_reads::sessions, organization, query);
    }
    Outcome messages_by_delivery(std::string_view organization, std::string_view address,
                                 uint32_t delivery, uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::messages_by_delivery, view(organization),
                    view(address), delivery, limit);
    }
    Outcome owed(std::string_view organization, bool dead, std::string_view after_id,
                 uint32_t limit, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::owed, view(organization), dead ? 1u : 0u,
                    view(after_id), limit);
    }
    Outcome owed_row(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, &tandem_store_reads::owed_row, view(organization), view(id));
    }
    /// OK: it is; NOT_FOUND: it is not.
    Outcome remembered(std::string_view organization, std::string_view scope,
                       std::string_view key) const {
        return guarded([&](tandem_error* error) {
            return reads_.remembered(self_, view(organization), view(scope), view(key), error);
        });
    }
    Outcome notes(std::string_view organization, std::string_view scope,
                  std::string_view key_prefix, tandem_time now, uint32_t limit,
                  RowTaker& taker) const {
        return read(taker, &tandem_store_reads::notes, view(organization), view(scope),
                    view(key_prefix), now, limit);
    }
    Outcome audit(std::string_view organization, std::string_view before_id, uint32_t limit,
                  RowTaker& taker) const {
        return read(taker, &tandem_store_reads::audit, view(organization), view(before_id), limit);
    }

private:
    // What the sink's functions share with the read that they belong to.
    struct Taking {
        RowTaker& taker;
        bool failed = false;
    };

    template <typename View>
    static tandem_status take(void* context, const typename View::Raw* raw) noexcept {
        auto& taking = *static_cast<Taking*>(context);
        const tandem_status status = shielded([&] {
            View row;
            if (!records::from_raw(raw, row)) return TANDEM_CORRUPT;
            taking.taker.take(row);
            return TANDEM_OK;
        });
        if (status != TANDEM_OK) taking.failed = true;
        return status == TANDEM_OK ? TANDEM_OK : TANDEM_STOP;
    }

    static tandem_status take_position(void* context, const tandem_position* raw) noexcept {
        auto& taking = *static_cast<Taking*>(context);
        const tandem_status status = shielded([&] {
            taking.taker.position({bytes(raw->epoch), raw->offset, raw->oldest});
            return TANDEM_OK;
        });
        if (status != TANDEM_OK) taking.failed = true;
        return status == TANDEM_OK ? TANDEM_OK : TANDEM_STOP;
    }

    template <typename Function>
    Outcome list(RowTaker& taker, Function tandem_store_reads::*function,
                 std::string_view organization, const records::ListQuery& query) const {
        const tandem_list_query raw = records::to_raw(query);
        return read(taker, function, view(organization), &raw);
    }

    template <typename Read>
    static Outcome reading(RowTaker& taker, Read&& read) {
        Taking taking{taker};
        auto sink = sized<tandem_row_sink>();
        sink.context = &taking;
        sink.position = &take_position;
        sink.lead = &take<records::LeadView>;
        sink.conversation = &take<records::ConversationView>;
        sink.message = &take<records::MessageView>;
        sink.event = &take<records::EventView>;
        sink.owed = &take<records::OwedView>;
        sink.session = &take<records::SessionView>;
        sink.call = &take<records::CallView>;
        sink.status_line = &take<records::StatusLineView>;
        sink.note = &take<records::NoteView>;
        sink.audit_line = &take<records::AuditLineView>;
        const Outcome outcome = guarded([&](tandem_error* error) { return read(&sink, error); });
        if (taking.failed) return {TANDEM_INTERNAL, "a row of the store could not be taken", 0};
        return outcome;
    }

    void* self_ = nullptr;
    tandem_store table_{};
    tandem_store_reads reads_{};
};

}  // namespace tandem::host
