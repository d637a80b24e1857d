// What Twilio's answers mean: the four outcomes of a send, and failures of everything else.
#pragma once

#include <string>
#include <string_view>

#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/http.hpp"
#include "tandem/plugin/receipt.hpp"

namespace tandem::twilio {

struct ApiMessage;

/// What became of a message, from the answer of Messages.json. `now` is for a Retry-After that
/// is a date.
plugin::Receipt receipt_of(const plugin::HttpResult& result, tandem_time now);

/// A message that Twilio has, as its API shows it.
plugin::Receipt receipt_of(const ApiMessage& message);

/// Twilio's words of a message's life; Other for one that is not known.
plugin::Delivery delivery_of(std::string_view word);

/// What stands against using this answer, as the failure of what was attempted.
plugin::Failure failure_of(const plugin::HttpResult& result, const std::string& attempted,
                           tandem_time now);

}  // namespace tandem::twilio
