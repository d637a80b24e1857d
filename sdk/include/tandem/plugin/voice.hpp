// tandem/plugin/voice.hpp: calls to a customer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tandem/abi/voice.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/receipt.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// Its views are good until the call returns.
struct OutboundCall {
    std::uint32_t deadline_ms = 0;
    std::string_view call_id;  ///< Ours; the provider gives it back where it can.
    std::string_view from;
    std::string_view to;
    std::vector<Field> variables;  ///< The context for the AI.
    std::uint32_t ring_s = 0;      ///< How long to let it ring; 0: the provider's own.
};

/// tandem.voice/1. Several threads call it at once.
class Voice {
public:
    virtual ~Voice() = default;

    /// Starts an AI call. The receipt's provider_id is the voice provider's conversation id,
    /// its line_id the line's. An instance that only carries lines need not have it.
    virtual Receipt start_call(const OutboundCall& /*call*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin starts no calls");
    }
    /// Ends a live call, by the line's id.
    virtual void hang_up(std::string_view /*provider_call_id*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin cannot end a live call");
    }
    /// Connects a live call to a person's phone.
    virtual void transfer(std::string_view /*provider_call_id*/, std::string_view /*to*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin cannot transfer a live call");
    }
    /// What became of a start_call whose outcome is unknown and which began then. Calls
    /// nobody; its answers are those of Channel::look_up.
    virtual Receipt look_up(const OutboundCall& /*call*/, tandem_time /*begun_at*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin cannot ask what became of a call");
    }
};

inline OutboundCall from_raw(const tandem_outbound_call* raw) {
    OutboundCall call;
    call.deadline_ms = member(raw, &tandem_outbound_call::deadline_ms);
    call.call_id = text(member(raw, &tandem_outbound_call::call_id));
    call.from = text(member(raw, &tandem_outbound_call::from));
    call.to = text(member(raw, &tandem_outbound_call::to));
    call.variables = fields(member(raw, &tandem_outbound_call::variables),
                            member(raw, &tandem_outbound_call::variable_count));
    call.ring_s = member(raw, &tandem_outbound_call::ring_s);
    return call;
}

template <>
struct Capability<Voice> {
    static constexpr std::string_view id = TANDEM_VOICE;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_voice made{sizeof(tandem_voice), 0,
                                           &start_call<Owner>,   &hang_up<Owner>,
                                           &transfer<Owner>,     &look_up<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static Voice& of(void* self) noexcept {
        return *static_cast<Owner*>(self);
    }

    template <typename Owner>
    static tandem_status start_call(void* self, const tandem_outbound_call* call,
                                    const tandem_receipt_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] { give(sink, of<Owner>(self).start_call(from_raw(call))); });
    }

    template <typename Owner>
    static tandem_status hang_up(void* self, tandem_view provider_call_id,
                                 tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).hang_up(text(provider_call_id)); });
    }

    template <typename Owner>
    static tandem_status transfer(void* self, tandem_view provider_call_id, tandem_view to,
                                  tandem_error* error) noexcept {
        return guard(error, [&] { of<Owner>(self).transfer(text(provider_call_id), text(to)); });
    }

    template <typename Owner>
    static tandem_status look_up(void* self, const tandem_outbound_call* call, tandem_time begun_at,
                                 const tandem_receipt_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] { give(sink, of<Owner>(self).look_up(from_raw(call), begun_at)); });
    }
};

}  // namespace tandem::plugin
