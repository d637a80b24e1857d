#include <algorithm>
#include <utility>

#include "load/proxies.h"
#include "tandem/host/channel.hpp"
#include "tandem/host/voice.hpp"

namespace tandem::load {
namespace {

// A provider that wants longer than a day does not want the message.
constexpr uint32_t max_retry_after_ms = 24 * 3600 * 1000;

// A failure status, an outcome from a newer plugin, an acceptance without an id: nobody
// knows what became of the send, so it must not be repeated blindly.
deliver::Receipt receipt_of(const Living& living, const host::Outcome& outcome,
                            host::Receipt&& from) {
    deliver::Receipt made;
    made.delivery = domain::Delivery::Unknown;
    if (!outcome.ok()) {
        made.error_code = host::word(outcome.status);
        made.error_text = error_of(living, outcome).text;
        return made;
    }
    made.provider_id = std::move(from.provider_id);
    made.error_code = std::move(from.error_code);
    made.error_text = std::move(from.error_text);
    made.retry_after = Milliseconds{std::min(from.retry_after_ms, max_retry_after_ms)};
    made.opted_out = from.opted_out;
    made.account_refused = from.account_refused;
    made.line_id = std::move(from.line_id);
    // A text of 1600 units has 24 segments; more than this is no count.
    made.segments = from.segments <= 1000 ? from.segments : 0;
    switch (from.outcome) {
        case TANDEM_SEND_ACCEPTED:
            // A call is found by its line as well.
            if (made.provider_id.empty() && made.line_id.empty()) {
                made.error_text = "the plugin says accepted and gives no provider's id";
                return made;
            }
            made.kind = deliver::Receipt::Kind::Accepted;
            made.delivery = delivery_of(from.delivery).value_or(domain::Delivery::Queued);
            return made;
        case TANDEM_SEND_REFUSED:
            made.kind = deliver::Receipt::Kind::Refused;
            made.delivery = domain::Delivery::Failed;
            return made;
        case TANDEM_SEND_NOT_SENT:
            made.kind = deliver::Receipt::Kind::NotSent;
            made.delivery = domain::Delivery::Queued;
            return made;
        default: return made;
    }
}

// What became of an earlier send; a provider's no to the question says nothing of it.
deliver::Receipt looked_up(const Living& living, const host::Outcome& outcome,
                           host::Receipt&& from) {
    deliver::Receipt made = receipt_of(living, outcome, std::move(from));
    if (made.kind == deliver::Receipt::Kind::Refused) made.kind = deliver::Receipt::Kind::Unknown;
    return made;
}

deliver::Receipt ended_look_up(const Living& living) {
    deliver::Receipt made;
    made.delivery = domain::Delivery::Unknown;
    made.error_text = living.ended_error().text;
    return made;
}

deliver::Receipt ended_receipt(const Living& living) {
    deliver::Receipt made;
    made.kind = deliver::Receipt::Kind::NotSent;
    made.error_text = living.ended_error().text;
    return made;
}

class ChannelProxy : public deliver::Channel {
public:
    ChannelProxy(LivingPointer living, host::Channel channel)
        : living_(std::move(living)),
          channel_(channel),
          // 160 is what every phone takes, if the plugin does not say.
          max_text_units_(channel.max_text_units() ? channel.max_text_units() : 160) {}

    const std::string& instance() const override { return living_->id(); }

    deliver::Receipt send(const deliver::OutboundMessage& message) override {
        const Living::Call call(*living_);
        if (!call) return ended_receipt(*living_);
        host::Receipt receipt;
        const host::Outcome outcome = channel_.send(views(message), receipt);
        return receipt_of(*living_, outcome, std::move(receipt));
    }

    deliver::Receipt look_up(const deliver::OutboundMessage& message, Time begun_at) override {
        const Living::Call call(*living_);
        if (!call) return ended_look_up(*living_);
        host::Receipt receipt;
        const host::Outcome outcome =
            channel_.look_up(views(message), begun_at.time_since_epoch().count(), receipt);
        return looked_up(*living_, outcome, std::move(receipt));
    }

    unsigned max_text_units() const override { return max_text_units_; }

private:
    static host::OutboundMessage views(const deliver::OutboundMessage& message) {
        return {message.message_id, message.from,       message.to,
                message.text,       message.status_url, deadline_of(message.deadline)};
    }

    const LivingPointer living_;
    const host::Channel channel_;
    const unsigned max_text_units_;
};

class VoiceProxy : public call::Voice {
public:
    VoiceProxy(LivingPointer living, host::Voice voice)
        : living_(std::move(living)), voice_(voice) {}

    const std::string& instance() const override { return living_->id(); }

    deliver::Receipt start_call(const call::OutboundCall& call) override {
        const Living::Call entry(*living_);
        if (!entry) return ended_receipt(*living_);
        host::Receipt receipt;
        const host::Outcome outcome = voice_.start_call(views(call), receipt);
        deliver::Receipt made = receipt_of(*living_, outcome, std::move(receipt));
        // An instance that only carries lines: certain, and for good.
        if (outcome.status == TANDEM_UNSUPPORTED) made.kind = deliver::Receipt::Kind::Refused;
        return made;
    }

    deliver::Receipt look_up(const call::OutboundCall& call, Time begun_at) override {
        const Living::Call entry(*living_);
        if (!entry) return ended_look_up(*living_);
        host::Receipt receipt;
        const host::Outcome outcome =
            voice_.look_up(views(call), begun_at.time_since_epoch().count(), receipt);
        return looked_up(*living_, outcome, std::move(receipt));
    }

    Result<void> hang_up(const std::string& provider_call_id) override {
        const Living::Call entry(*living_);
        if (!entry) return living_->ended_error();
        const host::Outcome outcome = voice_.hang_up(provider_call_id);
        return outcome.ok() ? Result<void>() : error_of(*living_, outcome);
    }

    Result<void> transfer(const std::string& provider_call_id, const std::string& to) override {
        const Living::Call entry(*living_);
        if (!entry) return living_->ended_error();
        const host::Outcome outcome = voice_.transfer(provider_call_id, to);
        return outcome.ok() ? Result<void>() : error_of(*living_, outcome);
    }

private:
    static host::OutboundCall views(const call::OutboundCall& call) {
        return {call.call_id,
                call.from,
                call.to,
                {call.variables.begin(), call.variables.end()},
                deadline_of(call.deadline),
                call.ring_s};
    }

    const LivingPointer living_;
    const host::Voice voice_;
};

}  // namespace

Result<std::shared_ptr<deliver::Channel>> make_channel_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_CHANNEL);
    if (!table) return std::shared_ptr<deliver::Channel>();
    const host::Channel channel(living->instance().self(), table);
    if (!channel.complete()) {
        return Error{Code::Invalid, "its table tandem.channel/1 lacks functions"};
    }
    return std::shared_ptr<deliver::Channel>(
        std::make_shared<ChannelProxy>(std::move(living), channel));
}

Result<std::shared_ptr<call::Voice>> make_voice_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_VOICE);
    if (!table) return std::shared_ptr<call::Voice>();
    const host::Voice voice(living->instance().self(), table);
    if (!voice.complete()) {
        return Error{Code::Invalid, "its table tandem.voice/1 lacks functions"};
    }
    return std::shared_ptr<call::Voice>(std::make_shared<VoiceProxy>(std::move(living), voice));
}

}  // namespace tandem::load
