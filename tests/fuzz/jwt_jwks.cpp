#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base64url.h"
#include "claims.h"
#include "tandem/plugin/failure.hpp"
#include "target.h"
#include "verify.h"

// Nobody here has a key: a token that is accepted is a forged one, whatever it says, and whatever
// set of keys is read beside it.

namespace tandem::fuzz {

namespace {

using namespace jwt;

constexpr tandem_time now = 1'700'000'000'000;

std::string random_secret() {
    std::string secret(64, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), 64) != 1) std::abort();
    return secret;
}

KeySet secret_set(const Algorithm& algorithm) {
    return KeySet(make_secret_key(algorithm, random_secret()));
}

KeySet public_set(const Algorithm& algorithm, EVP_PKEY* made) {
    return KeySet(make_public_key(algorithm, PublicKey(made)));
}

/// For each algorithm a key that was made for this run.
const std::vector<std::pair<const Algorithm*, KeySet>>& keys() {
    static const auto made = [] {
        std::vector<std::pair<const Algorithm*, KeySet>> all;
        for (const char* name : {"HS256", "HS384", "HS512"}) {
            const Algorithm& algorithm = *find_algorithm(name);
            all.emplace_back(&algorithm, secret_set(algorithm));
        }
        for (const char* name : {"RS256", "PS256"}) {
            const Algorithm& algorithm = *find_algorithm(name);
            all.emplace_back(&algorithm, public_set(algorithm, EVP_RSA_gen(2048)));
        }
        for (const char* name : {"ES256", "ES384"}) {
            const Algorithm& algorithm = *find_algorithm(name);
            all.emplace_back(&algorithm, public_set(algorithm, EVP_EC_gen(algorithm.curve_name)));
        }
        const Algorithm& edwards = *find_algorithm("EdDSA");
        all.emplace_back(&edwards,
                         public_set(edwards, EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
        return all;
    }();
    return made;
}

std::string base64url(std::string_view bytes) {
    std::string text(4 * (bytes.size() / 3 + 1) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(length));
    for (char& letter : text) letter = letter == '+' ? '-' : letter == '/' ? '_' : letter;
    while (!text.empty() && text.back() == '=') text.pop_back();
    return text;
}

void expect_refused(const std::string& token, const Rules& rules, const KeySet& set) {
    bool accepted = true;
    try {
        (void)verify(token, rules, set, now);
    } catch (const plugin::Failure& failure) {
        accepted = false;
        expect(failure.code() == TANDEM_UNAUTHORIZED || failure.code() == TANDEM_UNSUPPORTED,
               "a token is refused as one");
    }
    expect(!accepted, "nobody is let in without a key");
}

Rules strict_rules() {
    Rules rules;
    rules.issuer = "https://issuer.example.com";
    rules.audience = "tandem";
    rules.permissions_claim = "roles";
    rules.organizations = {"acme"};
    rules.max_lifetime_s = 86'400;
    return rules;
}

bool is_clean(const std::string& text) {
    return text.size() <= 256 && std::none_of(text.begin(), text.end(), [](char letter) {
               return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
           });
}

/// What a token says once somebody with a key signed it: an identity that is one, or a refusal.
void check_claims(std::string_view json, const Rules& rules) {
    try {
        const plugin::Identity identity = read_claims(json, rules, now);
        expect(!identity.subject.empty() && !identity.organization.empty(),
               "an identity says who it is and for whom");
        for (const std::string* text : {&identity.subject, &identity.organization, &identity.name,
                                        &identity.email, &identity.credential_id})
            expect(is_clean(*text), "what a token says is short and clean");
        for (const std::string& permission : identity.permissions)
            expect(is_clean(permission), "a permission is short and clean");
        expect(identity.expires_at > 0, "an identity ends");
        // Issued a minute from now at the latest, as clocks differ.
        const tandem_time latest = now + (rules.max_lifetime_s + 60) * 1000;
        expect(rules.max_lifetime_s == 0 || identity.expires_at <= latest,
               "a token lives as long as it may");
    } catch (const plugin::Failure& failure) {
        expect(failure.code() == TANDEM_UNAUTHORIZED, "claims are refused as such");
    }
}

void check_set(std::string_view json, const Algorithm& algorithm, Origin origin,
               const std::string& token, const Rules& rules) {
    try {
        const KeySet set(json, algorithm, origin);
        expect(set.size() <= KeySet::max_keys, "a set has a bounded number of keys");
        expect(origin == Origin::File || algorithm.family != Family::Secret || set.size() == 0,
               "an issuer publishes no secrets");
        expect_refused(token, rules, set);
    } catch (const plugin::Failure& failure) {
        expect(failure.code() == TANDEM_INVALID, "a set is refused as one");
    }
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    using tandem::jwt::Origin;
    std::string_view input = text(bytes, size);
    const unsigned choice = take_choice(input);
    const auto& [algorithm, set] = keys()[choice % keys().size()];
    Rules rules;
    rules.algorithm = algorithm;

    // Either a token as it comes, or its parts, so that a fuzzer need not learn base64.
    std::string token(take_until(input, '\n'));
    if (choice < 128) {
        const std::string_view claims = take_until(input, '\n');
        const std::string_view signature = take_until(input, '\n');
        if (seeded_bug() && token.find("\"none\"") != std::string::npos && signature.empty())
            expect(false, "nobody is let in without a key");
        check_claims(claims, rules);
        check_claims(claims, strict_rules());
        token = base64url(token) + '.' + base64url(claims) + '.' + base64url(signature);
    }
    expect_refused(token, rules, set);
    if (input.empty()) return 0;
    const Origin origin = choice / keys().size() % 2 == 0 ? Origin::File : Origin::Remote;
    check_set(input, *algorithm, origin, token, rules);
    return 0;
}
