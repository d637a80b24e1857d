#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "operate/reach.h"

/// What the verbs share that ask the gateway's API.
namespace tandem::operate {

using Json = nlohmann::ordered_json;

/// The most that a page of the API has.
constexpr unsigned rows_a_page = 200;

/// Where a verb works: as --config says, for the organisation of --org.
struct Place {
    settings::Settings settings;
    std::string organization;
    std::unique_ptr<Reach> gateway;
};
/// Nothing, with a message and `exit` set, where there is none.
std::optional<Place> place_of(const Call& call, int& exit);

/// `success` and the answer's JSON, or an exit code with its message told.
int ask(const Call& call, Reach& gateway, const Errand& errand, Json& answer);

/// Does something with a page; an exit code ends the walk with it.
using EachPage = std::function<std::optional<int>(Json& data)>;
/// Reads a list of the API from its first page to its last.
int ask_pages(const Call& call, const Place& place, const std::string& pattern,
              const std::string& query, const EachPage& each);

/// The exit code for what the API refused with this status.
int exit_of_answer(int status);

/// A value for a query, percent-encoded.
std::string query_value(std::string_view text);

/// A member that is a text; empty where it is none.
std::string text_of(const Json& json, const char* name);

/// What strangers wrote, for a terminal: one line, and nothing that steers it.
std::string shown(std::string_view text);
/// A member as it is shown; `-` where it is not there.
std::string word(const Json& row, const char* name);

}  // namespace tandem::operate
