// tandem/plugin/store_reads.hpp: what a store gives back, in narrow reads.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "tandem/abi/draft/store_reads.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/store_members.hpp"
#include "tandem/plugin/store_records.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

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
    template <typename Text>
    bool note(const NoteOf<Text>& row) {
        return push_record(&tandem_row_sink::note, row);
    }
    template <typename Text>
    bool audit_line(const AuditLineOf<Text>& row) {
        return push_record(&tandem_row_sink::audit_line, row);
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
/// snapshot. Each of them but `due` and `remembered` pushes the position of that snapshot
/// first. Where a function answers yes or no, "no" means: there is no such row.
class StoreReads {
public:
    using Text = std::string_view;

    virtual ~StoreReads() = default;

    /// Position, then lead, conversation, open session and active calls where there are such,
    /// then the last messages, oldest first. No: the address has no conversation.
    virtual bool snapshot(Text organization, Text address, std::uint32_t message_limit,
                          store::Rows& rows) = 0;
    virtual bool lead(Text organization, Text id, store::Rows& rows) = 0;
    /// Numbers below `before` (0: from the newest), newest first.
    virtual void messages(Text organization, Text address, std::int64_t before, std::uint32_t limit,
                          store::Rows& rows) = 0;
    virtual bool message(Text organization, Text id, store::Rows& rows) = 0;
    virtual bool message_by_provider_id(Text organization, Text instance, Text provider_id,
                                        store::Rows& rows) = 0;
    /// By the line's id or the voice provider's.
    virtual bool call_by_provider_id(Text organization, Text instance, Text provider_id,
                                     store::Rows& rows) = 0;
    /// Each conversation, followed by its lead, open session, active calls and last message
    /// that is not of type TANDEM_MESSAGE_SYSTEM; newest activity first and by descending
    /// address within one instant.
    virtual void conversations(Text organization, const store::ListQuery& query,
                               store::Rows& rows) = 0;
    /// Events above `after`, oldest first; with an address only that conversation's.
    virtual void journal(Text organization, std::int64_t after, Text address, std::uint32_t limit,
                         store::Rows& rows) = 0;
    /// Living rows of this kind that no lease holds and that are due, oldest first.
    virtual void due(std::uint32_t kind, tandem_time now, std::uint32_t limit,
                     store::Rows& rows) = 0;
    /// Forgets events beyond the newest `keep`; some may stay.
    virtual void trim_journal(Text organization, std::int64_t keep) = 0;
    /// A message's history, oldest line first.
    virtual void status_history(Text organization, Text message_id, std::uint32_t limit,
                                store::Rows& rows) = 0;
    virtual bool call(Text organization, Text id, store::Rows& rows) = 0;
    /// The newest on this line.
    virtual bool call_by_line(Text organization, Text line_id, store::Rows& rows) = 0;
    /// By descending (started_at, id).
    virtual void calls(Text organization, const store::ListQuery& query, store::Rows& rows) = 0;
    /// Messages with this call_id, by number.
    virtual void call_turns(Text organization, Text call_id, std::uint32_t limit,
                            store::Rows& rows) = 0;
    /// By descending (created_at, id).
    virtual void leads(Text organization, const store::ListQuery& query, store::Rows& rows) = 0;
    virtual bool lead_by_address(Text organization, Text address, store::Rows& rows) = 0;
    /// By descending (started_at, id).
    virtual void sessions(Text organization, const store::ListQuery& query, store::Rows& rows) = 0;
    /// Newest first.
    virtual void messages_by_delivery(Text organization, Text address, std::uint32_t delivery,
                                      std::uint32_t limit, store::Rows& rows) = 0;
    /// Dead rows (1) or living ones (0) by id, those above `after_id`, which may be gone.
    virtual void owed(Text organization, std::uint32_t dead, Text after_id, std::uint32_t limit,
                      store::Rows& rows) = 0;
    virtual bool owed_row(Text organization, Text id, store::Rows& rows) = 0;
    /// Whether the dedupe key is remembered.
    virtual bool remembered(Text organization, Text scope, Text key) = 0;
    /// Notes that live at `now` and whose key begins so, in key order.
    virtual void notes(Text organization, Text scope, Text key_prefix, tandem_time now,
                       std::uint32_t limit, store::Rows& rows) = 0;
    /// Last appended first, from before the line `before_id`. No: there is no such line.
    virtual bool audit(Text organization, Text before_id, std::uint32_t limit,
                       store::Rows& rows) = 0;
};

template <>
struct Capability<StoreReads> {
    static constexpr std::string_view id = TANDEM_STORE_READS;

    template <typename Owner>
    static const void* table() noexcept {
        using Reads = StoreReads;
        using View = tandem_view;
        using Query = const tandem_list_query*;
        using Count = std::uint32_t;
        using Number = std::int64_t;
        static constexpr tandem_store_reads made{
            sizeof(tandem_store_reads),
            0,
            &Read<Owner, &Reads::snapshot, View, View, Count>::call,
            &Read<Owner, &Reads::lead, View, View>::call,
            &Read<Owner, &Reads::messages, View, View, Number, Count>::call,
            &Read<Owner, &Reads::message, View, View>::call,
            &Read<Owner, &Reads::message_by_provider_id, View, View, View>::call,
            &Read<Owner, &Reads::call_by_provider_id, View, View, View>::call,
            &Read<Owner, &Reads::conversations, View, Query>::call,
            &Read<Owner, &Reads::journal, View, Number, View, Count>::call,
            &Read<Owner, &Reads::due, Count, tandem_time, Count>::call,
            &trim_journal<Owner>,
            &Read<Owner, &Reads::status_history, View, View, Count>::call,
            &Read<Owner, &Reads::call, View, View>::call,
            &Read<Owner, &Reads::call_by_line, View, View>::call,
            &Read<Owner, &Reads::calls, View, Query>::call,
            &Read<Owner, &Reads::call_turns, View, View, Count>::call,
            &Read<Owner, &Reads::leads, View, Query>::call,
            &Read<Owner, &Reads::lead_by_address, View, View>::call,
            &Read<Owner, &Reads::sessions, View, Query>::call,
            &Read<Owner, &Reads::messages_by_delivery, View, View, Count, Count>::call,
            &Read<Owner, &Reads::owed, View, Count, View, Count>::call,
            &Read<Owner, &Reads::owed_row, View, View>::call,
            &remembered<Owner>,
            &Read<Owner, &Reads::notes, View, View, View, tandem_time, Count>::call,
            &Read<Owner, &Reads::audit, View, View, Count>::call};
        return &made;
    }

private:
    static std::string_view given(tandem_view from) { return text(from); }
    static store::ListQuery given(const tandem_list_query* from) {
        store::ListQuery query;
        if (!store::from_raw(from, query))
            throw Failure(TANDEM_INVALID, "a text of the list's query has a NUL");
        return query;
    }
    template <typename Number>
    static Number given(Number from) {
        return from;
    }
    static tandem_status not_found(tandem_error* error) {
        fill_error(error, TANDEM_NOT_FOUND, "the store has no such row", 0);
        return TANDEM_NOT_FOUND;
    }

    /// The function of the table for a read of the class, whose arguments the waist has in
    /// these types.
    template <typename Owner, auto function, typename... Raw>
    struct Read {
        static tandem_status call(void* self, Raw... raw, const tandem_row_sink* sink,
                                  tandem_error* error) noexcept {
            return guard(error, [&]() -> tandem_status {
                StoreReads& reads = *static_cast<Owner*>(self);
                store::Rows rows(sink);
                using Answer = decltype((reads.*function)(given(raw)..., rows));
                if constexpr (std::is_void_v<Answer>)
                    (reads.*function)(given(raw)..., rows);
                else if (!(reads.*function)(given(raw)..., rows))
                    return not_found(error);
                return TANDEM_OK;
            });
        }
    };

    template <typename Owner>
    static tandem_status trim_journal(void* self, tandem_view organization, std::int64_t keep,
                                      tandem_error* error) noexcept {
        return guard(error, [&] {
            StoreReads& reads = *static_cast<Owner*>(self);
            reads.trim_journal(text(organization), keep);
        });
    }
    template <typename Owner>
    static tandem_status remembered(void* self, tandem_view organization, tandem_view scope,
                                    tandem_view key, tandem_error* error) noexcept {
        return guard(error, [&]() -> tandem_status {
            StoreReads& reads = *static_cast<Owner*>(self);
            const bool known = reads.remembered(text(organization), text(scope), text(key));
            return known ? TANDEM_OK : not_found(error);
        });
    }
};

}  // namespace tandem::plugin
