// tandem/plugin/responder.hpp: the AI's answer to one turn.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tandem/abi/responder.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// Its views are good until the call returns.
struct Turn {
    std::uint32_t deadline_ms = 0;
    std::string_view turn_id;   ///< Ours; the same when the turn is tried again.
    std::string_view customer;  ///< E.164.
    std::string_view text;      ///< What the customer wrote and nobody answered yet.
    std::vector<Field> variables;
};

/// Takes the answer; only on the thread of the call, and dead when that returns.
class ReplySink {
public:
    explicit ReplySink(const tandem_reply_sink* sink) noexcept : sink_(sink) {}

    /// A piece of the answer, in order. False: nobody wants it any more; stop generating.
    bool text(std::string_view piece) {
        const tandem_status status = sink_->text(sink_->context, view(piece));
        if (status < 0) throw Failure(status, "the host refused a piece of the answer");
        return status != TANDEM_STOP;
    }

    /// The AI asks for a person instead of, or beside, its answer.
    void needs_human(std::string_view reason) {
        const auto ask = member(sink_, &tandem_reply_sink::needs_human);
        if (ask != nullptr) ask(sink_->context, view(reason));
    }

private:
    const tandem_reply_sink* sink_;
};

/// tandem.responder/1. Several threads call it at once.
class Responder {
public:
    virtual ~Responder() = default;

    /// Blocks until the answer is complete or the deadline is over.
    virtual void respond(const Turn& turn, ReplySink& sink) = 0;
};

inline Turn from_raw(const tandem_turn* raw) {
    Turn turn;
    turn.deadline_ms = member(raw, &tandem_turn::deadline_ms);
    turn.turn_id = text(member(raw, &tandem_turn::turn_id));
    turn.customer = text(member(raw, &tandem_turn::customer));
    turn.text = text(member(raw, &tandem_turn::text));
    turn.variables =
        fields(member(raw, &tandem_turn::variables), member(raw, &tandem_turn::variable_count));
    return turn;
}

template <>
struct Capability<Responder> {
    static constexpr std::string_view id = TANDEM_RESPONDER;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_responder made{sizeof(tandem_responder), 0, &respond<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static tandem_status respond(void* self, const tandem_turn* turn, const tandem_reply_sink* sink,
                                 tandem_error* error) noexcept {
        return guard(error, [&] {
            ReplySink out(sink);
            Responder& responder = *static_cast<Owner*>(self);
            responder.respond(from_raw(turn), out);
        });
    }
};

}  // namespace tandem::plugin
