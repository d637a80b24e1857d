// tandem/plugin/store.hpp: where everything durable is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/draft/store.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/store_batch.hpp"
#include "tandem/plugin/store_reads.hpp"
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
    /// Called after migrate, before the first commit: every lease ends at `now`, because
    /// whoever held it is gone. A store that several processes share leaves it as it is.
    virtual void end_leases(tandem_time now) {
        (void)now;
        throw Failure(TANDEM_UNSUPPORTED, "this store is shared: its leases end by themselves");
    }
    /// Leaves nothing of what was erased in any file. May be long; commits wait meanwhile.
    virtual void compact() = 0;
    /// Forgets expired notes, and messages and ended calls from before `messages_before` (zero:
    /// none) that no owed work is about; some may stay. In steps, so that commits go on, for a
    /// few seconds at most; the next call goes on where it was.
    virtual void forget(std::string_view organization, tandem_time now,
                        tandem_time messages_before) = 0;
};

template <>
struct Capability<Store> {
    static constexpr std::string_view id = TANDEM_STORE;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_store made{sizeof(tandem_store), 0,
                                           &migrate<Owner>,      &health<Owner>,
                                           &commit<Owner>,       &end_leases<Owner>,
                                           &compact<Owner>,      &forget<Owner>};
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
    template <typename Owner>
    static tandem_status end_leases(void* self, tandem_time now, tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).end_leases(now); });
    }
    template <typename Owner>
    static tandem_status compact(void* self, tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).compact(); });
    }
    template <typename Owner>
    static tandem_status forget(void* self, tandem_view organization, tandem_time now,
                                tandem_time messages_before, tandem_error* error) noexcept {
        return guard(error,
                     [&] { of<Owner>(self).forget(text(organization), now, messages_before); });
    }
};

}  // namespace tandem::plugin
