// Requests to Twilio's REST API, version 2010-04-01: forms out, JSON in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "accounts.hpp"
#include "tandem/plugin/host.hpp"

namespace tandem::twilio {

/// Names and values as a form or a query has them.
class Parameters {
public:
    /// Names are ours: only letters, digits and `<>`.
    Parameters& add(std::string_view name, std::string_view value);
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

/// Constant after construction; safe from any thread.
class Api {
public:
    Api(const plugin::Host& host, std::string base) : host_(host), base_(std::move(base)) {}

    /// Both answer as the host's http does: a refusal is an answer. `resource` stands below the
    /// account: "Messages.json".
    plugin::HttpResult get(const Account& account, std::string_view resource,
                           const Parameters& query, std::uint32_t deadline_ms) const;
    plugin::HttpResult post(const Account& account, std::string_view resource,
                            const Parameters& form, std::uint32_t deadline_ms) const;

    /// The next page of a list. Only a URI of the same list is followed: whatever else an
    /// answer names must not be given our credentials. Throws CORRUPT for another one.
    plugin::HttpResult get_page(const Account& account, std::string_view resource,
                                const std::string& uri, std::uint32_t deadline_ms) const;

    /// How webhooks name a piece of a message's media.
    std::string media_url(const Account& account, std::string_view message_sid,
                          std::string_view media_sid) const;

private:
    plugin::HttpResult send(const Account& account, const char* method, const std::string& path,
                            std::string body, std::uint32_t deadline_ms) const;

    const plugin::Host host_;
    const std::string base_;
};

/// How far the provider's clock is ahead of ours, by the answer's Date (RFC 9110 section
/// 6.6.1); nothing where it has none.
std::optional<std::int64_t> clock_ahead_ms(const plugin::HttpResult& result, tandem_time now);

}  // namespace tandem::twilio
