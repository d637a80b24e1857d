// Requests to the ElevenLabs API. One rule: nothing is sent twice here; who may repeat a
// request knows what it does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/plugin/host.hpp"

namespace tandem::elevenlabs {

/// Constant after construction; safe from any thread.
class Api {
public:
    /// Reads `api_base_url` and `api_key`. Throws INVALID where they cannot be used.
    explicit Api(const plugin::Host& host);

    /// `target` is a path with its query, beginning with a slash. Never throws for a failed
    /// exchange. `deadline_ms` zero: the host's own.
    plugin::HttpResult get(const std::string& target, std::uint32_t deadline_ms) const;
    plugin::HttpResult post(const std::string& target, std::string body,
                            std::uint32_t deadline_ms) const;

    /// Without a slash at its end.
    const std::string& base_url() const noexcept { return base_url_; }

private:
    plugin::HttpResult send(plugin::HttpRequest request, std::uint32_t deadline_ms) const;

    const plugin::Host host_;
    const std::string base_url_;
    const std::string key_;
};

/// A value for a query: everything but letters, digits and `-._~` percent-encoded.
std::string query_encoded(std::string_view text);

/// What the API says went wrong, made safe for people who are not the administrator: one
/// line, at most 300 bytes. All three forms of `detail` are understood; empty: it says nothing.
struct Problem {
    std::string code;  ///< As `agent_not_found`; or the HTTP status as `http_404`.
    std::string text;  ///< "ElevenLabs answered 404: …"
};
Problem problem_of(const plugin::HttpResult& result);

/// Throws what a failed request for something means to the host: UNAUTHORIZED, FORBIDDEN,
/// NOT_FOUND, LIMITED, else UNAVAILABLE. `what` begins the text. Returns for a 200.
void expect_success(const plugin::HttpResult& result, const std::string& what, tandem_time now);

/// One line of at most 300 bytes: control characters become blanks.
std::string one_line(std::string text);

/// How long a refused request is to wait, by its Retry-After (seconds or a date), at most an
/// hour; zero: it does not say.
std::uint32_t retry_after_ms(const plugin::HttpResult& result, tandem_time now);

}  // namespace tandem::elevenlabs
