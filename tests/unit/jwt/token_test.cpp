#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "jwt.h"
#include "tandem/plugin/testing.hpp"
#include "tokens.h"

namespace tandem::jwt {

namespace {

using namespace testing;

constexpr tandem_time now = 1795324691000;
constexpr int64_t now_s = now / 1000;

std::string claims(const std::map<std::string, std::string>& changes = {}) {
    return claims_at(now_s, changes);
}

/// What became of a token: `accepted`, `refused`, `not mine`, or another failure's text.
std::string judge(Jwt& jwt, const std::string& token) {
    try {
        jwt.authenticate(token, now);
        return "accepted";
    } catch (const plugin::Failure& failure) {
        if (failure.code() == TANDEM_UNAUTHORIZED) return "refused";
        if (failure.code() == TANDEM_UNSUPPORTED) return "not mine";
        return failure.what();
    }
}

}  // namespace

class TokenTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TokenTest);
    CPPUNIT_TEST(a_good_token_gives_the_whole_identity);
    CPPUNIT_TEST(good_variants_are_accepted);
    CPPUNIT_TEST(t01_no_other_algorithm_is_accepted);
    CPPUNIT_TEST(t02_t03_foreign_keys_and_digests_are_refused);
    CPPUNIT_TEST(t04_weak_secrets_and_foreign_algorithms_refuse_to_start);
    CPPUNIT_TEST(t05_expiry_must_be_an_integer_in_range);
    CPPUNIT_TEST(t06_tokens_of_the_future_and_lifetimes_over_the_cap_are_refused);
    CPPUNIT_TEST(t07_t08_issuer_and_audience_are_exact_where_configured);
    CPPUNIT_TEST(t09_subject_and_organisation_are_needed);
    CPPUNIT_TEST(t10_t11_t18_t19_t23_headers_that_want_more_are_refused);
    CPPUNIT_TEST(t12_t13_only_the_exact_compact_form_is_read);
    CPPUNIT_TEST(t14_members_stand_once);
    CPPUNIT_TEST(t15_only_one_plain_json_object_is_read);
    CPPUNIT_TEST(t16_tokens_over_8_kib_are_refused);
    CPPUNIT_TEST(t17_every_flipped_bit_of_a_signature_is_found);
    CPPUNIT_TEST(permissions_are_a_list_or_a_scope_and_nothing_else);
    CPPUNIT_TEST(claims_may_have_other_names);
    CPPUNIT_TEST(an_issuer_speaks_for_the_organisations_that_it_was_given);
    CPPUNIT_TEST(t10_the_configured_type_is_the_only_one);
    CPPUNIT_TEST(no_reason_contains_the_token_or_the_secret);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { make({}); }

    void a_good_token_gives_the_whole_identity() {
        const auto identity =
            jwt_->authenticate(sign(good_header, claims({{"name", R"("Zoë A.")"},
                                                         {"email", R"("zoe@example.com")"},
                                                         {"jti", R"("token-1")"}})),
                               now);
        CPPUNIT_ASSERT_EQUAL(std::string("agent-7"), identity.subject);
        CPPUNIT_ASSERT_EQUAL(std::string("bici-demo"), identity.organization);
        CPPUNIT_ASSERT_EQUAL(std::string("Zoë A."), identity.name);
        CPPUNIT_ASSERT_EQUAL(std::string("zoe@example.com"), identity.email);
        CPPUNIT_ASSERT_EQUAL(std::string("token-1"), identity.credential_id);
        CPPUNIT_ASSERT_EQUAL(now + 3600 * 1000, identity.expires_at);
        CPPUNIT_ASSERT_EQUAL(now - 10 * 1000, identity.issued_at);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, identity.permissions.size());
        CPPUNIT_ASSERT_EQUAL(std::string("leads:read"), identity.permissions[1]);
    }

    void good_variants_are_accepted() {
        accept(R"({"alg":"HS256"})", claims());
        accept(R"({"typ":"at+jwt","alg":"HS256","kid":"2026-11","cty":"x"})", claims());
        accept("{ \"alg\" : \"HS256\" }\n", claims());
        accept(good_header, claims({{"exp", std::to_string(now_s - 86400)}}));  // the host judges
        accept(good_header, claims({{"iat", ""}}));
        accept(good_header, claims({{"iat", std::to_string(now_s + 59)}}));
        accept(good_header, claims({{"nbf", std::to_string(now_s) + ".5"}}));
        accept(good_header, claims({{"permissions", ""}}));
        accept(good_header, claims({{"aud", R"({"any":1})"}, {"iss", "7"}}));  // none configured
        accept(good_header, claims({{"deep", R"({"a":[{"b":[1,2.5e3,null,true]}]})"}}));
    }

    void t01_no_other_algorithm_is_accepted() {
        for (const char* algorithm :
             {R"("none")", R"("None")", R"("NONE")", R"("nOnE")", R"("")", "256", R"(["HS256"])",
              R"("hs256")", R"("PS512")", R"("HS256 ")", R"("HS256\u0000")", "null", "{}"}) {
            const std::string header = std::string(R"({"alg":)") + algorithm + '}';
            refuse(header, claims());
            // With an empty signature, as `none` has it.
            const std::string open = base64url(header) + '.' + base64url(claims()) + '.';
            check(algorithm, "refused", open);
        }
        refuse(R"({"typ":"JWT"})", claims());
        refuse("{}", claims());
        // What another instance may be for.
        for (const char* algorithm :
             {"HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"})
            check(algorithm, "not mine",
                  sign(std::string(R"({"alg":")") + algorithm + "\"}", claims()));
    }

    void t02_t03_foreign_keys_and_digests_are_refused() {
        const std::string pem =
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
            "-----END PUBLIC KEY-----\n";
        for (const std::string& key :
             {pem, std::string(R"({"kty":"oct","k":""})"), std::string(), std::string(32, '\0'),
              secret + ' ', secret.substr(1), base64url(secret)})
            check("key", "refused", sign(good_header, claims(), key));
        for (const EVP_MD* digest : {EVP_sha1(), EVP_sha384(), EVP_sha512()}) {
            const std::string text = base64url(good_header) + '.' + base64url(claims());
            check("digest", "refused", text + '.' + base64url(hmac(text, secret, digest)));
        }
    }

    void t04_weak_secrets_and_foreign_algorithms_refuse_to_start() {
        for (const std::string& weak : {std::string(), std::string("x"), std::string(31, 'x')})
            refuse_to_start({{"secret", weak}}, "32");
        for (const char* algorithm : {"none", "hs256", ""})
            refuse_to_start({{"algorithm", algorithm}}, "HS256");
        refuse_to_start({{"secret", ""}}, "secret");
        refuse_to_start({{"max_lifetime", "-1"}}, "max_lifetime");
        refuse_to_start({{"organization_claim", ""}}, "claim");
        make({{"secret", std::string(32, 'x')}});
    }

    void t05_expiry_must_be_an_integer_in_range() {
        for (const char* expiry :
             {"", "0", "-1", R"("1795328291")", "1795328291.5", "1795328291.0", "1.7e9", "1e300",
              "1e999", "NaN", "[1795328291]", "{}", "null", "true", "9007199254740992",
              "18446744073709551615", "99999999999999999999999", "01"})
            refuse(good_header, claims({{"exp", expiry}}));
        accept(good_header, claims({{"exp", "9007199254740991"}}));
        accept(good_header, claims({{"exp", "1"}}));
    }

    void t06_tokens_of_the_future_and_lifetimes_over_the_cap_are_refused() {
        for (const char* claim : {"nbf", "iat"}) {
            for (const std::string& value :
                 {std::to_string(now_s + 61), std::string("1e300"), std::string(R"("1")"),
                  std::string("[]"), std::string("null"), std::string("true"),
                  std::string("1e999")})
                refuse(good_header, claims({{claim, value}}));
            accept(good_header, claims({{claim, "-1e300"}}));
        }
        const std::string ten_years = std::to_string(now_s + 315360000);
        accept(good_header, claims({{"exp", ten_years}}));
        make({{"max_lifetime", "86400"}});
        refuse(good_header, claims({{"exp", ten_years}}));
        refuse(good_header, claims({{"exp", ten_years}, {"iat", ""}}));
        refuse(good_header, claims({{"exp", std::to_string(now_s + 10)},
                                    {"iat", std::to_string(now_s - 86400)}}));
        accept(good_header, claims({{"exp", std::to_string(now_s - 10 + 86400)}}));
    }

    void t07_t08_issuer_and_audience_are_exact_where_configured() {
        make({{"issuer", "https://id.example.com"}, {"audience", "tandem"}});
        const auto with = [](const std::string& issuer, const std::string& audience) {
            return claims({{"iss", issuer}, {"aud", audience}});
        };
        const std::string issuer = R"("https://id.example.com")";
        accept(good_header, with(issuer, R"("tandem")"));
        accept(good_header, with(issuer, R"(["other","tandem"])"));
        for (const char* other :
             {"", R"("https://id.example.com/")", R"("https://id.example")",
              R"("HTTPS://id.example.com")", R"("https://id.example.com.evil")", R"("")"})
            check(other, "not mine", sign(good_header, with(other, R"("tandem")")));
        for (const char* wrong : {R"(["https://id.example.com"])", "1", "null", "{}"})
            refuse(good_header, with(wrong, R"("tandem")"));
        for (const char* wrong : {"", R"("Tandem")", R"(["other"])", "[]", R"({"tandem":1})",
                                  R"([["tandem"]])", R"("tandem other")", "null", "1"})
            refuse(good_header, with(issuer, wrong));
    }

    void t09_subject_and_organisation_are_needed() {
        const std::string long_text = '"' + std::string(257, 'x') + '"';
        for (const char* claim : {"sub", "organizationId"}) {
            for (const std::string& value :
                 {std::string(), std::string(R"("")"), std::string("[]"), std::string("7"),
                  std::string(R"(["bici-demo"])"), std::string("null"), std::string("true"),
                  long_text, '"' + std::string(6000, 'x') + '"', std::string(R"("a\u0000b")"),
                  std::string(R"("a\nb")"), std::string(R"("\u007f")")})
                refuse(good_header, claims({{claim, value}}));
            accept(good_header, claims({{claim, '"' + std::string(256, 'x') + '"'}}));
        }
        for (const char* claim : {"name", "email", "jti"})
            refuse(good_header, claims({{claim, long_text}}));
        // An id that no revocation can name.
        for (const char* wrong : {"7", "null", "[]", R"("")", R"(["token-1"])"})
            refuse(good_header, claims({{"jti", wrong}}));
    }

    void t10_t11_t18_t19_t23_headers_that_want_more_are_refused() {
        for (const char* member : {R"("typ":"JWE")",
                                   R"("typ":"jwt")",
                                   R"("typ":"id_token")",
                                   R"("typ":"")",
                                   R"("typ":1)",
                                   R"("typ":["JWT"])",
                                   R"("typ":null)",
                                   R"("crit":["exp"])",
                                   R"("crit":["x"],"x":1)",
                                   R"("crit":[])",
                                   R"("zip":"DEF")",
                                   R"("enc":"A128GCM")",
                                   R"("b64":false)",
                                   R"("b64":true)",
                                   R"("p2c":1000000000)",
                                   R"("jku":"http://127.0.0.1:9/")",
                                   R"("jwk":{"kty":"oct","k":"eA"})",
                                   R"("x5u":"http://127.0.0.1:9/")",
                                   R"("x5c":["eA"])",
                                   R"("kid":1)",
                                   R"("kid":"")",
                                   R"("kid":"a\u0000")"})
            refuse(std::string(R"({"alg":"HS256",)") + member + '}', claims());
        refuse(R"({"alg":"HS256","kid":")" + std::string(5000, 'k') + "\"}", claims());
        refuse(R"({"alg":"PBES2-HS256+A128KW","p2c":1000000000,"p2s":"eA"})", claims());
        const std::string part = base64url(good_header);
        check("JWE", "refused", part + ".a." + part + ".b.c");
        check("JSON form", "not mine", R"({"payload":"e30","signatures":[]})");
    }

    void t12_t13_only_the_exact_compact_form_is_read() {
        const std::string token = sign(good_header, claims());
        const size_t first = token.find('.'), second = token.rfind('.');
        check("whole", "accepted", token);
        check("no dots", "not mine", "opaque-token");
        check("empty", "not mine", "");
        check("two parts", "refused", token.substr(0, second));
        check("four parts", "refused", token + ".eA");
        check("five parts", "refused", token + ".eA.eA");
        check("trailing dot", "refused", token + '.');
        check("leading dot", "refused", '.' + token);
        check("no header", "refused", token.substr(first));
        check("no claims", "refused", token.substr(0, first) + '.' + token.substr(second));
        check("no signature", "refused", token.substr(0, second + 1));
        check("dots", "refused", "..");
        for (const char* foreign : {"=", "==", "+", "/", " ", "\n", "\t", "\"", "\xc3\xa9"}) {
            check("behind", "refused", token + foreign);
            check("before", "refused", foreign + token);
            check("in the header", "refused",
                  token.substr(0, first) + foreign + token.substr(first));
        }
        check("NUL behind", "refused", token + std::string(1, '\0'));
        // 43 letters of a signature hold 258 bits: the last two must be zero.
        const std::string letters =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const size_t last = letters.find(token.back());
        for (size_t bits = 1; bits < 4; ++bits)
            check("unused bits", "refused",
                  token.substr(0, token.size() - 1) + letters[last + bits]);
    }

    void t14_members_stand_once() {
        refuse(R"({"alg":"none","alg":"HS256"})", claims());
        refuse(R"({"alg":"HS256","alg":"HS256"})", claims());
        refuse(R"({"alg":"HS256","\u0061lg":"HS256"})", claims());
        const std::string again = claims();
        refuse(good_header, again.substr(0, again.size() - 1) + R"(,"exp":9007199254740991})");
        refuse(good_header, again.substr(0, again.size() - 1) + R"(,"sub":"chief"})");
        refuse(good_header, claims({{"deep", R"({"a":1,"a":2})"}}));
    }

    void t15_only_one_plain_json_object_is_read() {
        const auto deep = [](size_t levels) {
            return std::string(levels, '[') + std::string(levels, ']');
        };
        for (const std::string& bad :
             {std::string("[]"), std::string("7"), std::string(R"("x")"), std::string("null"),
              std::string("x"), std::string("{}{}"), good_header + "x",
              "\xef\xbb\xbf" + good_header, std::string("{'alg':'HS256'}"),
              std::string(R"({"alg":"HS256",})"), std::string("/**/") + good_header,
              std::string(R"({"alg":"HS256")"), std::string("{\"alg\":\"HS256\",\"x\":\"\xff\"}"),
              std::string(R"({"alg":"HS256","x":"\ud800"})"),
              R"({"alg":"HS256","x":)" + deep(64) + '}',
              R"({"alg":"HS256","x":)" + deep(1000) + '}'})
            refuse(bad, claims());
        accept(R"({"alg":"HS256","x":)" + deep(63) + '}', claims());
        for (const std::string& bad :
             {std::string("[]"), std::string("{}"), claims() + claims(), claims() + '\0',
              claims() + '\0' + "x", claims({{"x", deep(1000)}})})
            refuse(good_header, bad);
    }

    void t16_tokens_over_8_kib_are_refused() {
        const auto padded = [](size_t bytes) {
            return sign(good_header, claims({{"x", '"' + std::string(bytes, 'x') + '"'}}));
        };
        size_t bytes = 5500;
        while (padded(bytes + 1).size() <= 8192) ++bytes;
        check("at the limit", "accepted", padded(bytes));
        check("over it", "refused", padded(bytes + 3));
        check("1 MiB", "refused", std::string(1 << 20, 'a') + ".a.a");
        check("a long signature", "refused",
              base64url(good_header) + '.' + base64url(claims()) + '.' + std::string(21830, 'A'));
    }

    void t17_every_flipped_bit_of_a_signature_is_found() {
        const std::string text = base64url(good_header) + '.' + base64url(claims());
        const std::string signature = hmac(text, secret);
        for (size_t bit = 0; bit < 256; ++bit) {
            std::string flipped = signature;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
            check("bit " + std::to_string(bit), "refused", text + '.' + base64url(flipped));
        }
        check("longer", "refused", text + '.' + base64url(signature + 'x'));
        check("shorter", "refused", text + '.' + base64url(signature.substr(1)));
        check("other claims", "refused",
              base64url(good_header) + '.' + base64url(claims({{"sub", R"("chief")"}})) + '.' +
                  base64url(signature));
    }

    void permissions_are_a_list_or_a_scope_and_nothing_else() {
        using Texts = std::vector<std::string>;
        struct Case {
            std::string list, scope;
            Texts granted;
        };
        const std::vector<Case> cases{
            {R"(["a","b"])", "", {"a", "b"}},
            {"[]", R"("a b")", {}},
            {"", R"("a  b ")", {"a", "b"}},
            {"", R"("")", {}},
            {"", R"(["a"])", {}},
            {"", "", {}},
            {R"("admin")", R"("admin")", {}},
            {"null", R"("admin")", {}},
            {R"({"admin":true})", R"("admin")", {}},
            {"true", R"("admin")", {}},
            {R"([1,["admin"],{"admin":"admin"},"a"])", "", {"a"}},
        };
        for (const Case& one : cases) {
            const auto identity = jwt_->authenticate(
                sign(good_header, claims({{"permissions", one.list}, {"scope", one.scope}})), now);
            CPPUNIT_ASSERT_MESSAGE(one.list + ' ' + one.scope, one.granted == identity.permissions);
        }
    }

    void claims_may_have_other_names() {
        make({{"organization_claim", "tenant"},
              {"permissions_claim", "roles"},
              {"subject_claim", "uid"}});
        refuse(good_header, claims());
        const auto identity_of = [&](const std::string& roles, const std::string& scope) {
            return jwt_->authenticate(sign(good_header, claims({{"tenant", R"("shop")"},
                                                                {"uid", R"("u-1")"},
                                                                {"roles", roles},
                                                                {"scope", scope}})),
                                      now);
        };
        const auto identity = identity_of(R"(["admin"])", "");
        CPPUNIT_ASSERT_EQUAL(std::string("shop"), identity.organization);
        CPPUNIT_ASSERT_EQUAL(std::string("u-1"), identity.subject);
        CPPUNIT_ASSERT_EQUAL(std::string("admin"), identity.permissions.at(0));
        // A claim of the operator's choice may be words in one text; no other one counts then.
        CPPUNIT_ASSERT_EQUAL(std::string("b"), identity_of(R"("a b")", "").permissions.at(1));
        CPPUNIT_ASSERT(identity_of("", R"("admin")").permissions.empty());
        CPPUNIT_ASSERT(identity_of(R"({"admin":1})", R"("admin")").permissions.empty());
    }

    void an_issuer_speaks_for_the_organisations_that_it_was_given() {
        make({{"organizations", "bici-demo"}});
        accept(good_header, claims());
        refuse(good_header, claims({{"organizationId", R"("shop")"}}));
        refuse(good_header, claims({{"organizationId", R"("bici-demo2")"}}));
    }

    void t10_the_configured_type_is_the_only_one() {
        make({{"typ", "at+jwt"}});
        accept(R"({"alg":"HS256","typ":"at+jwt"})", claims());
        accept(R"({"alg":"HS256","typ":"application/at+jwt"})", claims());
        refuse(R"({"alg":"HS256"})", claims());
        for (const char* type : {"JWT", "JWE", "AT+JWT", "id_token", "at+jwt ", "x/at+jwt", ""})
            refuse(std::string(R"({"alg":"HS256","typ":")") + type + "\"}", claims());
    }

    void no_reason_contains_the_token_or_the_secret() {
        for (const std::string& token :
             {sign(good_header, claims({{"sub", R"("canary\n")"}})),
              sign(R"({"alg":"canary"})", claims()), sign(good_header, "canary"),
              std::string("canary.canary.canary")}) {
            try {
                jwt_->authenticate(token, now);
                CPPUNIT_FAIL("accepted");
            } catch (const plugin::Failure& failure) {
                const std::string text = failure.what();
                CPPUNIT_ASSERT_MESSAGE(text, text.find("canary") == std::string::npos);
                CPPUNIT_ASSERT_MESSAGE(text, text.find(secret) == std::string::npos);
            }
        }
    }

private:
    void make(const std::map<std::string, std::string>& options) {
        jwt_.reset();
        host_ = std::make_unique<plugin::testing::FakeHost>("jwt");
        host_->option("secret", secret);
        for (const auto& [name, value] : options) host_->option(name, value);
        host_->apply_defaults<Jwt>();
        jwt_ = std::make_unique<Jwt>(host_->host());
    }
    void refuse_to_start(const std::map<std::string, std::string>& options, const char* says) {
        try {
            make(options);
            CPPUNIT_FAIL("started");
        } catch (const plugin::Failure& failure) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, failure.code());
            const std::string text = failure.what();
            CPPUNIT_ASSERT_MESSAGE(text, text.find(says) != std::string::npos);
        }
    }
    void check(const std::string& name, const std::string& expected, const std::string& token) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(name, expected, judge(*jwt_, token));
    }
    void accept(const std::string& header, const std::string& claims_json) {
        check(header + claims_json, "accepted", sign(header, claims_json));
    }
    void refuse(const std::string& header, const std::string& claims_json) {
        check(header + claims_json, "refused", sign(header, claims_json));
    }

    std::unique_ptr<plugin::testing::FakeHost> host_;
    std::unique_ptr<Jwt> jwt_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TokenTest);

}  // namespace tandem::jwt
