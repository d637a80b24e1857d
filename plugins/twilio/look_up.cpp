#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "date.hpp"
#include "message_list.hpp"
#include "outcome.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

// Messages between two numbers on one day fit into a page; more than this many pages would be a
// loop or an attack.
constexpr int max_pages = 10;
constexpr const char* page_size = "200";

constexpr std::uint32_t usual_deadline_ms = 15'000;
constexpr std::int64_t day_ms = 24 * 3600 * 1000;

// Twilio's dates have whole seconds, and the two clocks are compared only to that.
constexpr std::int64_t slack_ms = 5'000;
// How far a server's clock may be off that does not tell its time.
constexpr std::int64_t longest_skew_ms = 2 * 3600 * 1000;
// How far our own clock may have been set since: nobody is written to twice for that.
constexpr std::int64_t longest_step_ms = 10 * 60 * 1000;
// The request itself lasts 15 s at most; what came of it later than this was another one.
constexpr std::int64_t window_ms = 60'000;
// From then on a list without the message means that there is none. No figure is published;
// the host asks again anyway.
constexpr std::int64_t settled_after_ms = 60'000;

/// A text as it may come back: Twilio replaces look-alikes outside of GSM-7 where a service
/// asks for it (SmartEncoded), trims, and on trial accounts puts words in front.
std::string comparable(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> alike{{
        {"\xe2\x80\x98", "'"},
        {"\xe2\x80\x99", "'"},
        {"\xe2\x80\x9a", "'"},
        {"\xe2\x80\x9b", "'"},
        {"\xe2\x80\x9c", "\""},
        {"\xe2\x80\x9d", "\""},
        {"\xe2\x80\x9e", "\""},
        {"\xe2\x80\x9f", "\""},
        {"\xe2\x80\x90", "-"},
        {"\xe2\x80\x91", "-"},
        {"\xe2\x80\x92", "-"},
        {"\xe2\x80\x93", "-"},
        {"\xe2\x80\x94", "-"},
        {"\xe2\x80\x95", "-"},
        {"\xe2\x80\xa6", "..."},
        {"\xc2\xa0", " "},
        {"`", "'"},
    }};
    std::string plain;
    while (!text.empty()) {
        const auto found = std::find_if(alike.begin(), alike.end(), [&](const auto& one) {
            return text.substr(0, one.first.size()) == one.first;
        });
        const bool blank = text.front() == '\r' || text.front() == '\n' || text.front() == '\t';
        const std::string_view put = found != alike.end() ? found->second
                                     : blank              ? " "
                                                          : text.substr(0, 1);
        // A run of blanks counts as one.
        if (put != " " || (!plain.empty() && plain.back() != ' ')) plain += put;
        text.remove_prefix(found != alike.end() ? found->first.size() : 1);
    }
    while (!plain.empty() && plain.back() == ' ') plain.pop_back();
    return plain;
}

/// Whether it has characters outside of GSM-7: a service that asks for it has some of them
/// replaced, by a table of hundreds that Twilio may change.
bool may_be_rewritten(std::string_view plain) {
    static constexpr std::string_view gsm = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€";
    while (!plain.empty()) {
        const auto first = static_cast<unsigned char>(plain.front());
        const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (size > 1 && gsm.find(plain.substr(0, size)) == std::string_view::npos) return true;
        plain.remove_prefix(std::min(size, plain.size()));
    }
    return false;
}

bool is_this_text(const std::string& listed, const std::string& ours) {
    const std::string plain = comparable(listed);
    if (plain == ours) return true;
    static constexpr std::string_view trial = "Sent from your Twilio trial account - ";
    return plain.size() == trial.size() + ours.size() &&
           plain.compare(0, trial.size(), trial) == 0 &&
           plain.compare(trial.size(), ours.size(), ours) == 0;
}

/// What the lists showed so far of the message that is looked for.
class Search {
public:
    Search(std::string_view text, tandem_time begun_at)
        : text_(comparable(text)), rewritten_(may_be_rewritten(text_)), begun_at_(begun_at) {}

    void look_at(ApiMessage message, std::optional<std::int64_t> ahead_ms) {
        if (message.direction.rfind("outbound", 0) != 0) return;
        const std::int64_t plain = message.created - begun_at_;
        const std::int64_t corrected = plain - ahead_ms.value_or(0);
        // Our clock may have been set between the send and now: then one of the two is right.
        const std::int64_t after = fits(corrected) ? corrected : plain;
        if (!is_this_text(message.body, text_)) {
            // Another text, or what was made of ours.
            doubtful_ = doubtful_ || (rewritten_ && fits(after));
            return;
        }
        if (!fits(after)) {
            // The same text to the same person, much earlier or later, is another message; if
            // the dates say so, and the clocks could be compared.
            const std::int64_t doubt = ahead_ms ? longest_step_ms : longest_skew_ms;
            doubtful_ = doubtful_ || message.created == 0 ||
                        std::min(std::abs(plain), std::abs(corrected)) < doubt;
            return;
        }
        if (found_ && std::abs(distance_) <= std::abs(after)) return;
        found_ = std::move(message);
        distance_ = after;
    }

    const std::optional<ApiMessage>& found() const { return found_; }
    /// A text is there, but nobody can say whether it is this message.
    bool doubtful() const { return doubtful_; }

private:
    static bool fits(std::int64_t after) { return after >= -slack_ms && after <= window_ms; }

    const std::string text_;
    const bool rewritten_;  // perhaps
    const tandem_time begun_at_;
    std::optional<ApiMessage> found_;
    std::int64_t distance_ = 0;
    bool doubtful_ = false;
};

}  // namespace

Receipt Twilio::look_up(const OutboundMessage& message, tandem_time begun_at) {
    const Deadline deadline(host_, message.deadline_ms, usual_deadline_ms);
    Search search(message.text, begun_at);
    const TakePage take = [&](std::vector<ApiMessage> page, std::optional<std::int64_t> ahead_ms) {
        for (ApiMessage& one : page) search.look_at(std::move(one), ahead_ms);
    };
    Parameters query;
    query.add("To", receiver_of(message));
    // Not by sender: a service may have chosen another one, and the customer may have turned
    // to another number of ours since.
    query.add("PageSize", page_size);
    Parameters dated = query;
    dated.add("DateSent>", iso_date(begun_at - day_ms));
    bool complete = false;
    try {
        complete = read_messages(host_, api_, accounts_.front(), dated, max_pages, deadline, take);
        // What waits at Twilio has no date of sending yet: the newest without that filter.
        if (!search.found())
            read_messages(host_, api_, accounts_.front(), query, 1, deadline, take);
    } catch (const Failure& failure) {
        Receipt receipt = Receipt::unknown(failure.what());
        receipt.retry_after_ms = failure.retry_after_ms();
        return receipt;
    }
    if (search.found()) return receipt_of(*search.found());
    if (!complete) return Receipt::unknown("Twilio's list of messages was not read to its end");
    if (search.doubtful()) return Receipt::unknown("Twilio has such a text, but is it this one?");
    if (host_.clock().now() - begun_at < settled_after_ms)
        return Receipt::unknown("Twilio does not show the message yet");
    return Receipt::not_sent("Twilio has no such message");
}

}  // namespace tandem::twilio
