#include <algorithm>
#include <optional>

#include "answers.hpp"
#include "outcome.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

// A caller waits on the line for whoever takes over.
constexpr std::uint32_t change_deadline_ms = 10'000;
constexpr std::uint32_t question_deadline_ms = 2'000;
// Twilio's: the call is over, or cannot be changed so in its state.
constexpr std::string_view invalid_call_state = "21220";

/// It becomes part of a URL.
std::string checked_call(std::string_view sid) {
    const bool plain = std::all_of(sid.begin(), sid.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z');
    });
    if (!plain || sid.size() < 3 || sid.size() > 34 || sid.substr(0, 2) != "CA")
        throw Failure(TANDEM_INVALID, "this is no call of Twilio's: its id must begin with CA");
    return std::string(sid);
}

/// E.164, the only thing that may be dialled.
bool is_phone(std::string_view number) {
    return number.size() >= 8 && number.size() <= 16 && number[0] == '+' && number[1] != '0' &&
           std::all_of(number.begin() + 1, number.end(),
                       [](char letter) { return letter >= '0' && letter <= '9'; });
}

std::string xml_escaped(std::string_view text) {
    std::string escaped;
    for (const char letter : text) switch (letter) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&apos;"; break;
            default: escaped.push_back(letter);
        }
    return escaped;
}

/// The business's number on this line; empty where Twilio does not tell a phone number.
std::string business_number(const HttpResult& result) {
    const auto call =
        result.answered && result.status == 200 ? read_call(result.body) : std::nullopt;
    if (!call) return {};
    const std::string& number = call->direction == "inbound" ? call->to : call->from;
    return is_phone(number) ? number : std::string();
}

bool in_wrong_state(const HttpResult& result) {
    return result.answered && result.status >= 400 && result.status < 500 &&
           read_complaint(result.body).code == invalid_call_state;
}

bool is_unknown_here(const HttpResult& result) {
    return result.answered && result.status == 404;
}

}  // namespace

HttpResult Twilio::change_call(std::string_view call_sid, const Parameters& form) const {
    const std::string resource = "Calls/" + checked_call(call_sid) + ".json";
    HttpResult result;
    // A call belongs to one account; of whom it is not, Twilio says that there is none.
    for (const Account& account : accounts_) {
        result = api_.post(account, resource, form, change_deadline_ms);
        if (!is_unknown_here(result)) break;
    }
    return result;
}

void Twilio::hang_up(std::string_view call_sid) {
    HttpResult result = change_call(call_sid, Parameters().add("Status", "completed"));
    // A call that nobody answered yet is not completed but canceled.
    if (in_wrong_state(result))
        result = change_call(call_sid, Parameters().add("Status", "canceled"));
    if (in_wrong_state(result)) throw Failure(TANDEM_CONFLICT, "the call is over already");
    if (!result.answered || result.status < 200 || result.status >= 300)
        throw failure_of(result, "ending the call", host_.clock().now());
}

void Twilio::transfer(std::string_view call_sid, std::string_view to) {
    if (!is_phone(to))
        throw Failure(TANDEM_INVALID,
                      "a call can be handed over to a phone number in E.164 form only");
    // What the person's phone shows. Without it the call is handed over all the same.
    std::string caller;
    for (const Account& account : accounts_) {
        const HttpResult told = api_.get(account, "Calls/" + checked_call(call_sid) + ".json", {},
                                         question_deadline_ms);
        caller = business_number(told);
        if (!is_unknown_here(told)) break;
    }
    std::string twiml = "<Response><Dial answerOnBridge=\"true\" timeout=\"" +
                        std::to_string(transfer_ring_s_) + "\"";
    if (!caller.empty()) twiml += " callerId=\"" + xml_escaped(caller) + "\"";
    twiml += "><Number>" + xml_escaped(to) + "</Number></Dial></Response>";

    const HttpResult result = change_call(call_sid, Parameters().add("Twiml", twiml));
    if (in_wrong_state(result))
        throw Failure(TANDEM_CONFLICT, "the call is not in progress any more");
    if (!result.answered || result.status < 200 || result.status >= 300)
        throw failure_of(result, "handing the call over", host_.clock().now());
}

}  // namespace tandem::twilio
