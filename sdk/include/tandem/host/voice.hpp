#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/voice.h"
#include "tandem/host/channel.hpp"

/// The voice capability of an instance.
namespace tandem::host {

/// All views live as long as the caller's bytes.
struct OutboundCall {
    std::string_view call_id, from, to;
    std::vector<std::pair<std::string_view, std::string_view>> variables;
    uint32_t deadline_ms = 30000;
    uint32_t ring_s = 0;
};

/// As safe from threads as the instance behind it. Lives no longer than it.
class Voice {
public:
    Voice() = default;
    Voice(void* self, const void* table) : self_(self), table_(known_part<tandem_voice>(table)) {}

    /// `look_up` may be missing: a provider that cannot be asked.
    bool complete() const { return table_.start_call && table_.hang_up && table_.transfer; }

    /// On failure the receipt says UNKNOWN.
    Outcome start_call(const OutboundCall& call, Receipt& to) const {
        return with(call, to, [&](const tandem_outbound_call* raw, auto... rest) {
            return table_.start_call(self_, raw, rest...);
        });
    }

    /// On failure the receipt says UNKNOWN.
    Outcome look_up(const OutboundCall& call, tandem_time begun_at, Receipt& to) const {
        if (!table_.look_up) return {TANDEM_UNSUPPORTED, "the provider cannot be asked", 0};
        return with(call, to, [&](const tandem_outbound_call* raw, auto... rest) {
            return table_.look_up(self_, raw, begun_at, rest...);
        });
    }

    Outcome hang_up(std::string_view provider_call_id) const {
        return guarded([&](tandem_error* error) {
            return table_.hang_up(self_, view(provider_call_id), error);
        });
    }

    Outcome transfer(std::string_view provider_call_id, std::string_view to) const {
        return guarded([&](tandem_error* error) {
            return table_.transfer(self_, view(provider_call_id), view(to), error);
        });
    }

private:
    template <typename Function>
    static Outcome with(const OutboundCall& call, Receipt& to, Function&& function) {
        std::vector<tandem_pair> variables;
        for (const auto& [name, value] : call.variables) {
            variables.push_back({view(name), view(value)});
        }
        auto raw = sized<tandem_outbound_call>();
        raw.deadline_ms = call.deadline_ms;
        raw.call_id = view(call.call_id);
        raw.from = view(call.from);
        raw.to = view(call.to);
        raw.variables = variables.data();
        raw.variable_count = variables.size();
        raw.ring_s = call.ring_s;
        return taken(to, [&](const tandem_receipt_sink* sink, tandem_error* error) {
            return function(&raw, sink, error);
        });
    }

    void* self_ = nullptr;
    tandem_voice table_{};
};

}  // namespace tandem::host
