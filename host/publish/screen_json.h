#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "publish/payload.h"

/// The contract's objects as JSON values, for rooms that answer with them. Included by sources
/// only: the library is slow to compile.
namespace tandem::publish {

/// Members keep the order in which they are set, as the contract lists them.
using Json = nlohmann::ordered_json;

/// One line; bytes that are no UTF-8 become U+FFFD.
std::string text(const Json& json);
Json text_or_null(std::string_view value);
/// JSON that a provider wrote, or null: unreadable, a NUL in it, deeper than 64, a member twice.
/// Not serve's reader: any value is taken, and members keep their order.
Json foreign(std::string_view json_text);

/// `success`, `failure`, `unknown`, or `failed` for a call that never came about.
std::string_view outcome_word(domain::CallOutcome outcome);

Json media_list(const std::vector<domain::Media>& media);
Json message_object(const domain::Message& message);
Json call_object(const domain::Call& call);
/// What a provider said of a message, or we of a send.
Json status_object(const store::Status& line);
Json session_object(const Scene& scene, const domain::ControlSession& session,
                    int64_t customers_waiting);

}  // namespace tandem::publish
