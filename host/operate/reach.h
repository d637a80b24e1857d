#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operate/opened.h"

namespace tandem::operate {

/// A question to the gateway's API, as an organisation's admin.
struct Errand {
    std::string organization;
    std::string method;
    std::string pattern;  // of the route, with at most one parameter in braces
    std::string id;       // the parameter's value, as it is
    std::string query;    // without the question mark
    std::string body;
    std::string content_type;  // of the body
};

struct Reply {
    int status = 0;  // of HTTP
    std::string body;
    std::string next_cursor;  // the field X-Next-Cursor
};

/// One way to the gateway's API, for as many questions as a verb has. Confined to one thread.
class Reach {
public:
    virtual ~Reach() = default;
    /// Unavailable: there is no answer; whether the errand was done is not known.
    virtual Result<Reply> ask(const Errand& errand) = 0;
};

/// The running gateway by its control socket; where nobody listens there, the store itself,
/// opened for as long as this lives and asked by the same routes. Unavailable: neither can be
/// had.
Result<std::unique_ptr<Reach>> reach(const settings::Settings& settings);

/// One event of an organisation's stream.
struct Told {
    std::string id;    // its position; empty: it has none
    std::string name;  // empty but for heartbeats
    std::string data;  // JSON
};
enum class Followed {
    Enough,  // whoever listens said so
    Lost,    // the gateway ended the stream, or went away
    Over,    // no gateway runs; all that is stored was told
};

/// Calls `each` for every event after the position, or for what comes from now on where it is
/// empty, until that answers false. Unavailable: neither gateway nor store can be had.
Result<Followed> follow(const settings::Settings& settings, const std::string& organization,
                        const std::string& after, const std::function<bool(const Told&)>& each);

}  // namespace tandem::operate
