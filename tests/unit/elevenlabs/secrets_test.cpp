#include "secrets.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <random>

#include "fixture.h"

namespace tandem::elevenlabs {

using namespace plugin;
using testing::Instance;
using testing::now;
using testing::Options;

namespace {

void replace(std::string& text, const std::string& name, const std::string& value) {
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
        text.replace(at, name.size(), value);
}

std::string in_capitals(std::string text) {
    for (char& letter : text)
        if (letter >= 'a' && letter <= 'f') letter = static_cast<char>(letter - 32);
    return text;
}

}  // namespace

class SecretsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SecretsTest);
    CPPUNIT_TEST(all_recorded_requests_get_the_recorded_verdict);
    CPPUNIT_TEST(j14_headers_of_odd_shape_get_the_recorded_verdict);
    CPPUNIT_TEST(each_secret_of_a_rotation_is_enough);
    CPPUNIT_TEST(an_expired_signature_is_refused_and_named);
    CPPUNIT_TEST(without_a_configured_secret_nobody_is_genuine);
    CPPUNIT_TEST(two_signature_headers_are_none);
    CPPUNIT_TEST(ten_thousand_mutations_are_not_genuine);
    CPPUNIT_TEST(the_initiation_secret_comes_in_three_ways);
    CPPUNIT_TEST(a_wrong_or_missing_initiation_secret_is_refused);
    CPPUNIT_TEST(the_path_of_one_route_is_no_secret_of_the_other);
    CPPUNIT_TEST_SUITE_END();

