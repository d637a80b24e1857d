#include "jwt.h"

#include <string>
#include <utility>

namespace tandem::jwt {

namespace {

Rules rules_of(const plugin::Config& config) {
    Rules rules;
    rules.issuer = config.find_text("issuer").value_or("");
    rules.audience = config.find_text("audience").value_or("");
    rules.organization_claim = config.text("organization_claim");
    rules.permissions_claim = config.text("permissions_claim");
    rules.max_lifetime_s = config.integer("max_lifetime");
    if (rules.organization_claim.empty() || rules.permissions_claim.empty())
        throw plugin::Failure(TANDEM_INVALID, "the name of a claim must not be empty");
    if (rules.max_lifetime_s < 0)
        throw plugin::Failure(TANDEM_INVALID, "option max_lifetime: seconds, or 0 for no cap");
    return rules;
}

}  // namespace

Jwt::Jwt(plugin::Host host)
    : reader_(rules_of(host.config()),
              make_verifier(host.config().text("algorithm"), host.config().text("secret"))) {}

plugin::Description Jwt::describe() {
    plugin::Description description;
    description.id = "org.tandem.jwt";
    description.name = "JSON web tokens";
    description.version = "0.1.0";
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    description.options = {
        {"algorithm", TANDEM_OPTION_TEXT, 0, "HS256", "The only algorithm that tokens may use."},
        {"secret", TANDEM_OPTION_TEXT, TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET, std::nullopt,
         "The key of HS256: a text of at least 32 bytes."},
        {"issuer", TANDEM_OPTION_TEXT, 0, std::nullopt, "What iss must be, exactly."},
        {"audience", TANDEM_OPTION_TEXT, 0, std::nullopt, "What aud must be or contain."},
        {"organization_claim", TANDEM_OPTION_TEXT, 0, "organizationId",
         "The claim that names the organisation."},
        {"permissions_claim", TANDEM_OPTION_TEXT, 0, "permissions",
         "The claim that lists the permissions."},
        {"max_lifetime", TANDEM_OPTION_INTEGER, 0, "0",
         "The longest time from iat to exp, in seconds; 0: any."},
    };
    return description;
}

plugin::Identity Jwt::authenticate(std::string_view token, tandem_time now) {
    return reader_.read(token, now);
}

}  // namespace tandem::jwt

TANDEM_PLUGIN(tandem::jwt::Jwt)
