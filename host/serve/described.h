#pragma once

#include <string>
#include <vector>

/// The third port of serve: what a route says of itself for the API's description, beside what
/// the route table says already. Plain data; the room `describe` makes OpenAPI of it, and
/// refuses a route below /api without it.
namespace tandem::serve {

/// A parameter of the query. All are optional: what must be there belongs into the path.
struct QueryParameter {
    enum class Kind { Text, Number, YesNo, Words };

    std::string name;
    std::string summary;
    Kind kind = Kind::Text;
    unsigned most = 0;               // Number: from 1 to this; Text: characters; 0: unbounded
    std::vector<std::string> words;  // Words: one of these
};

/// A header of an answer.
struct AnswerHeader {
    std::string name;
    std::string summary;
};

/// Names of schemas are those of describe/schemas.json.
struct Described {
    std::string id;       // the operation's, unique: a generated client's function
    std::string summary;  // one line
    std::string tag;
    std::vector<QueryParameter> query = {};
    std::string body = {};  // schema of the JSON body; empty: none is read, or any bytes
    bool body_optional = false;
    std::string body_type = {};   // media type of a body that is no JSON
    int status = 200;             // of the success
    std::string answer = {};      // schema of the envelope's `data`
    std::string pagination = {};  // schema of the envelope's `pagination`; empty: none
    std::string media_type = {};  // instead of `answer`: the answer is no envelope
    /// Of the success, beside X-Request-Id; it may be left out.
    std::vector<AnswerHeader> headers = {};
    /// Codes beside those that every route of its kind may give.
    std::vector<std::string> errors = {};
    bool idempotency_key = false;  // the header is honoured
};

}  // namespace tandem::serve
