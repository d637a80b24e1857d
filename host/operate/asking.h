#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "operate/reach.h"

/// What the verbs share that ask the gateway's API.
namespace tandem::operate {

using Json = nlohmann::ordered_json;

/// The most that a page of the API has.
constexpr unsigned rows_a_page = 200;

/// The organisation of the call's --org; nothing, with a message, if that is not clear.
std::optional<std::string> organization_of(const Call& call, const settings::Settings& settings);

/// A way to the gateway; null, with a message and `exit` set, where there is none.
std::unique_ptr<Reach> reached(const Call& call, const settings::Settings& settings, int& exit);

/// `success` and the answer's JSON, or an exit code with its message told.
int ask(const Call& call, Reach& gateway, const Errand& errand, Json& answer);

/// The exit code for what the API refused with this status.
int exit_of_answer(int status);

/// A value for a query, percent-encoded.
std::string query_value(std::string_view text);

/// What strangers wrote, for a terminal: one line, and nothing that steers it.
std::string shown(std::string_view text);

}  // namespace tandem::operate
