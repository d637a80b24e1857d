#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/reconcile.h"
#include "tandem/host/events.hpp"
#include "tandem/host/instance.hpp"

/// The reconcile capability of an instance.
namespace tandem::host {

/// All views live as long as the caller's bytes.
struct MissedQuery {
    std::vector<std::string_view> business_numbers;
    tandem_time since = 0;
    uint32_t deadline_ms = 60000;
};

/// Where what a plugin knows goes; called while the plugin is asked, on the same thread.
struct MissedTaker {
    std::function<bool(std::string_view dedupe_key)> known;
    /// OK, STOP or a failure.
    std::function<tandem_status(Event&& event)> event;
};

/// What an answer has beside its events.
struct MissedAnswer {
    std::optional<tandem_time> complete_until;  // the last that the plugin said
    size_t unknown_events = 0;                  // of kinds that this host does not know; left out
};

/// As safe from threads as the instance behind it. Lives no longer than it.
class Reconcile {
public:
    Reconcile() = default;
    Reconcile(void* self, const void* table)
        : self_(self), table_(known_part<tandem_reconcile>(table)) {}

    /// `call` may be missing: an instance that makes no calls.
    bool complete() const { return table_.missed != nullptr; }

    Outcome missed(const MissedQuery& query, const MissedTaker& taker, MissedAnswer& to) const {
        std::vector<tandem_view> numbers;
        for (const std::string_view number : query.business_numbers) {
            numbers.push_back(view(number));
        }
        auto raw = sized<tandem_missed_query>();
        raw.deadline_ms = query.deadline_ms;
        raw.business_numbers = numbers.data();
        raw.business_number_count = numbers.size();
        raw.since = query.since;
        Asking asking{taker, to};
        auto sink = sized<tandem_missed_sink>();
        sink.context = &asking;
        sink.known = [](void* context, tandem_view key) noexcept -> uint32_t {
            const tandem_status known = shielded([&]() -> tandem_status {
                return static_cast<Asking*>(context)->taker.known(text(key)) ? 1 : 0;
            });
            return known == 1 ? 1 : 0;
        };
        sink.event = [](void* context, const tandem_event* event) noexcept {
            return push(*static_cast<Asking*>(context), event);
        };
        sink.complete_until = [](void* context, tandem_time until) noexcept {
            static_cast<Asking*>(context)->to.complete_until = until;
        };
        return guarded(
            [&](tandem_error* error) { return table_.missed(self_, &raw, &sink, error); });
    }

    /// The events of one call go to `event` of `taker`; its `known` is not asked.
    Outcome call(std::string_view conversation_id, uint32_t deadline_ms, const MissedTaker& taker,
                 MissedAnswer& to) const {
        if (!table_.call) return {TANDEM_UNSUPPORTED, "this plugin knows no calls", 0};
        Asking asking{taker, to};
        auto sink = sized<tandem_event_sink>();
        sink.context = &asking;
        sink.event = [](void* context, const tandem_event* event) noexcept {
            return push(*static_cast<Asking*>(context), event);
        };
        return guarded([&](tandem_error* error) {
            return table_.call(self_, view(conversation_id), deadline_ms, &sink, error);
        });
    }

private:
    struct Asking {
        const MissedTaker& taker;
        MissedAnswer& to;
    };

    static tandem_status push(Asking& asking, const tandem_event* raw) noexcept {
        return shielded([&]() -> tandem_status {
            Event event;
            if (!read_event(raw, event)) {
                ++asking.to.unknown_events;
                return TANDEM_OK;
            }
            return asking.taker.event(std::move(event));
        });
    }

    void* self_ = nullptr;
    tandem_reconcile table_{};
};

}  // namespace tandem::host
