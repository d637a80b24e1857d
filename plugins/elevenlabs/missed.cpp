#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "elevenlabs.h"
#include "ended.h"
#include "json.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

// Beside the longest call: the provider's clock may be off, and analysis takes its time.
constexpr std::int64_t margin_s = 3600;
constexpr int max_pages = 200;
constexpr int max_failures = 3;
constexpr std::uint32_t longest_request_ms = 15'000;
constexpr std::size_t max_word_bytes = 64;
constexpr std::size_t max_cursor_bytes = 4096;
// What is not over after a day never will be; it must not hold up the rest for ever.
constexpr tandem_time given_up_ms = 24 * 3600 * 1000;

bool is_final(const Json& conversation) {
    const std::string status = text_at(conversation, "status", max_word_bytes);
    return status == "done" || status == "failed";
}

/// Whether the list alone tells that it is no call: a web page's, another channel's.
bool is_surely_no_call(const Json& item) {
    if (member(item, "direction").is_string()) return false;
    const std::string source = text_at(item, "conversation_initiation_source", max_word_bytes);
    return !source.empty() && source != "unknown" && !is_telephony(source);
}

std::string digits_of(std::string_view number) {
    std::string digits;
    for (const char letter : number)
        if (letter >= '0' && letter <= '9') digits.push_back(letter);
    return digits;
}

/// One answer to the question what was missed.
class Search {
public:
    Search(const Host& host, const Api& api, Dismissed& dismissed, const MissedQuery& query,
           MissedSink& sink)
        : host_(host),
          api_(api),
          dismissed_(dismissed),
          query_(query),
          sink_(sink),
          begun_(host.clock().now()),
          deadline_(host.clock().monotonic_ms() + query.deadline_ms),
          complete_until_(begun_) {}

    /// The first request's failure is thrown; a later one ends the search where it is.
    void run(const std::string& agent_id, std::int64_t after_s) {
        const std::string target = "/v1/convai/conversations?agent_id=" + query_encoded(agent_id) +
                                   "&call_start_after_unix=" + std::to_string(after_s) +
                                   "&sort_direction=asc&page_size=100";
        std::string cursor;
        for (int page = 0; page < max_pages; ++page) {
            if (page > 0 && is_late()) break;
            const HttpResult result = api_.get(
                cursor.empty() ? target : target + "&cursor=" + query_encoded(cursor), left());
            if (page > 0 && (!result.answered || result.status != 200)) break;
            expect_success(result, "conversations cannot be listed", begun_);
            const Json list = read_object(result.body, "the list of conversations");
            if (!read_page(member(list, "conversations"))) return tell(last_start_);
            const std::string next = text_at(list, "next_cursor", max_cursor_bytes);
            if (!is_true(list, "has_more") || next.empty()) return tell(begun_);
            // A page that leads to itself would never end.
            if (next == cursor) break;
            cursor = next;
        }
        tell(last_start_);
    }

private:
    /// False: nothing more can be taken.
    bool read_page(const Json& conversations) {
        if (!conversations.is_array())
            throw Failure(TANDEM_UNAVAILABLE, "the list of conversations has no conversations");
        for (const Json& item : conversations) {
            if (is_late() || !read_item(item)) return false;
            const std::int64_t start = number_at(item, "start_time_unix_secs").value_or(0);
            last_start_ = std::max(last_start_, start * 1000);
        }
        return true;
    }

    bool read_item(const Json& item) {
        const std::string id = id_at(item, "conversation_id");
        if (id.empty()) return true;
        const tandem_time start = number_at(item, "start_time_unix_secs").value_or(0) * 1000;
        if (!is_final(item)) {
            wait_for(start);
            return true;
        }
        if (is_surely_no_call(item) || is_known(id)) return true;
        const HttpResult details =
            api_.get("/v1/convai/conversations/" + query_encoded(id), left());
        if (details.answered && details.status == 404) return true;
        if (!details.answered || details.status != 200) {
            wait_for(start);
            const bool none_will_do = details.status == 401 || details.status == 429;
            return !none_will_do && ++failures_ < max_failures;
        }
        const std::optional<Json> conversation = read(details.body);
        if (conversation && is_final(*conversation)) return give(id, *conversation);
        wait_for(start);
        return true;
    }

    /// One that makes no sense may do so tomorrow; what began after it does not wait for that.
    std::optional<Json> read(const std::string& body) const {
        try {
            return read_object(body, "the conversation");
        } catch (const Failure& failure) {
            host_.log().warn("a conversation cannot be read", {{"reason", failure.what()}});
            return std::nullopt;
        }
    }

    bool give(const std::string& id, const Json& conversation) {
        if (kind_of(conversation) != Kind::Call) {
            dismissed_.add(id, {});
            return true;
        }
        const std::optional<CallEnded> call = ended_call(conversation, Origin::Fetched);
        if (!call) return true;
        if (!is_asked_for(call->business_address)) {
            dismissed_.add(id, call->business_address);
            return true;
        }
        return sink_.event(*call);
    }

    bool is_known(const std::string& id) {
        const std::optional<std::string> business = dismissed_.find(id);
        if (business && (business->empty() || !is_asked_for(*business))) return true;
        return sink_.known(dedupe_key(transcription_type, id)) ||
               sink_.known(dedupe_key(failure_type, id));
    }

    /// A call without a number is the one organisation's; the host judges that.
    bool is_asked_for(const std::string& business_address) const {
        if (business_address.empty() || query_.business_numbers.empty()) return true;
        const std::string digits = digits_of(business_address);
        return std::any_of(query_.business_numbers.begin(), query_.business_numbers.end(),
                           [&](std::string_view number) { return digits_of(number) == digits; });
    }

    void wait_for(tandem_time start) {
        if (start > begun_ - given_up_ms) complete_until_ = std::min(complete_until_, start);
    }
    void tell(tandem_time until) {
        until = std::min(until, complete_until_);
        if (until > query_.since) sink_.complete_until(until);
    }

    bool is_late() const {
        return query_.deadline_ms > 0 && host_.clock().monotonic_ms() >= deadline_;
    }
    std::uint32_t left() const {
        if (query_.deadline_ms == 0) return longest_request_ms;
        const std::int64_t left = deadline_ - host_.clock().monotonic_ms();
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, longest_request_ms));
    }

    const Host& host_;
    const Api& api_;
    Dismissed& dismissed_;
    const MissedQuery& query_;
    MissedSink& sink_;
    const tandem_time begun_;
    const std::int64_t deadline_;

    tandem_time complete_until_;  // no later than the earliest call that is not over
    tandem_time last_start_ = 0;  // up to which the list was worked through
    int failures_ = 0;
};

}  // namespace

void ElevenLabs::missed(const MissedQuery& query, MissedSink& sink) {
    const std::int64_t after_s =
        std::max<std::int64_t>(query.since / 1000 - longest_call_s_ - margin_s, 0);
    Search(host_, api_, dismissed_, query, sink).run(agent_id_, after_s);
}

void ElevenLabs::call(std::string_view conversation_id, std::uint32_t deadline_ms,
                      EventSink& sink) {
    const HttpResult result =
        api_.get("/v1/convai/conversations/" + query_encoded(conversation_id), deadline_ms);
    expect_success(result, "the conversation cannot be fetched", host_.clock().now());
    const Json conversation = read_object(result.body, "the conversation");
    if (!is_final(conversation) || kind_of(conversation) != Kind::Call) return;
    if (const auto call = ended_call(conversation, Origin::Fetched)) sink.event(*call);
}

}  // namespace tandem::elevenlabs
