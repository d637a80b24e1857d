#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/abi/responder.h"
#include "tandem/host/instance.hpp"

/// The responder capability of an instance.
namespace tandem::host {

/// All views live as long as the caller's bytes.
struct Turn {
    std::string_view turn_id, customer, text;
    std::vector<std::pair<std::string_view, std::string_view>> variables;
    uint32_t deadline_ms = 30000;
};

struct Reply {
    std::string text;  // as it came; pieces may have split a character
    std::string needs_human;
    bool asked_for_human = false;
};

/// An answer longer than any channel takes; what follows is refused with STOP.
constexpr size_t max_reply_bytes = 64 * 1024;

/// As safe from threads as the instance behind it. Lives no longer than it.
class Responder {
public:
    Responder() = default;
    Responder(void* self, const void* table)
        : self_(self), table_(known_part<tandem_responder>(table)) {}

    bool complete() const { return table_.respond; }

    Outcome respond(const Turn& turn, Reply& to) const {
        std::vector<tandem_pair> variables;
        for (const auto& [name, value] : turn.variables) {
            variables.push_back({view(name), view(value)});
        }
        auto raw = sized<tandem_turn>();
        raw.deadline_ms = turn.deadline_ms;
        raw.turn_id = view(turn.turn_id);
        raw.customer = view(turn.customer);
        raw.text = view(turn.text);
        raw.variables = variables.data();
        raw.variable_count = variables.size();
        auto sink = sized<tandem_reply_sink>();
        sink.context = &to;
        sink.text = [](void* context, tandem_view piece) noexcept {
            return shielded([&]() -> tandem_status {
                Reply& reply = *static_cast<Reply*>(context);
                if (piece.size > max_reply_bytes - reply.text.size()) return TANDEM_STOP;
                reply.text += bytes(piece);
                return TANDEM_OK;
            });
        };
        sink.needs_human = [](void* context, tandem_view reason) noexcept {
            shielded([&] {
                Reply& reply = *static_cast<Reply*>(context);
                reply.asked_for_human = true;
                reply.needs_human = host::text(reason, 1024);
                return TANDEM_OK;
            });
        };
        Outcome outcome =
            guarded([&](tandem_error* error) { return table_.respond(self_, &raw, &sink, error); });
        to.text = host::text(view(to.text));
        return outcome;
    }

private:
    void* self_ = nullptr;
    tandem_responder table_{};
};

}  // namespace tandem::host
