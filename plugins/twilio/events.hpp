// Twilio's parameters as events. The same functions serve webhooks and lists of the API, so
// that an event has one dedupe key and one content, however we learned of it.
#pragma once

#include <string>
#include <string_view>

#include "form.hpp"
#include "tandem/plugin/events.hpp"

namespace tandem::twilio {

/// Each throws INVALID for what makes no sense and LIMITED for what is too much; unknown
/// parameters are ignored.

/// `media_left_out` counts media without a public address: they are no reason to lose a text.
plugin::MessageReceived read_message_received(const Form& form, unsigned& media_left_out);

/// `query` is that of the status callback's URL, where `send` put our own ids.
plugin::MessageStatus read_message_status(const Form& form, const Form& query);

/// What became of a line. With `ParentCallSid` it is the line to a person, not the customer's:
/// see `is_child_line`.
plugin::CallStatus read_call_status(const Form& form);
bool is_child_line(const Form& form);

/// The dedupe keys. A status is an event of its own for each word and error code.
std::string message_key(std::string_view sid);
std::string status_key(std::string_view sid, std::string_view word, std::string_view error_code);

/// A reference that a front end may follow: http or https, and a name of the public net. What
/// points at addresses, files or an own network is a trap for whoever opens it.
bool is_public_url(std::string_view url);

/// UTF-8 of at most so many bytes, for texts that are only shown.
std::string cut(std::string_view text, std::size_t limit);

/// How `send` names what it puts into the query of a status callback.
constexpr std::string_view own_id_parameter = "message_id";
constexpr std::string_view sender_parameter = "sender";

// Far more than Twilio writes; what is shown and keyed stays small.
constexpr std::size_t max_word_bytes = 64;
// Twilio blocks what goes to somebody who opted out (error 21610).
constexpr std::string_view opted_out_code = "21610";
constexpr std::size_t max_error_bytes = 512;

}  // namespace tandem::twilio
