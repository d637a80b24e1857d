#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "date.hpp"
#include "events.hpp"
#include "message_list.hpp"
#include "outcome.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::uint32_t usual_deadline_ms = 60'000;
constexpr const char* page_size = "200";
// 50,000 texts to one number since the last answer; what the deadline allows is less.
constexpr int max_pages = 250;
constexpr int max_status_pages = 5;
// A text is delivered within minutes, or its handset was off.
constexpr std::int64_t status_lookback_ms = 3600 * 1000;
// How long Twilio may take to show a message in its list; unpublished, and generous.
constexpr std::int64_t list_delay_ms = 120'000;

/// The texts of one account to or from one number.
struct Wanted {
    const Account* account;
    std::string number;
};

/// Whole seconds, as Twilio's dates have them.
tandem_time second_of(tandem_time instant) {
    return instant / 1000 * 1000;
}

tandem_time time_of(const ApiMessage& message) {
    return std::max(message.created, message.sent);
}

/// The media of a listed message, as its webhook would have named them. Throws where Twilio
/// does not say: without them the message would be recorded poorer than it is, for good.
std::vector<Media> media_of(const Host& host, const Api& api, const Account& account,
                            const ApiMessage& message, const Deadline& deadline) {
    const HttpResult result =
        api.get(account, "Messages/" + message.sid + "/Media.json",
                Parameters().add("PageSize", "50"), std::max(deadline.left_ms(), 1u));
    std::vector<Media> media;
    // They may be deleted one by one, and the message stays.
    if (result.answered && result.status == 404) return media;
    const auto list =
        result.answered && result.status == 200 ? read_media_list(result.body) : std::nullopt;
    if (!list) throw failure_of(result, "listing the media of a message", host.clock().now());
    for (const ApiMedia& one : *list) {
        if (!is_sid(one.sid, "ME")) continue;
        media.push_back(
            {api.media_url(account, message.sid, one.sid), cut(one.content_type, max_word_bytes)});
    }
    return media;
}

/// The answers to one question of the host.
class Round {
public:
    Round(const Host& host, const Api& api, const MissedQuery& query, MissedSink& sink)
        : host_(host),
          api_(api),
          sink_(sink),
          deadline_(host, query.deadline_ms, usual_deadline_ms),
          since_(second_of(query.since)),
          begun_at_(host.clock().now()) {}

    /// Lists what customers wrote. Nothing is told yet: the lists begin with the newest.
    void list_inbound(const Wanted& wanted) {
        const bool whole =
            list(wanted, "To", since_, max_pages, [this, &wanted](ApiMessage message) {
                if (message.direction != "inbound") return;
                if (sink_.known(message_key(message.sid))) return;
                // Its media are on their way to Twilio; the next round has it.
                if (message.status == "receiving")
                    complete_ = false;
                else
                    inbound_.push_back({wanted.account, std::move(message)});
            });
        if (!whole) complete_ = false;
    }

    /// Tells them, oldest first. False: the host wants no more.
    bool tell_inbound() {
        std::stable_sort(inbound_.begin(), inbound_.end(), [](const auto& left, const auto& right) {
            return time_of(left.message) < time_of(right.message);
        });
        for (const Inbound& one : inbound_) {
            const auto event = event_of(one);
            if (event && !tell(*event)) return false;
        }
        return true;
    }

    /// What became of our own texts; their callbacks may have been lost as well. A page or two,
    /// and no reason to ask again. Of young ones the callbacks are still under way, and tell
    /// more: our own id.
    bool tell_statuses(const Wanted& wanted) {
        const tandem_time settled = twilios_now() - list_delay_ms;
        std::vector<MessageStatus> statuses;
        const auto take = [&](const ApiMessage& message) {
            if (message.direction.rfind("outbound", 0) != 0 || message.status.empty()) return;
            if (time_of(message) <= settled) statuses.push_back(status_of(message));
        };
        list(wanted, "From", since_ - status_lookback_ms, max_status_pages, take);
        for (auto status = statuses.rbegin(); status != statuses.rend(); ++status)
            if (!sink_.known(status->dedupe_key) && !tell(*status)) return false;
        return true;
    }

    /// Everything was listed and told: the next question may begin here. By the clock that is
    /// behind, so that neither's fault leaves a gap.
    void tell_complete() {
        if (complete_) sink_.complete_until(twilios_now() - list_delay_ms);
    }

