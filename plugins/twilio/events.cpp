#include "events.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "date.hpp"
#include "outcome.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

// A text has 1600 characters at most; field experience knows base64-encoded long ones.
constexpr std::size_t max_text_bytes = 64 * 1024;
constexpr std::size_t max_sid_bytes = 64;
constexpr std::size_t max_address_bytes = 64;
constexpr std::size_t max_url_bytes = 2048;
// Twilio's own limit of media in one message.
constexpr unsigned max_media = 10;
constexpr unsigned longest_call_s = 24 * 3600;

[[noreturn]] void refuse(const std::string& why) {
    throw Failure(TANDEM_INVALID, why);
}

std::string required(const Form& form, const char* name) {
    auto value = form.only(name);
    if (!value || value->empty()) refuse(std::string(name) + " is missing");
    return std::move(*value);
}

std::string shown(const Form& form, const char* name, std::size_t limit) {
    return cut(form.only(name).value_or(""), limit);
}

/// An id of Twilio's, with one of these prefixes: the key that makes repeated deliveries one.
std::string sid_of(const Form& form, const char* name,
                   std::initializer_list<std::string_view> prefixes) {
    std::string sid = required(form, name);
    const bool prefixed = std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view one) {
        return sid.compare(0, one.size(), one) == 0;
    });
    const bool plain = std::all_of(sid.begin(), sid.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '_' || letter == '-';
    });
    if (!prefixed || !plain || sid.size() > max_sid_bytes)
        refuse(std::string(name) + " is no id of Twilio's");
    return sid;
}

/// An address as Twilio wrote it; the host knows what kind it is.
std::string checked_address(std::string value, const char* name) {
    const bool hidden = std::any_of(value.begin(), value.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    if (hidden || value.size() > max_address_bytes || repaired(value) != value)
        refuse(std::string(name) + " is no address");
    return value;
}

std::string address(const Form& form, const char* name) {
    return checked_address(required(form, name), name);
}

std::string address_or_none(const Form& form, const char* name) {
    return checked_address(form.only(name).value_or(""), name);
}

unsigned number_of(const std::string& text) {
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc() && end == text.data() + text.size() ? number : 0;
}

/// A count that is none is the sender's mistake; the text is still worth having.
unsigned media_count(const Form& form) {
    const unsigned count = number_of(form.only("NumMedia").value_or("0"));
    return count > max_media ? 0 : count;
}

Opt opt_of(const Form& form) {
    const std::string word = form.only("OptOutType").value_or("");
    if (word == "STOP") return Opt::Stop;
    if (word == "START") return Opt::Start;
    if (word == "HELP") return Opt::Help;
    return Opt::None;
}

/// Our own words in a callback's query: nothing that could not have been ours.
std::string own_word(const Form& query, std::string_view name) {
    const auto value = query.only(name);
    if (!value || value->size() > max_sid_bytes) return {};
    const bool plain = std::all_of(value->begin(), value->end(),
                                   [](char letter) { return letter > ' ' && letter < 0x7f; });
    return plain ? *value : std::string();
}

/// Part of a key: no colon, and short, and another one for every other text.
std::string key_part(std::string_view text) {
    std::string part = form_encoded(text);
    if (part.size() <= max_word_bytes) return part;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Failure(TANDEM_INTERNAL, "OpenSSL computes no SHA-256");
    static constexpr char digits[] = "0123456789abcdef";
    part.resize(max_word_bytes);
    part.push_back('~');
    for (unsigned i = 0; i < 16; ++i) part += {digits[digest[i] >> 4], digits[digest[i] & 15]};
    return part;
}

Line line_of(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, Line>, 9> words{{
        {"ringing", Line::Ringing},
        {"in-progress", Line::Answered},
        {"answered", Line::Answered},
        {"completed", Line::Completed},
        {"busy", Line::Busy},
        {"no-answer", Line::NoAnswer},
        {"failed", Line::Failed},
        {"canceled", Line::Canceled},
        {"cancelled", Line::Canceled},
    }};
    for (const auto& [name, line] : words)
        if (word == name) return line;
    return Line::Other;
}

/// The reason why a line was not connected: Twilio's code, or that of SIP (RFC 3261 section 21).
std::string line_error(const Form& form) {
    std::string code = shown(form, "ErrorCode", max_word_bytes);
    if (!code.empty()) return code;
    code = shown(form, "SipResponseCode", max_word_bytes);
    return code.empty() || code.front() == '2' ? std::string() : "sip_" + code;
}

}  // namespace

std::string cut(std::string_view text, std::size_t limit) {
    std::string whole = repaired(text);
    whole.resize(whole_characters(whole, limit));
    return whole;
}

std::string message_key(std::string_view sid) {
    return "message:" + std::string(sid);
}

