// tandem/plugin/store.hpp: where everything durable is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/draft/store.h"
#include "tandem/abi/draft/store_reads.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/store_batch.hpp"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// tandem.store/1: the one way to write. A plugin that is a Store is a StoreReads too.
class Store {
public:
    virtual ~Store() = default;

    /// Called once after start, before anything else: brings an older schema to this one,
    /// step by step. Throws CONFLICT if the data is of a newer version.
    virtual void migrate() = 0;
    /// Throws UNAVAILABLE while nothing can be written.
    virtual void health() = 0;
    /// One result for each ChangeSet, in order, returned when all of them are durable. One
    /// caller at a time. What it throws means that nothing was written; CORRUPT means that
    /// nobody knows, and ends the host. The texts of the batch have no NUL.
    virtual std::vector<store::CommitResult> commit(const std::vector<store::ChangeSet>& batch) = 0;
};

namespace store {

/// Takes the rows of one read, while the call lasts. Each function says whether to go on;
/// after a "no" the read just returns.
class Rows {
public:
    explicit Rows(const tandem_row_sink* sink) : sink_(sink) {}

    bool position(const PositionView& position) {
        const tandem_position raw{view(position.epoch), position.offset, position.oldest};
        return push(&tandem_row_sink::position, &raw);
    }
    template <typename Text>
    bool lead(const LeadOf<Text>& row) {
        return push_record(&tandem_row_sink::lead, row);
    }
    template <typename Text>
    bool conversation(const ConversationOf<Text>& row) {
        return push_record(&tandem_row_sink::conversation, row);
    }
    template <typename Text>
    bool message(const MessageOf<Text>& row) {
        return push_record(&tandem_row_sink::message, row);
    }
    template <typename Text>
    bool event(const EventOf<Text>& row) {
        return push_record(&tandem_row_sink::event, row);
    }
    template <typename Text>
    bool owed(const OwedOf<Text>& row) {
        return push_record(&tandem_row_sink::owed, row);
    }
    template <typename Text>
    bool session(const SessionOf<Text>& row) {
        return push_record(&tandem_row_sink::session, row);
    }
    template <typename Text>
    bool call(const CallOf<Text>& row) {
        return push_record(&tandem_row_sink::call, row);
    }

    template <typename Text>
    bool status_line(const StatusLineOf<Text>& row) {
        return push_record(&tandem_row_sink::status_line, row);
    }

private:
    template <typename Function, typename Record>
    bool push_record(Function tandem_row_sink::*function, const Record& record) {
        const auto raw = to_raw(record);
        return push(function, &raw);
    }

    template <typename Function, typename Raw>
    bool push(Function tandem_row_sink::*function, const Raw* raw) {
        if (stopped_) return false;
        const auto take = member(sink_, function);
        if (take != nullptr) stopped_ = take(sink_->context, raw) != TANDEM_OK;
        return !stopped_;
    }

    const tandem_row_sink* sink_;
    bool stopped_ = false;
};

}  // namespace store

/// tandem.store.reads/1. Several threads call it at once, beside a commit; each call sees one
/// snapshot. Each of them but `due` pushes the position of that snapshot first. Where a
/// function answers yes or no, "no" means: there is no such row.
class StoreReads {
public:
    virtual ~StoreReads() = default;

    /// Position, then lead, conversation, open session and active calls where there are such,
    /// then the last messages, oldest first. No: the address has no conversation.
    virtual bool snapshot(std::string_view organization, std::string_view address,
                          std::uint32_t message_limit, store::Rows& rows) = 0;
    virtual bool lead(std::string_view organization, std::string_view id, store::Rows& rows) = 0;
    /// Numbers below `before` (0: from the newest), newest first.
    virtual void messages(std::string_view organization, std::string_view address,
                          std::int64_t before, std::uint32_t limit, store::Rows& rows) = 0;
    virtual bool message(std::string_view organization, std::string_view id, store::Rows& rows) = 0;
    virtual bool message_by_provider_id(std::string_view organization, std::string_view instance,
                                        std::string_view provider_id, store::Rows& rows) = 0;
    /// By the line's id or the voice provider's.
    virtual bool call_by_provider_id(std::string_view organization, std::string_view instance,
                                     std::string_view provider_id, store::Rows& rows) = 0;
    /// Each conversation, followed by its lead; newest activity first and by descending
    /// address within one instant, below (before_activity, before_address). An instant of
    /// zero: from the newest.
    virtual void conversations(std::string_view organization, tandem_time before_activity,
                               std::string_view before_address, std::uint32_t limit,
                               store::Rows& rows) = 0;
    /// Events above `after`, oldest first; with an address only that conversation's.
    virtual void journal(std::string_view organization, std::int64_t after,
                         std::string_view address, std::uint32_t limit, store::Rows& rows) = 0;
    /// Living rows of this kind that no lease holds and that are due, oldest first.
    virtual void due(std::uint32_t kind, tandem_time now, std::uint32_t limit,
                     store::Rows& rows) = 0;
    /// Forgets events beyond the newest `keep`; some may stay.
    virtual void trim_journal(std::string_view organization, std::int64_t keep) = 0;
    /// A message's history, oldest line first.
    virtual void status_history(std::string_view organization, std::string_view message_id,
                                std::uint32_t limit, store::Rows& rows) = 0;
};

