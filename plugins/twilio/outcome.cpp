#include "outcome.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "answers.hpp"
#include "date.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::int64_t longest_retry_after_ms = 3600 * 1000;
// A text of 1600 units that all need UCS-2 has 24 segments; far more is no count of ours.
constexpr unsigned max_segments = 100;

/// What is to be done about a code.
enum class Remedy {
    Final,  // nothing: this text cannot reach this person
    OptedOut,
    Settings,  // somebody must mend the sender's or the account's settings for this message
    Account,   // nothing of this account can be sent until somebody mends it
    Later,     // Twilio did nothing, and may do it later
};

struct Code {
    std::string_view code;
    Remedy remedy;
    std::uint32_t wait_s = 0;  // with Later, where Twilio names no time
    std::string_view advice = {};
};

constexpr std::string_view bad_sender =
    "the sender is not one of this account's that can send texts: compare the organisation's "
    "numbers, the options from and messaging_service_sid, and Twilio's console";
constexpr std::string_view bad_account =
    "nothing can be sent until the account or its credentials are mended: compare account_sid, "
    "auth_token and api_key_sid with Twilio's console";

// The texts of Twilio's own pages (twilio.com/docs/api/errors), in our words.
constexpr std::array<Code, 47> codes{{
    {"20003", Remedy::Account, 0, bad_account},
    {"20005", Remedy::Account, 0, "the account is not active: see Twilio's console"},
    {"20006", Remedy::Account, 0, bad_account},
    {"20008", Remedy::Account, 0, "test credentials cannot send: set the live ones"},
    {"20404", Remedy::Account, 0, bad_account},
    {"20429", Remedy::Later, 1},
    {"21211", Remedy::Final, 0, "the customer's number is not valid"},
    {"21212", Remedy::Settings, 0, bad_sender},
    {"21217", Remedy::Final, 0, "the customer's number is not valid"},
    {"21408", Remedy::Settings, 0,
     "sending to this region is switched off: see Messaging, Geo permissions"},
    {"21421", Remedy::Final, 0, "the customer's number is not valid"},
    {"21602", Remedy::Final, 0, "the text is empty"},
    {"21603", Remedy::Settings, 0, bad_sender},
    {"21604", Remedy::Final, 0, "there was nobody to send to"},
    {"21606", Remedy::Settings, 0, bad_sender},
    {"21609", Remedy::Settings, 0, "Twilio does not accept server.public_url for callbacks"},
    {"21610", Remedy::OptedOut, 0, "the customer opted out"},
    {"21611", Remedy::Later, 60},
    {"21612", Remedy::Final, 0, "the customer's number cannot be reached from this sender"},
    {"21614", Remedy::Final, 0, "the customer's number is no mobile number"},
    {"21617", Remedy::Final, 0, "the text is longer than 1600 characters"},
    {"21659", Remedy::Settings, 0, bad_sender},
    {"21701", Remedy::Settings, 0, "messaging_service_sid names no service of this account"},
    {"21702", Remedy::Settings, 0, "messaging_service_sid names no service of this account"},
    {"21703", Remedy::Settings, 0, "the Messaging Service has no sender"},
    {"21704", Remedy::Settings, 0, "the Messaging Service has no sender"},
    {"21705", Remedy::Settings, 0, "messaging_service_sid names no service of this account"},
    {"30001", Remedy::Later, 60},
    {"30002", Remedy::Account, 0, "the account is suspended: see Twilio's console"},
    {"30003", Remedy::Final, 0, "the handset cannot be reached"},
    {"30004", Remedy::Final, 0, "the message was blocked"},
    {"30005", Remedy::Final, 0, "the number is not in use"},
    {"30006", Remedy::Final, 0, "the number cannot receive texts"},
    {"30007", Remedy::Final, 0, "the carrier filtered the message"},
    {"30017", Remedy::Later, 60},
    {"30022", Remedy::Later, 60},
    {"30023", Remedy::Later, 3600},  // a cap of the day
    {"30024", Remedy::Settings, 0, "the sender is not provisioned at the carrier"},
    {"30027", Remedy::Later, 3600},  // a cap of the day
    {"30032", Remedy::Settings, 0, "the toll-free number is not verified"},
    {"30034", Remedy::Settings, 0, "the number is not registered for A2P 10DLC"},
    {"30410", Remedy::Later, 60},
    {"63007", Remedy::Settings, 0, "the sender is no WhatsApp sender of this account"},
    {"63016", Remedy::Final, 0, "outside of WhatsApp's window only templates may be sent"},
    {"63018", Remedy::Later, 60},
    {"63032", Remedy::Final, 0, "WhatsApp does not let this user be written to"},
    {"90010", Remedy::Account, 0, "the account is not active: see Twilio's console"},
}};

const Code* find_code(std::string_view code) {
    for (const Code& known : codes)
        if (known.code == code) return &known;
    return nullptr;
}

Remedy remedy_of(int status, const std::string& code) {
    if (status == 429 || status == 425) return Remedy::Later;
    if (const Code* known = find_code(code)) return known->remedy;
    // Whatever Twilio calls it: who is not let in here sends nothing. Codes of 20… are about
    // the request as a whole, all others about this message.
    const bool about_account = code.empty() || code.rfind("20", 0) == 0;
    if (status == 401 || ((status == 403 || status == 404) && about_account))
        return Remedy::Account;
    return Remedy::Final;
}

