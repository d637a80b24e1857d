// tandem/plugin/channel.hpp: texts to a customer.
#pragma once

#include <cstdint>
#include <string_view>

#include "tandem/abi/channel.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/receipt.hpp"

namespace tandem::plugin {

/// Its views are good until the call returns.
struct OutboundMessage {
    std::uint32_t deadline_ms = 0;  ///< For the whole call.
    std::string_view message_id;    ///< Ours; to be found again in the status callback.
    std::string_view from;          ///< A number of the organisation, E.164.
    std::string_view to;
    std::string_view text;
    std::string_view status_url;  ///< Where the provider may report; not present: nowhere.
};

/// tandem.channel/1. Several threads call it at once.
class Channel {
public:
    virtual ~Channel() = default;

    /// Hands one message to the provider and says what became of it. A thrown Failure counts
    /// as "unknown"; who knows better returns a receipt.
    virtual Receipt send(const OutboundMessage& message) = 0;
    /// The longest text of one message, in UTF-16 code units. Must not block.
    virtual std::uint32_t max_text_units() = 0;
    /// What became of a send whose outcome is unknown and which began then. Sends nothing:
    /// Accepted if the provider has the message, NotSent if it certainly has not, Unknown if
    /// that cannot be told (yet).
    virtual Receipt look_up(const OutboundMessage& /*message*/, tandem_time /*begun_at*/) {
        throw Failure(TANDEM_UNSUPPORTED, "this plugin cannot ask what became of a message");
    }
};

inline OutboundMessage from_raw(const tandem_outbound_message* raw) {
    OutboundMessage message;
    message.deadline_ms = member(raw, &tandem_outbound_message::deadline_ms);
    message.message_id = text(member(raw, &tandem_outbound_message::message_id));
    message.from = text(member(raw, &tandem_outbound_message::from));
    message.to = text(member(raw, &tandem_outbound_message::to));
    message.text = text(member(raw, &tandem_outbound_message::text));
    message.status_url = text(member(raw, &tandem_outbound_message::status_url));
    return message;
}

template <>
struct Capability<Channel> {
    static constexpr std::string_view id = TANDEM_CHANNEL;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_channel made{sizeof(tandem_channel), 0, &send<Owner>,
                                             &limits<Owner>, &look_up<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static Channel& of(void* self) noexcept {
        return *static_cast<Owner*>(self);
    }

    template <typename Owner>
    static tandem_status send(void* self, const tandem_outbound_message* message,
                              const tandem_receipt_sink* sink, tandem_error* error) noexcept {
        return guard(error, [&] { give(sink, of<Owner>(self).send(from_raw(message))); });
    }

    template <typename Owner>
    static void limits(void* self, tandem_channel_limits* limits) noexcept {
        guard(nullptr, [&] {
            const std::uint32_t units = of<Owner>(self).max_text_units();
            if (has_member(limits, &tandem_channel_limits::max_text_units)) {
                limits->max_text_units = units;
            }
        });
    }

    template <typename Owner>
    static tandem_status look_up(void* self, const tandem_outbound_message* message,
                                 tandem_time begun_at, const tandem_receipt_sink* sink,
                                 tandem_error* error) noexcept {
        return guard(error,
                     [&] { give(sink, of<Owner>(self).look_up(from_raw(message), begun_at)); });
    }
};

}  // namespace tandem::plugin
