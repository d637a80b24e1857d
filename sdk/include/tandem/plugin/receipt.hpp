// tandem/plugin/receipt.hpp: what became of something that was handed to a provider.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tandem/abi/channel.h"
#include "tandem/plugin/events.hpp"

namespace tandem::plugin {

enum class SendOutcome : std::uint32_t {
    Accepted = TANDEM_SEND_ACCEPTED,  ///< The provider has it; provider_id is set.
    Refused = TANDEM_SEND_REFUSED,    ///< The provider said no, for good.
    NotSent = TANDEM_SEND_NOT_SENT,   ///< Certainly not acted on; may be tried again.
    Unknown = TANDEM_SEND_UNKNOWN,    ///< Sent, no usable answer; not to be repeated blindly.
};

/// The four outcomes are different things to the host: take the function that is true.
struct Receipt {
    SendOutcome outcome = SendOutcome::Unknown;
    std::string provider_id;
    Delivery delivery = Delivery::Other;  ///< As far as known.
    std::uint32_t retry_after_ms = 0;     ///< With NotSent: the provider's wish, or zero.
    std::string error_code;
    std::string error_text;
    bool opted_out = false;  ///< Refused because the person opted out.
    /// No send of this instance can succeed until somebody mends its account or its settings;
    /// the host holds them until then.
    bool account_refused = false;
    std::string line_id;         ///< Of a call: the line's id, where known.
    std::uint32_t segments = 0;  ///< Of a text, as the provider bills it; 0: not known.

    static Receipt accepted(std::string provider_id, Delivery delivery = Delivery::Queued) {
        Receipt receipt;
        receipt.outcome = SendOutcome::Accepted;
        receipt.provider_id = std::move(provider_id);
        receipt.delivery = delivery;
        return receipt;
    }

    static Receipt refused(std::string error_code, std::string error_text) {
        Receipt receipt;
        receipt.outcome = SendOutcome::Refused;
        receipt.delivery = Delivery::Failed;
        receipt.error_code = std::move(error_code);
        receipt.error_text = std::move(error_text);
        return receipt;
    }

    static Receipt not_sent(std::string error_text, std::uint32_t retry_after_ms = 0) {
        Receipt receipt;
        receipt.outcome = SendOutcome::NotSent;
        receipt.error_text = std::move(error_text);
        receipt.retry_after_ms = retry_after_ms;
        return receipt;
    }

    static Receipt unknown(std::string error_text) {
        Receipt receipt;
        receipt.error_text = std::move(error_text);
        return receipt;
    }
};

template <typename Use>
auto with_raw(const Receipt& receipt, Use&& use) {
    auto raw = sized<tandem_receipt>();
    raw.outcome = static_cast<std::uint32_t>(receipt.outcome);
    raw.provider_id = view_or_absent(receipt.provider_id);
    raw.delivery = static_cast<std::uint32_t>(receipt.delivery);
    raw.retry_after_ms = receipt.retry_after_ms;
    raw.error_code = view_or_absent(receipt.error_code);
    raw.error_text = view_or_absent(receipt.error_text);
    raw.opted_out = receipt.opted_out ? 1 : 0;
    raw.account_refused = receipt.account_refused ? 1 : 0;
    raw.line_id = view_or_absent(receipt.line_id);
    raw.segments = receipt.segments;
    return use(&raw);
}

inline void give(const tandem_receipt_sink* sink, const Receipt& receipt) {
    with_raw(receipt, [sink](const tandem_receipt* raw) { sink->receipt(sink->context, raw); });
}

}  // namespace tandem::plugin
