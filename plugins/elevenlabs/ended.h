// A conversation as ElevenLabs tells it, in a post-call webhook or when it is fetched: the
// same bytes of data give the same event, whichever way they came.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json.h"
#include "tandem/plugin/events.hpp"

namespace tandem::elevenlabs {

/// The body's `type`, and the first half of the dedupe key.
inline constexpr const char* transcription_type = "post_call_transcription";
inline constexpr const char* failure_type = "call_initiation_failure";

/// What tells one event of a conversation from the next, for ever.
std::string dedupe_key(std::string_view type, std::string_view conversation_id);

/// An id that can be kept: 1 to 128 characters of printable ASCII; empty otherwise.
std::string id_at(const Json& object, const char* name);

/// A phone number out of what telephony writes: `sip:+1415…@host;user=phone` becomes
/// `+1415…`, and the bare digits of a Twilio line their E.164. Anything else stays as it is,
/// but for what is too long to be an address, which is nobody's.
std::string address_of(std::string text, std::string_view line_id);

/// What a conversation is to us.
enum class Kind {
    Call,        ///< On a telephone line.
    OwnTurn,     ///< Held by our responder: its texts are ours already.
    NativeText,  ///< A text conversation that ElevenLabs held by itself, past us.
    NoCall,      ///< A web page's or another channel's, without a number.
};
Kind kind_of(const Json& conversation);

/// Whether a conversation_initiation_source is a telephone's.
bool is_telephony(std::string_view source);

/// The end of a call, from a conversation's data (`data` of post_call_transcription, or a
/// fetched conversation); nothing where it has no id to be known by. One that was fetched and
/// never got through is told as its call_initiation_failure would.
enum class Origin { Webhook, Fetched };
std::optional<plugin::CallEnded> ended_call(const Json& conversation, Origin origin);

/// A call that never came about, from `data` of call_initiation_failure.
std::optional<plugin::CallEnded> failed_call(const Json& failure, tandem_time happened_at);

}  // namespace tandem::elevenlabs
