#pragma once

#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/StreamSocket.h>

#include <mutex>
#include <string>
#include <vector>

#include "fakes/gateway.h"
#include "fakes/script.h"

namespace tandem::fakes {

/// What one provider does with a request that its front has read. Called from any thread.
class Provider {
public:
    virtual ~Provider() = default;

    /// The name of what is asked for, for moods and records; empty: nothing is there.
    virtual std::string endpoint(const Request& request) const = 0;
    /// The fields as they are recorded.
    virtual Json fields(const Request& request) const = 0;
    /// Throws a Refusal where the real one would not take it. Changes nothing.
    virtual void check(const std::string& endpoint, const Request& request) = 0;
    struct Done {
        Answer answer;
        std::string made;  // the id of what now exists
    };
    virtual Done carry_out(const std::string& endpoint, const Request& request) = 0;
    /// After it was carried out and before the answer leaves.
    virtual void before_answer(const Done& done, const Mood& mood) = 0;
    /// After the answer has left, or was withheld.
    virtual void after_answer(const Done& done, const Mood& mood) = 0;
    /// An error in the provider's shape; code 0: the usual one of this status.
    virtual Answer error(int status, int code, const std::string& text) const = 0;
    /// A test's order; throws std::exception where it makes no sense.
    virtual Json order(const std::string& name, const Json& body) = 0;
    /// Takes the connection over, where the endpoint is a WebSocket.
    virtual bool converse(const std::string& endpoint, const Mood& mood,
                          Poco::Net::HTTPServerRequest& request,
                          Poco::Net::HTTPServerResponse& response) = 0;
};

/// Reads requests, keeps the record, and gives answers in the form that the script says;
/// `/_fake/…` is the tests' own door. Safe from any thread.
class Front {
public:
    Front(Provider& provider, Script& script, Gateway& gateway)
        : provider_(provider), script_(script), gateway_(gateway) {}

    void handle(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response);

private:
    using Exchange = Poco::Net::HTTPServerRequest;

    Answer order(const std::string& name, const Request& request);
    void judge(Exchange& exchange, const Request& request, Poco::Net::HTTPServerResponse& response);
    void give(Exchange& exchange, Poco::Net::HTTPServerResponse& response, Answer answer,
              const Mood& mood);
    Json release();

    Provider& provider_;
    Script& script_;
    Gateway& gateway_;
    struct Held {
        Poco::Net::StreamSocket socket;
        std::string text;
    };
    std::mutex mutex_;
    std::vector<Held> held_;                         // guarded by mutex_
    std::vector<Poco::Net::StreamSocket> silenced_;  // guarded by mutex_
};

/// Serves this provider on a free port of loopback, prints `listening on PORT` and stays
/// until TERM. The exit code of the program.
int serve(Provider& provider, Script& script, Gateway& gateway);

}  // namespace tandem::fakes
