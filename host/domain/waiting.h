#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/message.h"

/// What a customer wrote and nobody answered: what an AI turn answers, and what waits in the
/// queue of the human who holds the conversation.
namespace tandem::domain {

/// What a human dealt with without a word to the customer.
struct Processed {
    int64_t through = 0;           // all messages up to this number
    std::vector<std::string> ids;  // and these behind it, at most 200
};

constexpr size_t most_processed_ids = 200;

/// As a store's note keeps it: `12;id,id`.
std::string to_text(const Processed& processed);
/// Nothing dealt with where the text is none of ours.
Processed parse_processed(std::string_view text);

/// Whether it wants an answer of ours: a customer's text that is no word which the provider
/// answers itself.
bool wants_answer(const Message& message);

/// The customer's texts since the last one to them, but for the words that the provider
/// answers itself and what was processed. Points into `messages`, which are oldest first.
std::vector<const Message*> unanswered(const std::vector<Message>& messages,
                                       const Processed& processed);

/// Whether these messages, the newest of their conversation, tell all that is unanswered: they
/// reach back to an answer that left, to what was processed, or to the first of all. What was
/// said in a call is many messages and answers no text.
bool tells_unanswered(const std::vector<Message>& messages, const Processed& processed);

}  // namespace tandem::domain
