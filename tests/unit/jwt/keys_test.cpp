#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "key_set.h"
#include "made.h"
#include "tokens.h"

namespace tandem::jwt {

namespace {

using namespace testing;
using fakes::key_set;
using fakes::SigningKey;

const Algorithm& of(const std::string& name) {
    return *find_algorithm(name);
}

const SigningKey& rsa() {
    static const SigningKey key("RS256");
    return key;
}
const SigningKey& curve() {
    static const SigningKey key("ES256");
    return key;
}
const SigningKey& edwards() {
    static const SigningKey key("EdDSA");
    return key;
}

std::string quoted(const std::string& bytes) {
    return '"' + base64url(bytes) + '"';
}

/// Why a set is refused as a whole; empty: it is not.
std::string set_fault(const std::string& json, const std::string& algorithm = "ES256") {
    try {
        const KeySet keys(json, of(algorithm), Origin::Remote);
        return {};
    } catch (const plugin::Failure& failure) {
        return failure.code() == TANDEM_INVALID ? failure.what() : "not INVALID";
    }
}

}  // namespace

class KeysTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KeysTest);
    CPPUNIT_TEST(t04_secrets_have_the_length_of_their_hash);
    CPPUNIT_TEST(t04_contradicting_options_refuse_to_start);
    CPPUNIT_TEST(t21_weak_and_foreign_keys_of_a_set_are_never_used);
    CPPUNIT_TEST(t21_weak_and_foreign_keys_in_a_file_refuse_to_start);
    CPPUNIT_TEST(t21_sets_that_are_none_are_refused);
    CPPUNIT_TEST(t21_what_a_key_says_of_its_use_is_honoured);
    CPPUNIT_TEST(t21_a_remote_set_has_no_secrets);
    CPPUNIT_TEST(t19_a_key_is_found_by_its_kid_and_by_nothing_like_it);
    CPPUNIT_TEST(a_set_in_a_file_may_hold_secrets);
    CPPUNIT_TEST(a_file_of_keys_is_its_owners_alone);
    CPPUNIT_TEST(only_https_and_loopback_are_asked_for_keys);
    CPPUNIT_TEST(no_fault_of_a_key_tells_the_key);
    CPPUNIT_TEST_SUITE_END();

