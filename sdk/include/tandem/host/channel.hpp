#pragma once

#include <string>
#include <string_view>

#include "tandem/abi/channel.h"
#include "tandem/abi/events.h"
#include "tandem/host/instance.hpp"

/// The channel capability of an instance.
namespace tandem::host {

/// All views live as long as the caller's bytes.
struct OutboundMessage {
    std::string_view message_id, from, to, text, status_url;
    uint32_t deadline_ms = 15000;
};

struct Receipt {
    uint32_t outcome = TANDEM_SEND_UNKNOWN;
    std::string provider_id;
    uint32_t delivery = TANDEM_DELIVERY_OTHER;
    uint32_t retry_after_ms = 0;
    std::string error_code, error_text;
    bool opted_out = false;
    bool account_refused = false;
    std::string line_id;
    uint32_t segments = 0;
};

/// How often the plugin gave a receipt, and the last one.
struct ReceiptTaker {
    Receipt receipt;
    unsigned taken = 0;

    tandem_receipt_sink sink() {
        auto made = sized<tandem_receipt_sink>();
        made.context = this;
        made.receipt = [](void* context, const tandem_receipt* raw) noexcept {
            shielded([&] {
                auto& taker = *static_cast<ReceiptTaker*>(context);
                const auto from = known_part<tandem_receipt>(raw);
                ++taker.taken;
                Receipt& to = taker.receipt;
                to.outcome = from.outcome;
                to.provider_id = text(from.provider_id, 1024);
                to.delivery = from.delivery;
                to.retry_after_ms = from.retry_after_ms;
                to.error_code = text(from.error_code, 1024);
                to.error_text = text(from.error_text, 4096);
                to.opted_out = from.opted_out != 0;
                to.account_refused = from.account_refused != 0;
                to.line_id = text(from.line_id, 1024);
                to.segments = from.segments;
                return TANDEM_OK;
            });
        };
        return made;
    }

    /// A call that answered OK without exactly one receipt is a failure: nobody knows
    /// what became of the send.
    Outcome checked(Outcome outcome) const {
        if (!outcome.ok() || taken == 1) return outcome;
        return {TANDEM_INTERNAL,
                "the plugin answered OK and gave " + std::to_string(taken) + " receipts", 0};
    }
};

/// Makes a call that gives a receipt: `call(sink, error) -> tandem_status`. `to` is written on
/// success only.
template <typename Call>
Outcome taken(Receipt& to, Call&& call) {
    ReceiptTaker taker;
    const tandem_receipt_sink sink = taker.sink();
    Outcome outcome =
        taker.checked(guarded([&](tandem_error* error) { return call(&sink, error); }));
    if (outcome.ok()) to = std::move(taker.receipt);
    return outcome;
}

/// As safe from threads as the instance behind it. Lives no longer than it.
class Channel {
public:
    Channel() = default;
    Channel(void* self, const void* table)
        : self_(self), table_(known_part<tandem_channel>(table)) {}

    /// `look_up` may be missing: a provider that cannot be asked.
    bool complete() const { return table_.send && table_.limits; }

    /// On failure the receipt says UNKNOWN.
    Outcome send(const OutboundMessage& message, Receipt& to) const {
        const tandem_outbound_message raw = raw_of(message);
        return taken(to, [&](const tandem_receipt_sink* sink, tandem_error* error) {
            return table_.send(self_, &raw, sink, error);
        });
    }

    /// On failure the receipt says UNKNOWN.
    Outcome look_up(const OutboundMessage& message, tandem_time begun_at, Receipt& to) const {
        if (!table_.look_up) return {TANDEM_UNSUPPORTED, "the provider cannot be asked", 0};
        const tandem_outbound_message raw = raw_of(message);
        return taken(to, [&](const tandem_receipt_sink* sink, tandem_error* error) {
            return table_.look_up(self_, &raw, begun_at, sink, error);
        });
    }

    /// 0: the plugin did not say.
    uint32_t max_text_units() const {
        auto limits = sized<tandem_channel_limits>();
        guarded([&](tandem_error*) {
            table_.limits(self_, &limits);
            return TANDEM_OK;
        });
        return limits.max_text_units;
    }

private:
    static tandem_outbound_message raw_of(const OutboundMessage& message) {
        auto raw = sized<tandem_outbound_message>();
        raw.deadline_ms = message.deadline_ms;
        raw.message_id = view(message.message_id);
        raw.from = view(message.from);
        raw.to = view(message.to);
        raw.text = view(message.text);
        raw.status_url = message.status_url.empty() ? absent() : view(message.status_url);
        return raw;
    }

    void* self_ = nullptr;
    tandem_channel table_{};
};

}  // namespace tandem::host