public:
    void all_recorded_requests_get_the_recorded_verdict() {
        const auto rows = testing::recorded("signatures.json")["vectors"];
        CPPUNIT_ASSERT_EQUAL(size_t{24}, rows.size());
        for (const auto& row : rows) {
            Instance instance(Options{{"post_call_webhook_secret", row["secret"]}});
            const std::string header = row["header"];
            std::vector<Header> headers;
            if (!header.empty()) headers.push_back({"elevenlabs-signature", header});
            const std::string why = instance.refusal("post-call", headers, row["body"],
                                                     row["now"].get<tandem_time>() * 1000);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row["name"].get<std::string>() + ": " + why,
                                         row["valid"].get<bool>(), why.empty());
        }
    }

    void j14_headers_of_odd_shape_get_the_recorded_verdict() {
        Instance instance;
        const std::string body = testing::read("inbound.json");
        const auto rows = testing::recorded("signature_shapes.json")["rows"];
        CPPUNIT_ASSERT_EQUAL(size_t{19}, rows.size());
        for (const auto& row : rows) {
            std::string header = row["header"];
            const std::string time = std::to_string(now / 1000 + row["offset"].get<int>());
            const std::string right = testing::mac(testing::post_call_secret, time, body);
            replace(header, "{t}", time);
            replace(header, "{mac}", right);
            replace(header, "{MAC}", in_capitals(right));
            replace(header, "{half}", right.substr(0, 63));
            replace(header, "{zero}", std::string(64, '0'));
            const std::string why =
                instance.refusal("post-call", {{"ElevenLabs-Signature", header}}, body);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row["name"].get<std::string>() + ": " + why,
                                         row["valid"].get<bool>(), why.empty());
        }
        CPPUNIT_ASSERT(!proves(instance, body, std::string(1 << 20, ',')));
    }

    void each_secret_of_a_rotation_is_enough() {
        const Secrets secrets({"", "new", "old"});
        for (const char* secret : {"new", "old", "other"}) {
            const std::string header = "t=1700000000,v0=" + testing::mac(secret, "1700000000", "x");
            CPPUNIT_ASSERT_EQUAL(std::string(secret) == "other",
                                 !secrets.reason_against(header, "x", now).empty());
        }
    }

    void an_expired_signature_is_refused_and_named() {
        Instance instance;
        const std::string body = testing::read("inbound.json");
        const Header old{"ElevenLabs-Signature", testing::signature(body, now - 1'801'000)};
        CPPUNIT_ASSERT(instance.refusal("post-call", {old}, body).find("older than 30 minutes") !=
                       std::string::npos);
        // Whoever has no secret does not learn what of the rest was right.
        const Header forged{"ElevenLabs-Signature", "t=1,v0=" + std::string(64, 'a')};
        CPPUNIT_ASSERT(instance.refusal("post-call", {forged}, body).find("older") ==
                       std::string::npos);
        CPPUNIT_ASSERT(proves(instance, body, testing::signature(body, now - 1'800'000)));
        CPPUNIT_ASSERT(proves(instance, body, testing::signature(body, now + 1'800'000)));
    }

    void without_a_configured_secret_nobody_is_genuine() {
        Instance instance(
            {{"post_call_webhook_secret", ""}, {"conversation_initiation_webhook_secret", ""}});
        const std::string header = "t=1700000000,v0=" + testing::mac("", "1700000000", "{}");
        CPPUNIT_ASSERT(!proves(instance, "{}", header));
        for (const Header& empty :
             {Header{"X-Webhook-Secret", ""}, Header{"Authorization", "Bearer "}})
            CPPUNIT_ASSERT(!instance.refusal("conversation-initiation", {empty}, "{}").empty());
        CPPUNIT_ASSERT(!instance.refusal("conversation-initiation/", {}, "{}").empty());
    }

    void two_signature_headers_are_none() {
        Instance instance;
        const Header good{"ElevenLabs-Signature", testing::signature("{}")};
        CPPUNIT_ASSERT(instance.refusal("post-call", {good}, "{}").empty());
        CPPUNIT_ASSERT(!instance.refusal("post-call", {good, good}, "{}").empty());
    }

    // Seeded, so that what fails once fails again.
    void ten_thousand_mutations_are_not_genuine() {
        Instance instance;
        std::mt19937_64 random(20261123);
        const std::vector<std::string> bodies{
            testing::read("inbound.json"), testing::read("busy.json"), testing::read("audio.json"),
            R"({"caller_id":"+1","agent_id":"a","called_number":"+2","call_sid":"CA1"})"};
        for (int round = 0; round < 10'000; ++round) {
            const std::string& body = bodies[random() % bodies.size()];
            std::string changed = body, header = testing::signature(body);
            (round % 2 == 0 ? mutate(changed, random) : mutate(header, random));
            const bool same = changed == body && header == testing::signature(body);
            const bool genuine = proves(instance, changed, header);
            // A change that leaves time and hash as they are proves the same body still.
            const bool harmless = changed == body && still_proves(header, body);
            CPPUNIT_ASSERT_MESSAGE(header + "\n" + changed, !genuine || same || harmless);
            bear(instance, changed);
        }
    }

    void the_initiation_secret_comes_in_three_ways() {
        Instance instance;
        const std::string secret = testing::initiation_secret;
        const std::string path = "conversation-initiation";
        for (const Header& header :
             {Header{"X-Webhook-Secret", secret}, Header{"x-webhook-secret", secret},
              Header{"Authorization", "Bearer " + secret},
              Header{"authorization", "bearer   " + secret}}) {
            CPPUNIT_ASSERT_EQUAL(std::string(), instance.refusal(path, {header}, "{}"));
            CPPUNIT_ASSERT_EQUAL(std::string(), instance.refusal(path + "/x", {header}, "{}"));
        }
        CPPUNIT_ASSERT_EQUAL(std::string(), instance.refusal(path + "/" + secret, {}, "{}"));
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             instance.refusal(path + "/" + secret + "?a=/b", {}, ""));
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             instance.refusal(path + "/%69" + secret.substr(1), {}, "{}"));
        Instance rotating;
        rotating.host.option_list("conversation_initiation_webhook_secret", {"new", secret});
        rotating.plugin = std::make_unique<ElevenLabs>(rotating.host.host());
        for (const std::string& one : {std::string("new"), secret})
            CPPUNIT_ASSERT_EQUAL(std::string(),
                                 rotating.refusal(path, {{"X-Webhook-Secret", one}}, "{}"));
    }

    void a_wrong_or_missing_initiation_secret_is_refused() {
        Instance instance;
        const std::string secret = testing::initiation_secret;
        for (const std::string& wrong :
             {std::string(), secret + "x", secret.substr(1), " " + secret, secret + " ",
              std::string(100'000, 'a'), std::string(testing::post_call_secret)}) {
            const std::string path = "conversation-initiation";
            CPPUNIT_ASSERT(!instance.refusal(path, {{"X-Webhook-Secret", wrong}}, "{}").empty());
            CPPUNIT_ASSERT(
                !instance.refusal(path, {{"Authorization", "Basic " + secret}}, "{}").empty());
            CPPUNIT_ASSERT(!instance.refusal(path, {{"Authorization", secret}}, "{}").empty());
            CPPUNIT_ASSERT(!instance.refusal(path + "/" + wrong + "x", {}, "{}").empty());
            CPPUNIT_ASSERT(!instance.refusal(path, {}, "{}").empty());
        }
        for (const char* malformed : {"%", "%6", "%zz", "%00"})
            CPPUNIT_ASSERT(
                !instance.refusal("conversation-initiation/" + secret + malformed, {}, "{}")
                     .empty());
        for (const plugin::testing::LogLine& line : instance.host.log())
            CPPUNIT_ASSERT(line.text.find(secret) == std::string::npos);
    }

    void the_path_of_one_route_is_no_secret_of_the_other() {
        // The last segment of the plain route is its own name.
        Instance instance(
            Options{{"conversation_initiation_webhook_secret", "conversation-initiation"}});
        CPPUNIT_ASSERT(!instance.refusal("conversation-initiation", {}, "{}").empty());
        CPPUNIT_ASSERT(
            !instance.refusal("post-call", {{"X-Webhook-Secret", "conversation-initiation"}}, "{}")
                 .empty());
    }

private:
    static bool proves(Instance& instance, const std::string& body, const std::string& header) {
        return instance.refusal("post-call", {{"ElevenLabs-Signature", header}}, body).empty();
    }

    static bool still_proves(const std::string& header, const std::string& body) {
        const size_t t = header.rfind("t=1700000000");
        return t != std::string::npos &&
               header.find("v0=" + testing::mac(testing::post_call_secret, "1700000000", body)) !=
                   std::string::npos;
    }

    static void mutate(std::string& text, std::mt19937_64& random) {
        for (size_t changes = 1 + random() % 4; changes > 0; --changes) {
            const size_t at = text.empty() ? 0 : random() % text.size();
            switch (random() % 4) {
                case 0: text.insert(at, 1, static_cast<char>(random())); break;
                case 1: text.erase(at, 1 + random() % 8); break;
                case 2: text += text.substr(at, random() % 64); break;
                default:
                    if (!text.empty()) text[at] = static_cast<char>(random());
            }
        }
    }

    // Whatever the bytes are, both readers say something or refuse.
    static void bear(Instance& instance, const std::string& body) {
        for (const bool post_call : {true, false}) {
            try {
                post_call ? instance.post_call(body) : instance.initiation(body);
            } catch (const Failure& failure) {
                CPPUNIT_ASSERT(failure.code() == TANDEM_INVALID ||
                               failure.code() == TANDEM_LIMITED);
            }
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SecretsTest);

}  // namespace tandem::elevenlabs
