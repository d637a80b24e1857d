#pragma once

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fakes/http.h"

namespace tandem::fakes {

using Json = nlohmann::json;

/// How a request is answered. The forms:
///   normal, status (an error of the provider with `status`), reset, close, silence (never
///   answered), hold (answered when released), trickle (a byte every `pause_ms`), garbage,
///   html, say (`status` and `body` as they are given), empty, truncated, wrong_length, redirect
///   (to `location`), packed (`bytes`, base64 of gzip), fields (10,000 in the header), huge.
struct Mood {
    std::string endpoint;         // empty: any
    Json match = Json::object();  // fields that the request must have, with these values
    int count = 1;                // requests; -1: all
    bool accept = true;           // whether the request is carried out
    std::string form = "normal";
    int status = 500;
    int code = 0;             // the provider's own; 0: the usual one of this status
    std::string retry_after;  // a header; empty: none
    int delay_ms = 0;         // before the answer begins
    int pause_ms = 1000;
    Json more;  // what only one provider knows

    static Mood of(const Json& json);
};

/// The moods to come, and what was received. Safe from any thread.
class Script {
public:
    void add(Mood mood);
    void calm();
    Mood take(const std::string& endpoint, const Json& fields);

    /// A request has arrived; its number, from 1.
    size_t received(const std::string& endpoint, const Request& request, Json fields);
    /// What was made of it: the answer's status, the form it was given in, and the id of
    /// what was made, empty where nothing was.
    void settled(size_t number, const std::string& form, int status, const std::string& made);
    void violation(const std::string& text);

    /// Those at this endpoint, or at any, that have these fields.
    Json requests(const std::string& endpoint, const Json& match);
    Json violations();

private:
    std::mutex mutex_;
    std::vector<Mood> moods_;              // guarded by mutex_
    std::vector<Json> requests_;           // guarded by mutex_
    std::vector<std::string> violations_;  // guarded by mutex_
};

}  // namespace tandem::fakes