template <>
struct Capability<Store> {
    static constexpr std::string_view id = TANDEM_STORE;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_store made{sizeof(tandem_store), 0, &migrate<Owner>, &health<Owner>,
                                           &commit<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static Store& of(void* self) noexcept {
        return *static_cast<Owner*>(self);
    }
    template <typename Owner>
    static tandem_status migrate(void* self, tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).migrate(); });
    }
    template <typename Owner>
    static tandem_status health(void* self, tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).health(); });
    }
    template <typename Owner>
    static tandem_status commit(void* self, const tandem_change_set* const* change_sets,
                                std::size_t count, const tandem_commit_sink* sink,
                                tandem_error* error) noexcept {
        return guard(error, [&] {
            const store::Batch batch(change_sets, count);
            batch.push(of<Owner>(self).commit(batch.readable()), sink);
        });
    }
};

template <>
struct Capability<StoreReads> {
    static constexpr std::string_view id = TANDEM_STORE_READS;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_store_reads made{sizeof(tandem_store_reads),
                                                 0,
                                                 &snapshot<Owner>,
                                                 &lead<Owner>,
                                                 &messages<Owner>,
                                                 &message<Owner>,
                                                 &message_by_provider_id<Owner>,
                                                 &call_by_provider_id<Owner>,
                                                 &conversations<Owner>,
                                                 &journal<Owner>,
                                                 &due<Owner>,
                                                 &trim_journal<Owner>,
                                                 &status_history<Owner>};
        return &made;
    }

private:
    /// `read(reads, rows)` answers whether there was such a row, or nothing.
    template <typename Owner, typename Read>
    static tandem_status run(void* self, const tandem_row_sink* sink, tandem_error* error,
                             Read&& read) noexcept {
        return guard(error, [&]() -> tandem_status {
            StoreReads& reads = *static_cast<Owner*>(self);
            store::Rows rows(sink);
            if constexpr (std::is_void_v<decltype(read(reads, rows))>) {
                read(reads, rows);
            } else if (!read(reads, rows)) {
                fill_error(error, TANDEM_NOT_FOUND, "the store has no such row", 0);
                return TANDEM_NOT_FOUND;
            }
            return TANDEM_OK;
        });
    }

    template <typename Owner>
    static tandem_status snapshot(void* self, tandem_view organization, tandem_view address,
                                  std::uint32_t message_limit, const tandem_row_sink* sink,
                                  tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            return reads.snapshot(text(organization), text(address), message_limit, rows);
        });
    }
    template <typename Owner>
    static tandem_status lead(void* self, tandem_view organization, tandem_view lead_id,
                              const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            return reads.lead(text(organization), text(lead_id), rows);
        });
    }
    template <typename Owner>
    static tandem_status messages(void* self, tandem_view organization, tandem_view address,
                                  std::int64_t before, std::uint32_t limit,
                                  const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            reads.messages(text(organization), text(address), before, limit, rows);
        });
    }
    template <typename Owner>
    static tandem_status message(void* self, tandem_view organization, tandem_view message_id,
                                 const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            return reads.message(text(organization), text(message_id), rows);
        });
    }
    template <typename Owner>
    static tandem_status message_by_provider_id(void* self, tandem_view organization,
                                                tandem_view instance, tandem_view provider_id,
                                                const tandem_row_sink* sink,
                                                tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            return reads.message_by_provider_id(text(organization), text(instance),
                                                text(provider_id), rows);
        });
    }
    template <typename Owner>
    static tandem_status call_by_provider_id(void* self, tandem_view organization,
                                             tandem_view instance, tandem_view provider_id,
                                             const tandem_row_sink* sink,
                                             tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            return reads.call_by_provider_id(text(organization), text(instance), text(provider_id),
                                             rows);
        });
    }
    template <typename Owner>
    static tandem_status conversations(void* self, tandem_view organization,
                                       tandem_time before_activity, tandem_view before_address,
                                       std::uint32_t limit, const tandem_row_sink* sink,
                                       tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            reads.conversations(text(organization), before_activity, text(before_address), limit,
                                rows);
        });
    }
    template <typename Owner>
    static tandem_status journal(void* self, tandem_view organization, std::int64_t after,
                                 tandem_view address, std::uint32_t limit,
                                 const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            reads.journal(text(organization), after, text(address), limit, rows);
        });
    }
    template <typename Owner>
    static tandem_status due(void* self, std::uint32_t kind, tandem_time now, std::uint32_t limit,
                             const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            reads.due(kind, now, limit, rows);
        });
    }
    template <typename Owner>
    static tandem_status trim_journal(void* self, tandem_view organization, std::int64_t keep,
                                      tandem_error* error) noexcept {
        return guard(error, [&] {
            StoreReads& reads = *static_cast<Owner*>(self);
            reads.trim_journal(text(organization), keep);
        });
    }
    template <typename Owner>
    static tandem_status status_history(void* self, tandem_view organization,
                                        tandem_view message_id, std::uint32_t limit,
                                        const tandem_row_sink* sink, tandem_error* error) noexcept {
        return run<Owner>(self, sink, error, [&](StoreReads& reads, store::Rows& rows) {
            reads.status_history(text(organization), text(message_id), limit, rows);
        });
    }
};

}  // namespace tandem::plugin
