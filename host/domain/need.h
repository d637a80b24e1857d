#pragma once

#include <string_view>

#include "domain/conversation.h"

/// Why a conversation needs a human, and what ends that.
namespace tandem::domain {

/// The reasons, as clients read them.
namespace need {

// What the AI could not do: its next answer ends them.
inline constexpr std::string_view no_responder = "no_responder";
inline constexpr std::string_view no_channel = "no_channel";
inline constexpr std::string_view responder_failed = "responder_failed";
inline constexpr std::string_view daily_limit = "daily_limit";
inline constexpr std::string_view number_not_allowed = "number_not_allowed";
inline constexpr std::string_view dropped = "dropped";  // an operator did not let it answer

// Only a person ends these.
inline constexpr std::string_view asked = "asked";
inline constexpr std::string_view late = "late";
inline constexpr std::string_view call_daily_limit = "call_daily_limit";

}  // namespace need

/// A human is needed for this; true: that is news. What only a person ends is replaced by `asked`
/// alone: behind anything else the next answer would end it, and the customer would be waited for
/// by nobody.
bool need_human(Conversation& conversation, std::string_view reason);

/// The AI answered: what it could not do is over, what only a person ends is not.
void answered_by_ai(Conversation& conversation);

}  // namespace tandem::domain