/// What Retry-After asks for (RFC 9110 section 10.2.3), up to an hour; zero: nothing usable.
std::uint32_t asked_wait_ms(const HttpResult& result, tandem_time now) {
    const std::string_view text = result.header("Retry-After").value_or("");
    std::int64_t wait = 0;
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!text.empty() && problem == std::errc() && end == text.data() + text.size()) {
        wait = std::clamp<std::int64_t>(seconds, 0, longest_retry_after_ms / 1000) * 1000;
    } else if (const auto until = read_date(text)) {
        // Both dates are the provider's: our clock may be an hour off.
        wait = *until - read_date(result.header("Date").value_or("")).value_or(now);
    }
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait, 0, longest_retry_after_ms));
}

std::string words_of(int status, const Complaint& complaint) {
    std::string words = "Twilio answered " + std::to_string(status);
    if (!complaint.code.empty()) words += " (" + complaint.code + ")";
    if (!complaint.words.empty()) words += ": " + complaint.words;
    const Code* known = find_code(complaint.code);
    if (known != nullptr && !known->advice.empty()) words += "; " + std::string(known->advice);
    return words;
}

/// Twilio said no, clearly.
Receipt refusal_of(const HttpResult& result, tandem_time now) {
    const Complaint complaint = read_complaint(result.body);
    const std::string words = words_of(result.status, complaint);
    const std::string code =
        complaint.code.empty() ? "http_" + std::to_string(result.status) : complaint.code;
    const Code* known = find_code(complaint.code);
    Receipt receipt;
    switch (remedy_of(result.status, complaint.code)) {
        case Remedy::Later: {
            const std::uint32_t asked = asked_wait_ms(result, now);
            receipt = Receipt::not_sent(words, asked > 0          ? asked
                                               : known != nullptr ? known->wait_s * 1000
                                                                  : 0);
            break;
        }
        case Remedy::Account:
            receipt = Receipt::not_sent(known != nullptr ? words
                                                         : words + "; " + std::string(bad_account));
            receipt.account_refused = true;
            break;
        case Remedy::OptedOut:
            receipt = Receipt::refused(code, words);
            receipt.opted_out = true;
            break;
        case Remedy::Final:
        case Remedy::Settings: receipt = Receipt::refused(code, words); break;
    }
    receipt.error_code = code;
    return receipt;
}

}  // namespace

Delivery delivery_of(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, Delivery>, 11> words{{
        {"accepted", Delivery::Queued},
        {"scheduled", Delivery::Queued},
        {"queued", Delivery::Queued},
        {"sending", Delivery::Sending},
        {"sent", Delivery::Sent},
        {"delivered", Delivery::Delivered},
        {"partially_delivered", Delivery::Delivered},
        {"undelivered", Delivery::Undelivered},
        {"failed", Delivery::Failed},
        {"canceled", Delivery::Failed},
        {"read", Delivery::Read},
    }};
    for (const auto& [name, delivery] : words)
        if (word == name) return delivery;
    return Delivery::Other;
}

Receipt receipt_of(const ApiMessage& message) {
    const Delivery known = delivery_of(message.status);
    Receipt receipt =
        Receipt::accepted(message.sid, known == Delivery::Other ? Delivery::Queued : known);
    receipt.error_code = message.error_code;
    receipt.error_text = message.error_text;
    receipt.opted_out = message.error_code == "21610";
    if (message.segments <= max_segments) receipt.segments = message.segments;
    return receipt;
}

Receipt receipt_of(const HttpResult& result, tandem_time now) {
    if (!result.answered) {
        if (result.maybe_sent) return Receipt::unknown(result.error);
        Receipt receipt = Receipt::not_sent(result.error, result.retry_after_ms);
        // The host lets nothing of this instance out to this address: no try will help.
        receipt.account_refused = result.code == TANDEM_FORBIDDEN;
        return receipt;
    }
    const std::string words = "Twilio answered " + std::to_string(result.status);
    if (result.status >= 200 && result.status < 300) {
        const auto message = read_message(result.body);
        return message ? receipt_of(*message)
                       : Receipt::unknown(words + " without a message's sid");
    }
    // After a 5xx nobody knows what Twilio did before it failed. A redirect is never followed,
    // and whoever sent it is not the API. A 408 may come from something in front of the API
    // that waited for an answer, not for the request.
    if (result.status >= 500 || result.status < 400 || result.status == 408)
        return Receipt::unknown(words);
    return refusal_of(result, now);
}

Failure failure_of(const HttpResult& result, const std::string& attempted, tandem_time now) {
    if (!result.answered)
        return Failure(TANDEM_UNAVAILABLE, attempted + ": " + result.error, result.retry_after_ms);
    const Complaint complaint = read_complaint(result.body);
    const std::string text = attempted + ": " + words_of(result.status, complaint);
    if (result.status == 429 || complaint.code == "20429")
        return Failure(TANDEM_LIMITED, text, std::max(asked_wait_ms(result, now), 1000u));
    if (result.status == 404) return Failure(TANDEM_NOT_FOUND, text);
    if (result.status == 401 || result.status == 403) return Failure(TANDEM_FORBIDDEN, text);
    if (result.status >= 400 && result.status < 500 && result.status != 408)
        return Failure(TANDEM_INVALID, text);
    return Failure(TANDEM_UNAVAILABLE, text);
}

}  // namespace tandem::twilio
