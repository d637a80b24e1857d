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
        return table_.migrate && table_.health && table_.commit && reads_.snapshot && reads_.lead &&
               reads_.messages && reads_.message && reads_.message_by_provider_id &&
               reads_.call_by_provider_id && reads_.conversations && reads_.journal && reads_.due &&
               reads_.trim_journal && reads_.status_history;
    }

    Outcome migrate() const {
        return guarded([&](tandem_error* error) { return table_.migrate(self_, error); });
    }
    Outcome health() const {
        return guarded([&](tandem_error* error) { return table_.health(self_, error); });
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

    Outcome snapshot(std::string_view organization, std::string_view address,
                     uint32_t message_limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.snapshot(self_, view(organization), view(address), message_limit, sink,
                                   error);
        });
    }
    Outcome lead(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.lead(self_, view(organization), view(id), sink, error);
        });
    }
    Outcome messages(std::string_view organization, std::string_view address, int64_t before,
                     uint32_t limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.messages(self_, view(organization), view(address), before, limit, sink,
                                   error);
        });
    }
    Outcome message(std::string_view organization, std::string_view id, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.message(self_, view(organization), view(id), sink, error);
        });
    }
    Outcome message_by_provider_id(std::string_view organization, std::string_view instance,
                                   std::string_view provider_id, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.message_by_provider_id(self_, view(organization), view(instance),
                                                 view(provider_id), sink, error);
        });
    }
    Outcome call_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.call_by_provider_id(self_, view(organization), view(instance),
                                              view(provider_id), sink, error);
        });
    }
    Outcome conversations(std::string_view organization, tandem_time before_activity,
                          std::string_view before_address, uint32_t limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.conversations(self_, view(organization), before_activity,
                                        view(before_address), limit, sink, error);
        });
    }
    Outcome journal(std::string_view organization, int64_t after, std::string_view address,
                    uint32_t limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.journal(self_, view(organization), after, view(address), limit, sink,
                                  error);
        });
    }
    Outcome due(uint32_t kind, tandem_time now, uint32_t limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.due(self_, kind, now, limit, sink, error);
        });
    }
    Outcome trim_journal(std::string_view organization, int64_t keep) const {
        return guarded([&](tandem_error* error) {
            return reads_.trim_journal(self_, view(organization), keep, error);
        });
    }
    Outcome status_history(std::string_view organization, std::string_view message_id,
                           uint32_t limit, RowTaker& taker) const {
        return read(taker, [&](const tandem_row_sink* sink, tandem_error* error) {
            return reads_.status_history(self_, view(organization), view(message_id), limit, sink,
                                         error);
        });
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

    template <typename Read>
    static Outcome read(RowTaker& taker, Read&& reading) {
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
        const Outcome outcome = guarded([&](tandem_error* error) { return reading(&sink, error); });
        if (taking.failed) return {TANDEM_INTERNAL, "a row of the store could not be taken", 0};
        return outcome;
    }

    void* self_ = nullptr;
    tandem_store table_{};
    tandem_store_reads reads_{};
};

}  // namespace tandem::host