public:
    void t04_secrets_have_the_length_of_their_hash() {
        for (const auto& [algorithm, least] :
             std::map<std::string, size_t>{{"HS256", 32}, {"HS384", 48}, {"HS512", 64}}) {
            for (const size_t size : {size_t{0}, size_t{1}, least - 1})
                CPPUNIT_ASSERT(
                    says(fault_of({{"algorithm", algorithm}, {"secret", std::string(size, 'x')}}),
                         std::to_string(least)));
            CPPUNIT_ASSERT_EQUAL(std::string(), fault_of({{"algorithm", algorithm},
                                                          {"secret", std::string(least, 'x')}}));
        }
    }

    void t04_contradicting_options_refuse_to_start() {
        const TemporaryFile pem(curve().public_pem());
        const TemporaryFile set(key_set(curve().jwk("a")));
        const Options es{{"algorithm", "ES256"}};
        const auto with = [&](Options options) {
            options.insert(es.begin(), es.end());
            return fault_of(options);
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), with({{"key_file", pem.path()}}));
        CPPUNIT_ASSERT_EQUAL(std::string(), with({{"jwks_file", set.path()}}));
        CPPUNIT_ASSERT_EQUAL(std::string(), with({{"jwks_url", "https://id.example.com/keys"}}));
        CPPUNIT_ASSERT(says(with({}), "key_file"));
        CPPUNIT_ASSERT(says(with({{"secret", secret}}), "key_file"));
        CPPUNIT_ASSERT(says(with({{"secret", secret}, {"key_file", pem.path()}}), "only one"));
        CPPUNIT_ASSERT(
            says(with({{"key_file", pem.path()}, {"jwks_file", set.path()}}), "only one"));
        CPPUNIT_ASSERT(says(fault_of({{"key_file", pem.path()}}), "secret"));
        CPPUNIT_ASSERT(says(fault_of({{"jwks_url", "https://id.example.com/"}}), "secret"));
        CPPUNIT_ASSERT(says(with({{"key_file", "/nonexistent"}}), "option key_file: "));
        CPPUNIT_ASSERT(says(with({{"jwks_file", "/nonexistent"}}), "option jwks_file: "));
        CPPUNIT_ASSERT(says(with({{"jwks_file", pem.path()}}), "option jwks_file: key set"));
        for (const char* seconds : {"0", "59", "86401", "-1"})
            CPPUNIT_ASSERT(
                says(with({{"jwks_file", set.path()}, {"jwks_refresh", seconds}}), "jwks_refresh"));
    }

    void t21_weak_and_foreign_keys_of_a_set_are_never_used() {
        const std::string zeros(32, '\0'), ones(32, '\xff');
        const std::string x = base64url(zeros.substr(0, 31) + '\x05');
        struct Case {
            const char* name;
            const char* algorithm;
            std::string jwk;
        };
        const SigningKey tiny("RS256", 512), small("RS256", 1024), p384("ES384");
        const std::vector<Case> cases{
            {"RSA 512", "RS256", tiny.jwk("a")},
            {"RSA 1024", "RS256", small.jwk("a")},
            {"RSA 8200", "RS256", rsa().jwk("a", {{"n", quoted(std::string(1025, '\xff'))}})},
            {"even modulus", "RS256", rsa().jwk("a", {{"n", quoted(std::string(256, '\xfe'))}})},
            {"exponent 1", "RS256", rsa().jwk("a", {{"e", quoted("\x01")}})},
            {"exponent 3", "RS256", rsa().jwk("a", {{"e", quoted("\x03")}})},
            {"exponent 65535", "RS256", rsa().jwk("a", {{"e", quoted("\xff\xff")}})},
            {"exponent 65538", "RS256", rsa().jwk("a", {{"e", quoted(std::string("\1\0\2", 3))}})},
            {"exponent 65536", "RS256", rsa().jwk("a", {{"e", quoted(std::string("\1\0\0", 3))}})},
            {"exponent 72 bits", "RS256",
             rsa().jwk("a", {{"e", quoted("\xff\xff\xff\xff\xff\xff\xff\xff\xff")}})},
            {"exponent 0", "RS256", rsa().jwk("a", {{"e", quoted(std::string(1, '\0'))}})},
            {"no exponent", "RS256", rsa().jwk("a", {{"e", ""}})},
            {"modulus no text", "RS256", rsa().jwk("a", {{"n", "17"}})},
            {"modulus padded", "RS256", rsa().jwk("a", {{"n", "\"AQAB==\""}})},
            {"private", "RS256", rsa().jwk("a", {{"d", quoted("x")}})},
            {"off the curve", "ES256", curve().jwk("a", {{"y", '"' + x + '"'}})},
            {"at infinity", "ES256",
             curve().jwk("a", {{"x", quoted(zeros)}, {"y", quoted(zeros)}})},
            {"beyond the field", "ES256", curve().jwk("a", {{"x", quoted(ones)}})},
            {"short x", "ES256", curve().jwk("a", {{"x", quoted(zeros.substr(1))}})},
            {"long y", "ES256", curve().jwk("a", {{"y", quoted(zeros + '\0')}})},
            {"no y", "ES256", curve().jwk("a", {{"y", ""}})},
            {"P-384 for ES256", "ES256", p384.jwk("a", {{"alg", ""}})},
            {"P-384 that says P-256", "ES256", p384.jwk("a", {{"alg", ""}, {"crv", "\"P-256\""}})},
            {"P-256 for ES384", "ES384", curve().jwk("a", {{"alg", ""}})},
            {"secp256k1", "ES256", curve().jwk("a", {{"crv", "\"secp256k1\""}})},
            {"RSA for ES256", "ES256", rsa().jwk("a", {{"alg", ""}})},
            {"EC for RS256", "RS256", curve().jwk("a", {{"alg", ""}})},
            {"EC for EdDSA", "EdDSA", curve().jwk("a", {{"alg", ""}})},
            {"Ed25519 for ES256", "ES256", edwards().jwk("a", {{"alg", ""}})},
            {"Ed448", "EdDSA", edwards().jwk("a", {{"crv", "\"Ed448\""}})},
            {"X25519", "EdDSA", edwards().jwk("a", {{"crv", "\"X25519\""}})},
            {"short point", "EdDSA", edwards().jwk("a", {{"x", quoted(zeros.substr(1))}})},
            {"point of order 4", "EdDSA", edwards().jwk("a", {{"x", quoted(zeros)}})},
            {"point of order 1", "EdDSA",
             edwards().jwk("a", {{"x", quoted('\x01' + zeros.substr(1))}})},
            {"point of order 2", "EdDSA",
             edwards().jwk("a", {{"x", quoted('\xec' + ones.substr(2) + '\x7f')}})},
            {"point of order 8", "EdDSA",
             edwards().jwk(
                 "a", {{"x", quoted("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98"
                                    "\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53"
                                    "\xfc\x85")}})},
            {"kid no text", "ES256", curve().jwk("a", {{"kid", "1"}})},
            {"kid empty", "ES256", curve().jwk("a", {{"kid", "\"\""}})},
            {"kid too long", "ES256", curve().jwk(std::string(257, 'k'))},
            {"no type", "ES256", curve().jwk("a", {{"kty", ""}})},
            {"nothing", "ES256", "{}"},
        };
        for (const Case& one : cases) {
            const KeySet keys(key_set(one.jwk), of(one.algorithm), Origin::Remote);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.name, size_t{0}, keys.size());
            CPPUNIT_ASSERT_MESSAGE(one.name, says(keys.left_out(), "key 1: "));
            CPPUNIT_ASSERT_MESSAGE(one.name, keys.choose("a") == nullptr);
            CPPUNIT_ASSERT_MESSAGE(one.name, keys.choose(std::nullopt) == nullptr);
        }
        // A good one beside a bad one is used.
        const KeySet keys(key_set("{}," + curve().jwk("b")), of("ES256"), Origin::Remote);
        CPPUNIT_ASSERT(keys.choose("b") != nullptr);
    }

    void t21_weak_and_foreign_keys_in_a_file_refuse_to_start() {
        struct Case {
            const char* algorithm;
            std::string pem;
            const char* says;
        };
        const SigningKey small("RS256", 1024), p384("ES384");
        const std::vector<Case> cases{
            {"RS256", small.public_pem(), "1024"},
            {"ES256", p384.public_pem(), "another curve"},
            {"ES384", curve().public_pem(), "another curve"},
            {"ES256", rsa().public_pem(), "no elliptic curve"},
            {"RS256", curve().public_pem(), "no RSA"},
            {"PS256", edwards().public_pem(), "no RSA"},
            {"EdDSA", curve().public_pem(), "no Ed25519"},
            {"RS256", rsa().private_pem(), "private"},
            {"ES256", curve().private_pem(), "private"},
            {"ES256", curve().jwk("a"), "PEM"},
            {"ES256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM"},
            {"ES256", "x", "PEM"},
            {"ES256", curve().public_pem() + std::string(1 << 16, '\n'), "64 KiB"},
        };
        for (const Case& one : cases) {
            const TemporaryFile file(one.pem);
            const std::string fault =
                fault_of({{"algorithm", one.algorithm}, {"key_file", file.path()}});
            CPPUNIT_ASSERT_MESSAGE(one.says + fault, says(fault, one.says));
            CPPUNIT_ASSERT_MESSAGE(fault, says(fault, "option key_file: "));
        }
        const TemporaryFile weak(key_set(small.jwk("a")));
        CPPUNIT_ASSERT(says(fault_of({{"algorithm", "RS256"}, {"jwks_file", weak.path()}}),
                            "RSA of 1024 bits"));
    }

    void t21_sets_that_are_none_are_refused() {
        const std::string key = curve().jwk("a");
        std::string many;
        for (int i = 0; i < 33; ++i) many += (i ? ",{" : "{") + std::string(R"("kty":"EC"})");
        for (const std::string& bad : {std::string(),
                                       std::string("[]"),
                                       std::string("{}"),
                                       std::string("null"),
                                       std::string("<html><body>Sign in</body></html>"),
                                       std::string(R"({"keys":{}})"),
                                       std::string(R"({"keys":7})"),
                                       std::string(R"({"keys":[7]})"),
                                       std::string(R"({"keys":["a"]})"),
                                       std::string(R"({"keys":[[)") + key + "]]}",
                                       std::string(R"({"keys":[null]})"),
                                       R"({"Keys":[)" + key + "]}",
                                       R"({"x":{"keys":[)" + key + "]}}",
                                       key_set(key) + "x",
                                       key_set(key + "," + key),
                                       key_set(curve().jwk("a") + "," + rsa().jwk("a")),
                                       key_set(R"({"kid":"a","kid":"b"})"),
                                       R"({"keys":[],"keys":[)" + key + "]}",
                                       key_set(many),
                                       key_set(key) + std::string(1, '\0'),
                                       key_set(key) + std::string(KeySet::max_bytes, ' '),
                                       std::string(1 << 20, '['),
                                       std::string(1 << 20, 'x'),
                                       "\xef\xbb\xbf" + key_set(key)})
            CPPUNIT_ASSERT_MESSAGE(bad.substr(0, 200), !set_fault(bad).empty());
        std::string ten_thousand;
        for (int i = 0; i < 10000; ++i) ten_thousand += (i ? ",{}" : "{}");
        CPPUNIT_ASSERT(says(set_fault(key_set(ten_thousand)), "10000 keys"));
        CPPUNIT_ASSERT_EQUAL(std::string(), set_fault(key_set(many.substr(0, many.rfind(",")))));
        CPPUNIT_ASSERT_EQUAL(std::string(), set_fault(key_set("")));
        // Members of the set that nobody here knows are passed over, whatever they hold.
        const KeySet keys(R"({"x":[{"kid":"a"}],"keys":[)" + key + R"(],"y":{"keys":[{}]}})",
                          of("ES256"), Origin::Remote);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, keys.size());
    }

    void t21_what_a_key_says_of_its_use_is_honoured() {
        const auto usable = [](const std::map<std::string, std::string>& changes) {
            return KeySet(key_set(curve().jwk("a", changes)), of("ES256"), Origin::Remote).size() ==
                   1;
        };
        CPPUNIT_ASSERT(usable({}));
        CPPUNIT_ASSERT(usable({{"use", ""}, {"alg", ""}}));
        CPPUNIT_ASSERT(usable({{"key_ops", R"(["verify"])"}}));
        CPPUNIT_ASSERT(usable({{"key_ops", R"(["sign","verify"])"}}));
        CPPUNIT_ASSERT(usable({{"x5c", R"(["eA"])"}, {"ext", "true"}}));
        for (const char* use : {R"("enc")", R"("SIG")", R"("")", "1", R"(["sig"])"})
            CPPUNIT_ASSERT_MESSAGE(use, !usable({{"use", use}}));
        for (const char* operations : {R"(["sign"])", "[]", R"("verify")", R"([["verify"]])", "1"})
            CPPUNIT_ASSERT_MESSAGE(operations, !usable({{"key_ops", operations}}));
        for (const char* algorithm : {R"("ES384")", R"("HS256")", R"("none")", R"("")", "1"})
            CPPUNIT_ASSERT_MESSAGE(algorithm, !usable({{"alg", algorithm}}));
    }

    void t21_a_remote_set_has_no_secrets() {
        const SigningKey shared("HS256", secret);
        const KeySet keys(key_set(shared.jwk("a")), of("HS256"), Origin::Remote);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, keys.size());
        const KeySet beside(key_set(shared.jwk("a", {{"alg", ""}}) + "," + curve().jwk("b")),
                            of("ES256"), Origin::Remote);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, beside.size());
        CPPUNIT_ASSERT(beside.choose("a") == nullptr);
    }

    void t19_a_key_is_found_by_its_kid_and_by_nothing_like_it() {
        const SigningKey other("ES256");
        const KeySet two(key_set(curve().jwk("a") + "," + other.jwk("b")), of("ES256"),
                         Origin::Remote);
        CPPUNIT_ASSERT(two.choose("a") != nullptr);
        CPPUNIT_ASSERT(two.choose("b") != nullptr);
        CPPUNIT_ASSERT(two.choose("a") != two.choose("b"));
        CPPUNIT_ASSERT(two.choose(std::nullopt) == nullptr);
        for (const std::string& kid :
             {std::string(), std::string("A"), std::string("a "), std::string("ab"),
              std::string("a\0", 2), std::string("../../etc/passwd"), std::string("' OR 1=1 --"),
              std::string(10240, 'a')})
            CPPUNIT_ASSERT_MESSAGE(kid, two.choose(kid) == nullptr);
        const KeySet one(key_set(curve().jwk("a")), of("ES256"), Origin::Remote);
        CPPUNIT_ASSERT(one.choose(std::nullopt) != nullptr);
        CPPUNIT_ASSERT(one.choose("b") == nullptr);
        // A key without a name has no name that a token could know.
        const KeySet nameless(key_set(curve().jwk("")), of("ES256"), Origin::Remote);
        CPPUNIT_ASSERT(nameless.choose(std::nullopt) != nullptr);
        CPPUNIT_ASSERT(nameless.choose("") == nullptr);
    }

    void a_set_in_a_file_may_hold_secrets() {
        const SigningKey first("HS384"), second("HS384"), weak("HS384", secret);
        const TemporaryFile file(
            key_set(first.jwk("1") + "," + second.jwk("2") + "," + weak.jwk("3")));
        Made made({{"algorithm", "HS384"}, {"jwks_file", file.path()}});
        made.jwt->start();
        const tandem_time now = 1795324691000;
        const std::string claims = claims_at(now / 1000);
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), made.judge(first.token_of(claims, "1"), now));
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"),
                             made.judge(second.token_of(claims, "2"), now));
        CPPUNIT_ASSERT_EQUAL(std::string("refused"), made.judge(second.token_of(claims, "1"), now));
        CPPUNIT_ASSERT_EQUAL(std::string("refused"), made.judge(second.token_of(claims), now));
        CPPUNIT_ASSERT_EQUAL(std::string("refused"), made.judge(weak.token_of(claims, "3"), now));
        made.jwt->stop();
    }

    void a_file_of_keys_is_its_owners_alone() {
        const SigningKey secret_key("HS384");
        const TemporaryFile open(curve().public_pem()), set(key_set(secret_key.jwk("1")));
        const auto with = [](const char* algorithm, const char* option, const TemporaryFile& file,
                             mode_t mode) {
            ::chmod(file.path().c_str(), mode);
            return fault_of({{"algorithm", algorithm}, {option, file.path()}});
        };
        // A public key may be read by anybody, and written by nobody else.
        CPPUNIT_ASSERT_EQUAL(std::string(), with("ES256", "key_file", open, 0644));
        for (const mode_t mode : {0664u, 0646u})
            CPPUNIT_ASSERT(says(with("ES256", "key_file", open, mode), "chmod go-w"));
        CPPUNIT_ASSERT_EQUAL(std::string(), with("HS384", "jwks_file", set, 0400));
        for (const mode_t mode : {0640u, 0604u})
            CPPUNIT_ASSERT(says(with("HS384", "jwks_file", set, mode), "chmod 600"));
        // systemd's folder of credentials is closed to others as a whole.
        ::setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
        const std::string credential = with("HS384", "jwks_file", set, 0440);
        ::unsetenv("CREDENTIALS_DIRECTORY");
        CPPUNIT_ASSERT_EQUAL(std::string(), credential);

        const std::string pipe = open.path() + ".pipe";
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(pipe.c_str(), 0600));
        const std::string fault = fault_of({{"algorithm", "ES256"}, {"key_file", pipe}});
        ::unlink(pipe.c_str());
        CPPUNIT_ASSERT(says(fault, "no file that can be read"));
    }

    void only_https_and_loopback_are_asked_for_keys() {
        const auto fault = [](const std::string& url) {
            return fault_of({{"algorithm", "ES256"}, {"jwks_url", url}});
        };
        for (const char* good : {"https://id.example.com/keys?tenant=1",
                                 "https://10.0.0.7:8443/jwks", "http://127.0.0.1:8000/jwks",
                                 "http://localhost/", "http://[::1]:80/x", "http://127.1.2.3/"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(good, std::string(), fault(good));
        for (const char* bad :
             {"http://id.example.com/keys", "http://10.0.0.7/", "ftp://127.0.0.1/",
              "file:///etc/passwd", "HTTPS://id.example.com", "id.example.com", "https://",
              "https:///keys", "http://127.evil.example/", "http://127.0.0.1.evil.example/",
              "http://localhost.evil.example/", "http://localhost@evil.example/",
              "https://user:secret@id.example.com/", "https://id.example.com/#x", "http://[::1/",
              "http://[::1].evil.example/", "https://id.example.com/ x",
              "https://id.example.com/\r\nX: 1", "http://127.0.0.1\\.evil.example/"})
            CPPUNIT_ASSERT_MESSAGE(bad, says(fault(bad), "option jwks_url: "));
    }

    void no_fault_of_a_key_tells_the_key() {
        const std::string canary = "canary-canary";
        const TemporaryFile file(canary);
        for (const std::string& fault :
             {fault_of({{"secret", canary}}),
              fault_of({{"algorithm", "RS256"}, {"key_file", file.path()}}),
              fault_of({{"algorithm", "RS256"}, {"jwks_file", file.path()}}),
              KeySet(key_set(curve().jwk(canary, {{"y", "\"canary\""}})), of("ES256"),
                     Origin::Remote)
                  .left_out()}) {
            CPPUNIT_ASSERT(!fault.empty());
            CPPUNIT_ASSERT_MESSAGE(fault, fault.find("canary") == std::string::npos);
        }
    }

private:
    static bool says(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KeysTest);

}  // namespace tandem::jwt
