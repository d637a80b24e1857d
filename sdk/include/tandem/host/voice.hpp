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
};

/// As safe from threads as the instance behind it. Lives no longer than it.
class Voice {
public:
    Voice() = default;
    Voice(void* self, const void* table) : self_(self), table_(known_part<tandem_voice>(table)) {}

    bool complete() const { return table_.start_call && table_.hang_up && table_.transfer; }

    /// On failure the receipt says UNKNOWN.
    Outcome start_call(const OutboundCall& call, Receipt& to) const {
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
        ReceiptTaker taker;
        const tandem_receipt_sink sink = taker.sink();
        Outcome outcome = taker.checked(guarded(
            [&](tandem_error* error) { return table_.start_call(self_, &raw, &sink, error); }));
        if (outcome.ok()) to = std::move(taker.receipt);
        return outcome;
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
    void* self_ = nullptr;
    tandem_voice table_{};
};

}  // namespace tandem::host
