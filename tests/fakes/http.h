#pragma once

#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// HTTP as the fakes see it: plain values, every name and value kept as it came.
namespace tandem::fakes {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::string path;  // decoded, without the query
    Pairs query;       // decoded
    Pairs headers;
    std::string body;

    /// The value of a header, whatever the case of its name; empty: absent.
    std::string header(const std::string& name) const;
    /// The path below this prefix, or nothing.
    std::optional<std::string> below(const std::string& prefix) const;
};

struct Answer {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    Pairs headers;

    /// As it goes over the wire, with this length declared.
    std::string text(size_t declared) const;
    std::string text() const { return text(body.size()); }
};

/// A request that the provider answers with an error. `violation` names the rule that the
/// gateway broke; empty where the error is a matter of state.
struct Refusal {
    Answer answer;
    std::string violation;
};

/// Names and values of a form body or a query, decoded once, in order.
Pairs form_of(const std::string& text);
std::string form_text(const Pairs& fields);
std::string base64(const std::string& bytes);
std::string from_base64(const std::string& text);
/// Raw HMAC of these bytes, "SHA1" or "SHA256".
std::string hmac(const char* algorithm, const std::string& key, const std::string& bytes);
std::string hex(const std::string& bytes);
bool valid_utf8(const std::string& text);
size_t utf16_units(const std::string& text);
/// `+` and 7 to 15 digits.
bool is_e164(const std::string& text);
bool all_digits(const std::string& text);
/// The provider's clock; a test may put it ahead.
std::time_t now();
void set_ahead(long seconds);

}  // namespace tandem::fakes
