#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "made.h"
#include "tokens.h"
#include "verify.h"

namespace tandem::jwt {

namespace {

using namespace testing;
using fakes::SigningKey;

constexpr tandem_time now = 1795324691000;
constexpr int64_t now_s = now / 1000;

const std::vector<std::string> all_algorithms{"HS256", "HS384", "HS512", "RS256", "RS384",
                                              "RS512", "PS256", "ES256", "ES384", "EdDSA"};

bool is_secret(const std::string& algorithm) {
    return algorithm.compare(0, 2, "HS") == 0;
}

/// One key of each, made once: RSA is slow.
const SigningKey& key_of(const std::string& algorithm) {
    static std::map<std::string, SigningKey> keys;
    return keys.try_emplace(algorithm, algorithm).first->second;
}

KeySet set_of(const std::string& algorithm, const std::string& keys) {
    return KeySet(fakes::key_set(keys), *find_algorithm(algorithm), Origin::File);
}

/// By the pure function, with nothing around it.
std::string judge(const std::string& algorithm, const KeySet& keys, const std::string& token) {
    Rules rules;
    rules.algorithm = find_algorithm(algorithm);
    try {
        return verify(token, rules, keys, now).subject.empty() ? "nobody" : "accepted";
    } catch (const plugin::Failure& failure) {
        if (failure.code() == TANDEM_UNSUPPORTED) return "not mine";
        return failure.code() == TANDEM_UNAUTHORIZED ? "refused" : failure.what();
    }
}

std::string with_signature(const std::string& token, const std::string& signature) {
    return token.substr(0, token.rfind('.') + 1) + base64url(signature);
}

}  // namespace

class AlgorithmsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AlgorithmsTest);
    CPPUNIT_TEST(every_algorithm_is_accepted_with_its_own_key);
    CPPUNIT_TEST(every_public_key_may_stand_in_a_pem_file);
    CPPUNIT_TEST(t02_a_public_key_is_never_taken_for_a_secret);
    CPPUNIT_TEST(t03_no_algorithm_is_accepted_in_the_place_of_another);
    CPPUNIT_TEST(t17_every_flipped_bit_of_every_signature_is_found);
    CPPUNIT_TEST(t17_curve_signatures_are_numbers_in_range_and_in_order);
    CPPUNIT_TEST(t16_signatures_of_other_lengths_are_refused);
    CPPUNIT_TEST(t16_a_signature_keeps_the_zeros_in_front);
    CPPUNIT_TEST(a_salt_has_the_length_of_the_hash);
    CPPUNIT_TEST(the_same_claims_under_another_key_are_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_algorithm_is_accepted_with_its_own_key() {
        for (const std::string& algorithm : all_algorithms) {
            const KeySet keys = set_of(algorithm, key_of(algorithm).jwk("one"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(algorithm + keys.left_out(), size_t{1}, keys.size());
            expect("accepted", algorithm, keys, token_of(algorithm));
            expect("accepted", algorithm, keys, key_of(algorithm).token_of(claims_at(now_s)));
        }
    }

    void every_public_key_may_stand_in_a_pem_file() {
        for (const std::string& algorithm : all_algorithms) {
            if (is_secret(algorithm)) continue;
            const TemporaryFile file(key_of(algorithm).public_pem());
            Made made({{"algorithm", algorithm}, {"key_file", file.path()}});
            made.jwt->start();
            // With one key that the settings name, a kid is of no importance.
            for (const char* kid : {"", "one", "../../etc/passwd", "' OR 1=1 --"})
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    algorithm, std::string("accepted"),
                    made.judge(key_of(algorithm).token_of(claims_at(now_s), kid), now));
        }
    }

    void t02_a_public_key_is_never_taken_for_a_secret() {
        for (const std::string algorithm : {"RS256", "ES256", "EdDSA"}) {
            const SigningKey& honest = key_of(algorithm);
            const std::string pem = honest.public_pem(), jwk = honest.jwk("one");
            unsigned char* der = nullptr;
            const int size = i2d_PUBKEY(honest.key(), &der);
            const std::string der_text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
            OPENSSL_free(der);
            const TemporaryFile file(pem);
            Made made({{"algorithm", algorithm}, {"key_file", file.path()}});
            made.jwt->start();
            const KeySet keys = set_of(algorithm, jwk);
            for (const std::string& secret_text :
                 {pem, pem.substr(0, pem.size() - 1), der_text, jwk, fakes::key_set(jwk)}) {
                const SigningKey thief("HS256", secret_text);
                const std::string honest_about_it = thief.token_of(claims_at(now_s), "one");
                const std::string lying =
                    thief.token("{\"alg\":\"" + std::string(algorithm) + "\",\"kid\":\"one\"}",
                                claims_at(now_s));
                CPPUNIT_ASSERT_EQUAL(std::string("not mine"), made.judge(honest_about_it, now));
                CPPUNIT_ASSERT_EQUAL(std::string("refused"), made.judge(lying, now));
                expect("not mine", algorithm, keys, honest_about_it);
                expect("refused", algorithm, keys, lying);
            }
        }
    }

    void t03_no_algorithm_is_accepted_in_the_place_of_another() {
        for (const std::string& configured : all_algorithms) {
            const KeySet keys = set_of(configured, key_of(configured).jwk("one"));
            for (const std::string& used : all_algorithms) {
                if (used == configured) continue;
                expect("not mine", configured, keys, token_of(used));
                // The header says what is wanted and the signature is another's.
                const std::string text =
                    base64url("{\"alg\":\"" + configured + "\",\"kid\":\"one\"}") + '.' +
                    base64url(claims_at(now_s));
                expect("refused", configured, keys,
                       text + '.' + base64url(key_of(used).sign(text)));
            }
        }
        // The same RSA key, another padding or digest.
        const SigningKey& rsa = key_of("RS256");
        for (const char* used : {"PS256", "RS384", "RS512"}) {
            EVP_PKEY_up_ref(rsa.key());
            const SigningKey other(used, rsa.key());
            const std::string text =
                base64url(R"({"alg":"RS256"})") + '.' + base64url(claims_at(now_s));
            expect("refused", "RS256", set_of("RS256", rsa.jwk("one")),
                   text + '.' + base64url(other.sign(text)));
        }
    }

    void t17_every_flipped_bit_of_every_signature_is_found() {
        for (const std::string& algorithm : all_algorithms) {
            const KeySet keys = set_of(algorithm, key_of(algorithm).jwk("one"));
            const std::string token = token_of(algorithm);
            const std::string text = token.substr(0, token.rfind('.'));
            const std::string signature = key_of(algorithm).sign(text);
            expect("accepted", algorithm, keys, text + '.' + base64url(signature));
            CPPUNIT_ASSERT(signature.size() * 8 >= 256);
            for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
                std::string flipped = signature;
                flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
                expect("refused", algorithm, keys, text + '.' + base64url(flipped));
            }
        }
    }

    void t17_curve_signatures_are_numbers_in_range_and_in_order() {
        for (const std::string algorithm : {"ES256", "ES384"}) {
            const SigningKey& key = key_of(algorithm);
            const KeySet keys = set_of(algorithm, key.jwk("one"));
            const std::string token = token_of(algorithm);
            const std::string text = token.substr(0, token.rfind('.'));
            const std::string good = key.sign(text);
            const size_t half = good.size() / 2;
            const std::string r = good.substr(0, half), s = good.substr(half);
            const std::string zero(half, '\0'), ones(half, '\xff');
            const std::string order = order_of(algorithm, half);
            for (const std::string& bad :
                 {s + r, zero + s, r + zero, zero + zero, order + s, r + order, order + order,
                  ones + s, r + ones, ones + ones, zero.substr(1) + '\x01' + zero, r + r})
                expect("refused", algorithm, keys, with_signature(token, bad));
            // As other libraries write it.
            ECDSA_SIG* pair = ECDSA_SIG_new();
            ECDSA_SIG_set0(pair, number(r), number(s));
            unsigned char* der = nullptr;
            const int size = i2d_ECDSA_SIG(pair, &der);
            const std::string der_text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
            OPENSSL_free(der);
            ECDSA_SIG_free(pair);
            expect("refused", algorithm, keys, with_signature(token, der_text));
        }
    }

    void t16_signatures_of_other_lengths_are_refused() {
        for (const std::string& algorithm : all_algorithms) {
            const KeySet keys = set_of(algorithm, key_of(algorithm).jwk("one"));
            const std::string token = token_of(algorithm);
            const std::string good = key_of(algorithm).sign(token.substr(0, token.rfind('.')));
            for (const std::string& bad :
                 {good.substr(1), good.substr(0, good.size() - 1), good + '\0', '\0' + good,
                  good + good, good.substr(0, 1), std::string(16373, 'A'), std::string(3000, '\0')})
                expect("refused", algorithm, keys, with_signature(token, bad));
        }
    }

    void t16_a_signature_keeps_the_zeros_in_front() {
        const SigningKey& key = key_of("PS256");
        const KeySet keys = set_of("PS256", key.jwk("one"));
        const std::string token = token_of("PS256");
        const std::string text = token.substr(0, token.rfind('.'));
        // The salt is random: one in 256 begins with a zero.
        std::string good;
        for (int i = 0; i < 10000 && (good.empty() || good[0] != '\0'); ++i) good = key.sign(text);
        CPPUNIT_ASSERT_EQUAL('\0', good[0]);
        expect("accepted", "PS256", keys, with_signature(token, good));
        expect("refused", "PS256", keys, with_signature(token, good.substr(1)));
    }

    void a_salt_has_the_length_of_the_hash() {
        const SigningKey& key = key_of("PS256");
        const KeySet keys = set_of("PS256", key.jwk("one"));
        const std::string token = token_of("PS256");
        const std::string text = token.substr(0, token.rfind('.'));
        expect("accepted", "PS256", keys, with_signature(token, key.sign_salted(text, 32)));
        for (const int salt_bytes : {0, 20, 31, 33, 64, 222})
            expect("refused", "PS256", keys,
                   with_signature(token, key.sign_salted(text, salt_bytes)));
    }

    void the_same_claims_under_another_key_are_refused() {
        for (const std::string algorithm : {"HS256", "ES256", "ES384", "EdDSA"}) {
            const SigningKey stranger(algorithm);
            const KeySet keys = set_of(algorithm, key_of(algorithm).jwk("one"));
            expect("refused", algorithm, keys, stranger.token_of(claims_at(now_s), "one"));
        }
    }

private:
    static std::string token_of(const std::string& algorithm) {
        return key_of(algorithm).token_of(claims_at(now_s), "one");
    }
    static BIGNUM* number(const std::string& bytes) {
        return BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                         static_cast<int>(bytes.size()), nullptr);
    }
    /// The number of points of the curve.
    static std::string order_of(const std::string& algorithm, size_t size) {
        EC_GROUP* group =
            EC_GROUP_new_by_curve_name(algorithm == "ES384" ? NID_secp384r1 : NID_X9_62_prime256v1);
        std::string bytes(size, '\0');
        BN_bn2binpad(EC_GROUP_get0_order(group), reinterpret_cast<unsigned char*>(bytes.data()),
                     static_cast<int>(size));
        EC_GROUP_free(group);
        return bytes;
    }
    static void expect(const std::string& outcome, const std::string& algorithm, const KeySet& keys,
                       const std::string& token) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(algorithm, outcome, judge(algorithm, keys, token));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AlgorithmsTest);

}  // namespace tandem::jwt