std::string status_key(std::string_view sid, std::string_view word, std::string_view error_code) {
    return "status:" + std::string(sid) + ":" + key_part(word) + ":" + key_part(error_code);
}

bool is_public_url(std::string_view url) {
    if (url.size() > max_url_bytes) return false;
    // Some take a backslash for a slash, and so see another host than others.
    const bool printable = std::all_of(url.begin(), url.end(), [](char letter) {
        return letter > ' ' && letter < 0x7f && letter != '\\';
    });
    if (!printable) return false;
    if (same_name(url.substr(0, 8), "https://"))
        url.remove_prefix(8);
    else if (same_name(url.substr(0, 7), "http://"))
        url.remove_prefix(7);
    else
        return false;
    std::string_view host = url.substr(0, url.find_first_of("/?#"));
    if (host.find('@') != std::string_view::npos) return false;
    host = host.substr(0, host.find(':'));
    const std::size_t dot = host.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == host.size()) return false;
    const std::string_view top = host.substr(dot + 1);
    const bool letters = std::all_of(top.begin(), top.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    });
    // Numbers in any spelling have no letter-only last part; these names never leave a house
    // (RFC 6761, RFC 6762, RFC 8375).
    for (const std::string_view inside : {"local", "internal", "localhost", "lan", "home", "corp",
                                          "intranet", "private", "arpa", "test", "invalid"})
        if (same_name(top, inside)) return false;
    return letters || (top.size() > 4 && same_name(top.substr(0, 4), "xn--"));
}

MessageReceived read_message_received(const Form& form, unsigned& media_left_out) {
    MessageReceived message;
    message.provider_id = sid_of(form, "MessageSid", {"SM", "MM"});
    message.dedupe_key = message_key(message.provider_id);
    message.business_address = address(form, "To");
    message.customer_address = address(form, "From");
    const std::string text = form.only("Body").value_or("");
    if (text.size() > max_text_bytes) throw Failure(TANDEM_LIMITED, "Body has more than 64 KiB");
    message.text = repaired(text);
    message.sender_name = shown(form, "ProfileName", max_error_bytes);
    message.opt = opt_of(form);
    for (unsigned i = 0; i < media_count(form); ++i) {
        const std::string index = std::to_string(i);
        const std::string url = form.only("MediaUrl" + index).value_or("");
        if (!is_public_url(url)) {
            ++media_left_out;
            continue;
        }
        const std::string type_name = "MediaContentType" + index;
        message.media.push_back({url, shown(form, type_name.c_str(), max_word_bytes)});
    }
    return message;
}

MessageStatus read_message_status(const Form& form, const Form& query) {
    MessageStatus told;
    told.provider_id = sid_of(form, "MessageSid", {"SM", "MM"});
    const std::string word = required(form, "MessageStatus");
    const std::string code = form.only("ErrorCode").value_or("");
    told.dedupe_key = status_key(told.provider_id, word, code);
    told.provider_word = cut(word, max_word_bytes);
    told.error_code = cut(code, max_word_bytes);
    if (code == opted_out_code) told.opt = Opt::Stop;
    told.error_text = shown(form, "ErrorMessage", max_error_bytes);
    told.delivery = delivery_of(word);
    told.message_id = own_word(query, own_id_parameter);
    // The status is of our message: it went from the business to the customer. A Messaging
    // Service chooses its sender late, perhaps one that no organisation lists; then `send` told
    // for whom it was.
    told.business_address = own_word(query, sender_parameter);
    if (told.business_address.empty()) told.business_address = address_or_none(form, "From");
    told.customer_address = address(form, "To");
    return told;
}

bool is_child_line(const Form& form) {
    return !form.only("ParentCallSid").value_or("").empty();
}

CallStatus read_call_status(const Form& form) {
    CallStatus told;
    told.call_id = sid_of(form, "CallSid", {"CA"});
    const std::string word = required(form, "CallStatus");
    // Twilio counts what it tells of a call; what it tells twice has the same number.
    const std::string sequence = form.only("SequenceNumber").value_or("");
    told.dedupe_key = "line:" + told.call_id + ":" + key_part(word) + ":" + key_part(sequence);
    told.provider_word = cut(word, max_word_bytes);
    told.line = line_of(word);
    told.error_code = line_error(form);
    // `Duration` counts minutes, `CallDuration` seconds.
    if (told.line == Line::Completed)
        told.duration_s =
            std::min(number_of(form.only("CallDuration").value_or("")), longest_call_s);
    told.happened_at = read_date(form.only("Timestamp").value_or("")).value_or(0);
    const bool outbound = form.only("Direction").value_or("").rfind("outbound", 0) == 0;
    told.business_address = address_or_none(form, outbound ? "From" : "To");
    told.customer_address = address_or_none(form, outbound ? "To" : "From");
    return told;
}

}  // namespace tandem::twilio
