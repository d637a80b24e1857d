#include "jwt.h"

#include <string>
#include <utility>

#include "claims.h"
#include "key_source.h"
#include "tandem/plugin/failure.hpp"
#include "token.h"
#include "verify.h"

namespace tandem::jwt {

namespace {

using plugin::Failure;

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::int64_t least_refresh_s = 60;  // more often is no kindness to an issuer

const Algorithm& algorithm_of(const plugin::Config& config) {
    const std::string name = config.text("algorithm");
    const Algorithm* algorithm = find_algorithm(name);
    if (!algorithm)
        throw Failure(TANDEM_INVALID, "option algorithm: " + name +
                                          " is not offered; these are: " + offered_algorithms());
    return *algorithm;
}

Rules rules_of(const plugin::Config& config) {
    Rules rules;
    rules.algorithm = &algorithm_of(config);
    rules.type = config.find_text("typ").value_or("");
    rules.issuer = config.find_text("issuer").value_or("");
    rules.audience = config.find_text("audience").value_or("");
    rules.subject_claim = config.text("subject_claim");
    rules.organization_claim = config.text("organization_claim");
    rules.permissions_claim = config.text("permissions_claim");
    rules.organizations = config.text_list("organizations");
    // Development tokens live as long as whoever mints them wants.
    const std::int64_t usual = rules.algorithm->name == "HS256" ? 0 : day_s;
    rules.max_lifetime_s = config.find_integer("max_lifetime").value_or(usual);
    if (rules.subject_claim.empty() || rules.organization_claim.empty() ||
        rules.permissions_claim.empty())
        throw Failure(TANDEM_INVALID, "the name of a claim must not be empty");
    if (rules.max_lifetime_s < 0)
        throw Failure(TANDEM_INVALID, "option max_lifetime: seconds, or 0 for no cap");
    return rules;
}

/// The one option that has the keys.
std::pair<std::string, std::string> place_of_keys(const plugin::Config& config) {
    std::pair<std::string, std::string> place;
    for (const char* name : {"secret", "key_file", "jwks_file", "jwks_url"}) {
        std::string value = config.find_text(name).value_or("");
        if (value.empty()) continue;
        // Which of them a token is held against would be a riddle, and a way around.
        if (!place.first.empty())
            throw Failure(TANDEM_INVALID,
                          "options " + place.first + " and " + name + ": only one of them");
        place = {name, std::move(value)};
    }
    return place;
}

void check_place(const std::string& place, const Algorithm& algorithm) {
    const bool secret = algorithm.family == Family::Secret;
    const std::string name(algorithm.name);
    if (secret && place != "secret" && place != "jwks_file")
        throw Failure(TANDEM_INVALID, "option secret: " + name + " needs one, of at least " +
                                          std::to_string(algorithm.bytes) + " bytes");
    if (!secret && (place.empty() || place == "secret"))
        throw Failure(TANDEM_INVALID,
                      name + " needs one of key_file, jwks_file and jwks_url, and no secret");
}

KeySet key_in_file(const std::string& path, const Algorithm& algorithm) {
    return KeySet(make_public_key(algorithm, read_pem(read_file(path, false))));
}

KeySet keys_in_file(const std::string& path, const Algorithm& algorithm) {
    const bool secret = algorithm.family == Family::Secret;
    return KeySet(read_file(path, secret), algorithm, Origin::File);
}

RotatingKeys::Fetch source_of(const plugin::Host& host, const std::string& place,
                              const std::string& value, const Algorithm& algorithm) {
    if (place == "jwks_url") {
        check_url(value);
        return [host, value, &algorithm] { return fetch_keys(host, value, algorithm); };
    }
    // A file that is wrong from the beginning is a mistake, and not an issuer's absence.
    if (place == "key_file") {
        key_in_file(value, algorithm);
        return [value, &algorithm] { return key_in_file(value, algorithm); };
    }
    const KeySet first = keys_in_file(value, algorithm);
    if (first.size() == 0)
        throw Failure(TANDEM_INVALID,
                      "no key for " + std::string(algorithm.name) + "; " + first.left_out());
    return [value, &algorithm] { return keys_in_file(value, algorithm); };
}

[[noreturn]] void no_key_at_hand() {
    throw Failure(TANDEM_UNAVAILABLE, "no key of the issuer is at hand");
}

std::int64_t refresh_ms(const plugin::Config& config) {
    const std::int64_t seconds = config.integer("jwks_refresh");
    if (seconds < least_refresh_s || seconds > day_s)
        throw Failure(TANDEM_INVALID, "option jwks_refresh: 60 to 86400 seconds");
    return seconds * 1000;
}

}  // namespace

Jwt::Jwt(plugin::Host host) : host_(std::move(host)), rules_(rules_of(host_.config())) {
    const auto [place, value] = place_of_keys(host_.config());
    check_place(place, *rules_.algorithm);
    const std::int64_t refresh = refresh_ms(host_.config());
    try {
        if (place == "secret")
            fixed_ = std::make_shared<const KeySet>(make_secret_key(*rules_.algorithm, value));
        else
            rotating_ = std::make_unique<RotatingKeys>(
                host_, source_of(host_, place, value, *rules_.algorithm), refresh);
        unnamed_ = place == "key_file";
    } catch (const Failure& failure) {
        throw Failure(TANDEM_INVALID, "option " + place + ": " + failure.what());
    }
}

plugin::Description Jwt::describe() {
    plugin::Description description;
    description.id = "org.tandem.jwt";
    description.name = "JSON web tokens";
    description.version = TANDEM_VERSION;
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    const auto text = [&](const char* name, std::optional<std::string> usual, const char* what) {
        description.options.push_back({name, TANDEM_OPTION_TEXT, 0, std::move(usual), what});
    };
    text("algorithm", "HS256",
         "The only algorithm that tokens may use: HS256, HS384, HS512, RS256, RS384, RS512, "
         "PS256, ES256, ES384 or EdDSA.");
    description.options.push_back({"secret", TANDEM_OPTION_TEXT, TANDEM_OPTION_SECRET, std::nullopt,
                                   "The key of HS256: a text of at least 32 bytes; HS384: 48, "
                                   "HS512: 64."});
    text("key_file", std::nullopt, "A file with the public key or a certificate in PEM.");
    text("jwks_file", std::nullopt, "A file with a JSON Web Key Set.");
    text("jwks_url", std::nullopt, "Where the issuer publishes its key set; https.");
    description.options.push_back(
        {"jwks_refresh", TANDEM_OPTION_INTEGER, 0, "900",
         "Keys that are no secret are read again after so many seconds."});
    text("issuer", std::nullopt, "What iss must be, exactly; others' tokens go to the next.");
    text("audience", std::nullopt, "What aud must be or contain.");
    text("typ", std::nullopt, "What typ must be; not written: JWT, at+jwt or none.");
    text("subject_claim", "sub", "The claim that names the user.");
    text("organization_claim", "organizationId", "The claim that names the organisation.");
    text("permissions_claim", "permissions", "The claim that lists the permissions.");
    description.options.push_back({"organizations", TANDEM_OPTION_TEXT_LIST, 0, std::nullopt,
                                   "For which organisations its tokens count; not written: all."});
    description.options.push_back({"max_lifetime", TANDEM_OPTION_INTEGER, 0, std::nullopt,
                                   "The longest time from iat to exp, in seconds; 0: any. Not "
                                   "written: 86400, any with HS256."});
    return description;
}

void Jwt::start() {
    if (rules_.algorithm->family != Family::Secret &&
        (rules_.issuer.empty() || rules_.audience.empty()))
        host_.log().warn(
            "issuer or audience is not set: tokens that were made for others count here too");
    if (rotating_) rotating_->start();
}

void Jwt::stop() {
    if (rotating_) rotating_->stop();
}

plugin::Identity Jwt::authenticate(std::string_view text, tandem_time now) {
    // Nobody's credential: a host that asks about it wants to know whether any can be judged.
    if (text.empty() && rotating_ && !rotating_->current()) no_key_at_hand();
    const Token token = read_token(text, rules_);
    KeySetPointer keys = rotating_ ? rotating_->current() : fixed_;
    const Key* key = keys ? keys->choose(token.key_id) : nullptr;
    std::string_view doubt = doubt_about(token, key);
    // A key without a name that did not sign this may have been followed by another.
    const bool may_be_newer = key ? unnamed_ && !doubt.empty() : token.key_id || !keys;
    if (rotating_ && may_be_newer) {
        keys = rotating_->after_unknown_key();
        doubt = doubt_about(token, keys ? keys->choose(token.key_id) : nullptr);
    }
    if (!keys) no_key_at_hand();
    if (!doubt.empty()) refuse(std::string(doubt));
    return identity_of(token, rules_, now);
}

}  // namespace tandem::jwt

TANDEM_PLUGIN(tandem::jwt::Jwt)
