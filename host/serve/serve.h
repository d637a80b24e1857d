#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/identity.h"
#include "listen/stream.h"
#include "serve/described.h"

/// HTTP as the rooms see it: a complete, checked request, and one answer to it.
namespace tandem::serve {

struct Header {
    std::string name;
    std::string value;
};

/// A request that was framed within all limits. Confined to its handler.
struct Request {
    std::string method;           // GET, HEAD, POST …
    std::string target;           // as received: raw path and query
    std::string path;             // percent-decoded once, UTF-8, no dot segments
    std::string raw_query;        // without the question mark
    std::vector<Header> headers;  // in wire order
    std::string body;
    std::string peer;        // the socket's address, without port
    std::string client;      // the peer, or what a trusted proxy says
    bool control = false;    // of root or our own user, over the control socket
    std::string request_id;  // X-Request-Id, the caller's or a new one
    std::vector<std::pair<std::string, std::string>> path_parameters;  // of the route
    std::optional<domain::Identity> identity;                          // of guarded routes
    std::vector<Header> answer_headers;  // a guard's, for whatever the answer will be
    /// As long as anybody holds it, the request's bytes count among those of all: whoever takes
    /// the body out of the request to keep it takes this along.
    std::shared_ptr<const void> kept;

    /// The value of the only field of this name (any case); nothing if there is none.
    std::optional<std::string_view> header(std::string_view name) const;
    /// The first query parameter of this name, form-decoded.
    std::optional<std::string> query(std::string_view name) const;
    /// A parameter of the route's pattern; empty if it has none of that name.
    std::string_view path_parameter(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type;  // empty: no body
    std::string body;
    std::vector<Header> headers;  // beside those that serve sets itself
};

/// A connection that became a stream; what is sent on it is the handler's.
using listen::Stream;

/// The one answer to a request: a continuation that may be kept and called later, from
/// any thread. Move-only; letting it go unanswered answers 500.
class Responder {
public:
    /// What stands behind it, in the connection's loop.
    class Exchange {
    public:
        virtual ~Exchange() = default;
        virtual void answer(Response response) = 0;
        /// For the answer, whatever it will be.
        virtual void add(std::vector<Header> /*headers*/) {}
        virtual void stream(Response head, std::function<void(std::shared_ptr<Stream>)> opened) = 0;
    };

    explicit Responder(std::shared_ptr<Exchange> exchange);
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&&) noexcept;
    ~Responder();

    void answer(Response response);
    /// For the answer, whatever it will be; before it.
    void add(std::vector<Header> headers);
    /// Sends the head of an endless answer and gives the connection as a stream;
    /// `opened` runs on the loop's thread, or never if the client is gone.
    void stream(Response head, std::function<void(std::shared_ptr<Stream>)> opened);

private:
    std::shared_ptr<Exchange> exchange_;  // null once answered
};

using Handler = std::function<void(Request request, Responder responder)>;

/// Whether a route needs a credential, and which.
enum class Access {
    Open,     // no credential: health, console, descriptions
    Webhook,  // the provider's signature, judged by the route itself
    Bearer,   // Authorization header
    Stream,   // bearer header, ?ticket= or ?token=
    Metrics,  // from loopback and configured addresses, else with admin
};

/// One line of the route table. A guarded route without a permission does not start.
struct Route {
    std::string method;   // GET also answers HEAD
    std::string pattern;  // /api/leads/{id}; a last {rest...} takes what remains
    Access access = Access::Bearer;
    std::string permission;   // with Bearer and Stream
    size_t body_limit = 0;    // bytes; 0: no body is read, one that comes is refused
    bool reads_json = false;  // 415 unless the body is application/json
    Handler handler;
    bool while_draining = false;  // answered in shutdown too: health
    bool on_loop = false;         // Open routes that never block: spared the way to a worker
    Described described = {};     // below /api: what the API's description says of it
};

/// Asked before a guarded handler runs, on the worker's thread. Null: go on, and
/// `request.identity` is set; else the answer to give.
class Guard {
public:
    virtual ~Guard() = default;
    virtual std::optional<Response> check(Request& request, const Route& route) = 0;
};

/// A failure in the contract's form (RFC 9457 problem details).
struct Problem {
    int status = 500;
    std::string code;    // UPPER_SNAKE, stable
    std::string detail;  // for people; never a path, SQL, a stack or a secret
    std::vector<std::pair<std::string, std::string>> errors;  // field, message
    unsigned retry_after_s = 0;                               // 0: no header
    std::vector<Header> headers;
};
/// `request_id` and `instance` (the path) are filled by serve when it sends.
Response problem(const Problem& problem);
/// The success envelope: data is JSON text, and so is the pagination of a list.
Response success(std::string_view message, std::string_view data_json, int status = 200,
                 std::string_view pagination_json = {});

}  // namespace tandem::serve
