// tandem/plugin/testing/sinks.hpp: sinks that remember what a plugin gave.
//
//     testing::RecordedWebhook said;
//     acme.normalise(request, said.sink());
//     assert(std::get<MessageReceived>(said.events().at(0)).text == "hello");
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tandem/plugin/reconcile.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/testing/events.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::plugin::testing {

/// Everything that normalise or render_context gave.
class RecordedWebhook {
public:
    RecordedWebhook() : raw_(sized<tandem_webhook_sink>()), sink_(&raw_) {
        raw_.context = this;
        raw_.event = &RecordedWebhook::take_event;
        raw_.answer = &RecordedWebhook::take_answer;
    }
    RecordedWebhook(const RecordedWebhook&) = delete;
    RecordedWebhook& operator=(const RecordedWebhook&) = delete;

    WebhookSink& sink() { return sink_; }
    const tandem_webhook_sink* raw() const { return &raw_; }
    /// From the next event on, the host says what the test says: TANDEM_STOP, a failure.
    void reply(tandem_status status) { reply_ = status; }

    const std::vector<AnyEvent>& events() const { return events_; }
    /// Nothing: the plugin gave none, and the provider would get an empty 200.
    const std::optional<Answer>& answer() const { return answer_; }
    /// More than one is a mistake of the plugin.
    int answers() const { return answers_; }

private:
    static tandem_status take_event(void* context, const tandem_event* event) {
        auto& self = *static_cast<RecordedWebhook*>(context);
        auto record = to_record(event);
        if (!record) return TANDEM_UNSUPPORTED;
        self.events_.push_back(*std::move(record));
        return self.reply_;
    }
    static void take_answer(void* context, const tandem_webhook_answer* answer) {
        auto& self = *static_cast<RecordedWebhook*>(context);
        self.answers_ += 1;
        self.answer_ = Answer{answer->status, std::string(text(answer->content_type)),
                              std::string(text(answer->body))};
    }

    tandem_webhook_sink raw_;
    WebhookSink sink_;
    tandem_status reply_ = TANDEM_OK;
    std::vector<AnyEvent> events_;
    std::optional<Answer> answer_;
    int answers_ = 0;
};

/// Everything that reconcile gave, and what it is told of what the host has.
class RecordedMissed {
public:
    RecordedMissed()
        : raw_(sized<tandem_missed_sink>()),
          raw_events_(sized<tandem_event_sink>()),
          sink_(&raw_),
          event_sink_(&raw_events_) {
        raw_.context = this;
        raw_.known = &RecordedMissed::is_known;
        raw_.event = &RecordedMissed::take_event;
        raw_.complete_until = &RecordedMissed::take_complete_until;
        raw_events_.context = this;
        raw_events_.event = &RecordedMissed::take_event;
    }
    RecordedMissed(const RecordedMissed&) = delete;
    RecordedMissed& operator=(const RecordedMissed&) = delete;

    /// For Reconcile::missed, and for Reconcile::call.
    MissedSink& sink() { return sink_; }
    EventSink& event_sink() { return event_sink_; }
    const tandem_missed_sink* raw() const { return &raw_; }

    /// The host has the event of this dedupe key.
    void know(std::string dedupe_key) { known_.insert(std::move(dedupe_key)); }
    /// From the next event on, the host says what the test says: TANDEM_STOP, a failure.
    void reply(tandem_status status) { reply_ = status; }

    const std::vector<AnyEvent>& events() const { return events_; }
    /// The keys that were asked for, in order.
    const std::vector<std::string>& asked() const { return asked_; }
    /// Nothing: the next query repeats the `since` of this one.
    const std::optional<tandem_time>& complete_until() const { return complete_until_; }

private:
    static std::uint32_t is_known(void* context, tandem_view dedupe_key) {
        auto& self = *static_cast<RecordedMissed*>(context);
        self.asked_.emplace_back(text(dedupe_key));
        return self.known_.count(self.asked_.back()) != 0 ? 1 : 0;
    }
    static tandem_status take_event(void* context, const tandem_event* event) {
        auto& self = *static_cast<RecordedMissed*>(context);
        auto record = to_record(event);
        if (!record) return TANDEM_UNSUPPORTED;
        self.events_.push_back(*std::move(record));
        return self.reply_;
    }
    static void take_complete_until(void* context, tandem_time until) {
        static_cast<RecordedMissed*>(context)->complete_until_ = until;
    }

    tandem_missed_sink raw_;
    tandem_event_sink raw_events_;
    MissedSink sink_;
    EventSink event_sink_;
    tandem_status reply_ = TANDEM_OK;
    std::set<std::string> known_;
    std::vector<AnyEvent> events_;
    std::vector<std::string> asked_;
    std::optional<tandem_time> complete_until_;
};

/// Everything that a responder gave.
class RecordedReply {
public:
    RecordedReply() : raw_(sized<tandem_reply_sink>()), sink_(&raw_) {
        raw_.context = this;
        raw_.text = &RecordedReply::take_text;
        raw_.needs_human = &RecordedReply::take_needs_human;
    }
    RecordedReply(const RecordedReply&) = delete;
    RecordedReply& operator=(const RecordedReply&) = delete;

    ReplySink& sink() { return sink_; }
    const tandem_reply_sink* raw() const { return &raw_; }
    /// After this many pieces nobody wants more.
    void stop_after(std::size_t pieces) { stop_after_ = pieces; }

    const std::vector<std::string>& pieces() const { return pieces_; }
    std::string whole() const {
        std::string whole;
        for (const std::string& piece : pieces_) whole += piece;
        return whole;
    }
    /// Why a person is asked for; nothing: none is.
    const std::optional<std::string>& human_asked() const { return human_asked_; }

private:
    static tandem_status take_text(void* context, tandem_view piece) {
        auto& self = *static_cast<RecordedReply*>(context);
        self.pieces_.emplace_back(text(piece));
        return self.pieces_.size() >= self.stop_after_ ? TANDEM_STOP : TANDEM_OK;
    }
    static void take_needs_human(void* context, tandem_view reason) {
        static_cast<RecordedReply*>(context)->human_asked_ = std::string(text(reason));
    }

    tandem_reply_sink raw_;
    ReplySink sink_;
    std::size_t stop_after_ = static_cast<std::size_t>(-1);
    std::vector<std::string> pieces_;
    std::optional<std::string> human_asked_;
};

}  // namespace tandem::plugin::testing
