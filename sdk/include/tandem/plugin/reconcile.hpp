// tandem/plugin/reconcile.hpp: what was missed is fetched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tandem/abi/reconcile.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/events.hpp"
#include "tandem/plugin/failure.hpp"

namespace tandem::plugin {

/// Its views are good until the call returns.
struct MissedQuery {
    std::uint32_t deadline_ms = 0;                   ///< For the whole call.
    std::vector<std::string_view> business_numbers;  ///< E.164, of one organisation.
    tandem_time since = 0;
};

/// Takes what the provider knows; dead when the call that received it returns.
class MissedSink {
public:
    explicit MissedSink(const tandem_missed_sink* sink) noexcept : sink_(sink) {}

    /// Whether the host has the event of this dedupe key: its details need not be fetched.
    bool known(std::string_view dedupe_key) {
        const auto ask = member(sink_, &tandem_missed_sink::known);
        return ask != nullptr && ask(sink_->context, view(dedupe_key)) != 0;
    }

    /// One event of any type of events.hpp, as the webhook would have said it. False: no more,
    /// please. Throws where the host refuses it.
    template <typename Known>
    bool event(const Known& event) {
        const auto push = member(sink_, &tandem_missed_sink::event);
        if (push == nullptr) throw Failure(TANDEM_UNSUPPORTED, "the host takes no events here");
        const tandem_status status = with_raw(
            event, [this, push](const tandem_event* raw) { return push(sink_->context, raw); });
        if (status < 0) throw Failure(status, "the host refused an event that it had missed");
        return status != TANDEM_STOP;
    }

    /// All that the provider has from before this instant was pushed or is known: the next
    /// query begins there. Without it the next one repeats this query's `since`.
    void complete_until(tandem_time until) {
        const auto tell = member(sink_, &tandem_missed_sink::complete_until);
        if (tell != nullptr) tell(sink_->context, until);
    }

private:
    const tandem_missed_sink* sink_;
};

/// Takes events one by one; dead when the call that received it returns.
class EventSink {
public:
    explicit EventSink(const tandem_event_sink* sink) noexcept : sink_(sink) {}

    /// As MissedSink::event.
    template <typename Known>
    bool event(const Known& event) {
        const auto push = member(sink_, &tandem_event_sink::event);
        if (push == nullptr) throw Failure(TANDEM_UNSUPPORTED, "the host takes no events here");
        const tandem_status status = with_raw(
            event, [this, push](const tandem_event* raw) { return push(sink_->context, raw); });
        if (status < 0) throw Failure(status, "the host refused the event that it asked for");
        return status != TANDEM_STOP;
    }

private:
    const tandem_event_sink* sink_;
};

/// tandem.reconcile/1. The host asks at start and every few minutes; what comes goes through
/// the same dedupe keys as webhooks. Several threads call it at once.
class Reconcile {
public:
    virtual ~Reconcile() = default;

    /// Pushes what the provider knows since `since`, oldest first, as far as the deadline
    /// allows.
    virtual void missed(const MissedQuery& query, MissedSink& sink) = 0;
    /// Pushes the CallEnded of one call, by the voice provider's conversation id; nothing while
    /// it lasts. Throws NOT_FOUND where the provider knows no such call.
    virtual void call(std::string_view /*conversation_id*/, std::uint32_t /*deadline_ms*/,
                      EventSink& /*sink*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin knows no calls");
    }
};

inline MissedQuery from_raw(const tandem_missed_query* raw) {
    MissedQuery query;
    query.deadline_ms = member(raw, &tandem_missed_query::deadline_ms);
    const tandem_view* numbers = member(raw, &tandem_missed_query::business_numbers);
    const std::size_t count = member(raw, &tandem_missed_query::business_number_count);
    for (std::size_t i = 0; numbers != nullptr && i < count; ++i) {
        query.business_numbers.push_back(text(numbers[i]));
    }
    query.since = member(raw, &tandem_missed_query::since);
    return query;
}

template <>
struct Capability<Reconcile> {
    static constexpr std::string_view id = TANDEM_RECONCILE;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_reconcile made{sizeof(tandem_reconcile), 0, &missed<Owner>,
                                               &call<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static Reconcile& of(void* self) noexcept {
        return *static_cast<Owner*>(self);
    }

    template <typename Owner>
    static tandem_status missed(void* self, const tandem_missed_query* query,
                                const tandem_missed_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] {
            MissedSink out(sink);
            of<Owner>(self).missed(from_raw(query), out);
        });
    }

    template <typename Owner>
    static tandem_status call(void* self, tandem_view conversation_id, std::uint32_t deadline_ms,
                              const tandem_event_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] {
            EventSink out(sink);
            of<Owner>(self).call(text(conversation_id), deadline_ms, out);
        });
    }
};

}  // namespace tandem::plugin