    /// What went wrong first; the host is told everything else before.
    const std::optional<Failure>& failure() const { return failure_; }

private:
    struct Inbound {
        const Account* account;
        ApiMessage message;
    };

    /// One that the host cannot take must not hold up all that come after it.
    template <typename Known>
    bool tell(const Known& event) {
        try {
            return sink_.event(event);
        } catch (const Failure& failure) {
            if (failure.code() != TANDEM_INVALID) throw;
            host_.log().warn("a message of Twilio's list makes no sense to the host",
                             {{"sid", event.provider_id}, {"reason", failure.what()}});
            return true;
        }
    }

    template <typename Take>
    bool list(const Wanted& wanted, const char* side, tandem_time since, int pages,
              const Take& take) {
        Parameters query;
        query.add(side, wanted.number).add("DateSent>", iso_date(since));
        query.add("PageSize", page_size);
        try {
            return read_messages(
                host_, api_, *wanted.account, query, pages, deadline_,
                [&](std::vector<ApiMessage> page, std::optional<std::int64_t> ahead_ms) {
                    ahead_ms_ = std::min(ahead_ms_, ahead_ms.value_or(0));
                    for (ApiMessage& message : page) {
                        if (time_of(message) == 0)
                            throw Failure(TANDEM_CORRUPT, "Twilio lists a message without a date");
                        // The filter may know only days.
                        if (time_of(message) >= since) take(std::move(message));
                    }
                });
        } catch (const Failure& failure) {
            fail(failure);
            return false;
        }
    }

    std::optional<MessageReceived> event_of(const Inbound& one) {
        MessageReceived event;
        event.provider_id = one.message.sid;
        event.dedupe_key = message_key(one.message.sid);
        event.business_address = cut(one.message.to, max_word_bytes);
        event.customer_address = cut(one.message.from, max_word_bytes);
        event.happened_at = time_of(one.message);
        event.text = repaired(one.message.body);
        if (one.message.media == 0) return event;
        try {
            event.media = media_of(host_, api_, *one.account, one.message, deadline_);
            return event;
        } catch (const Failure& failure) {
            fail(failure);
            return std::nullopt;
        }
    }

    static MessageStatus status_of(const ApiMessage& message) {
        MessageStatus told;
        told.provider_id = message.sid;
        told.dedupe_key = status_key(message.sid, message.status, message.error_code);
        told.business_address = cut(message.from, max_word_bytes);
        told.customer_address = cut(message.to, max_word_bytes);
        told.provider_word = cut(message.status, max_word_bytes);
        told.error_code = cut(message.error_code, max_word_bytes);
        if (message.error_code == opted_out_code) told.opt = Opt::Stop;
        told.error_text = message.error_text;
        told.delivery = delivery_of(message.status);
        return told;
    }

    /// When this round began, by the clock that is behind.
    tandem_time twilios_now() const { return begun_at_ + std::min<std::int64_t>(ahead_ms_, 0); }

    void fail(const Failure& failure) {
        complete_ = false;
        if (!failure_) failure_ = failure;
    }

    const Host& host_;
    const Api& api_;
    MissedSink& sink_;
    const Deadline deadline_;
    const tandem_time since_;
    const tandem_time begun_at_;
    std::vector<Inbound> inbound_;
    std::int64_t ahead_ms_ = 0;
    bool complete_ = true;
    std::optional<Failure> failure_;
};

}  // namespace

void Twilio::missed(const MissedQuery& query, MissedSink& sink) {
    std::vector<Wanted> phones, all;
    for (const Account& account : accounts_)
        for (const std::string_view number : query.business_numbers) {
            phones.push_back({&account, std::string(number)});
            all.push_back(phones.back());
            all.push_back({&account, "whatsapp:" + std::string(number)});
        }
    Round round(host_, api_, query, sink);
    for (const Wanted& wanted : all)
        if (!round.failure()) round.list_inbound(wanted);
    if (!round.tell_inbound()) return;
    round.tell_complete();
    for (const Wanted& wanted : phones)
        if (!round.failure() && !round.tell_statuses(wanted)) return;
    if (round.failure()) throw *round.failure();
}

}  // namespace tandem::twilio
