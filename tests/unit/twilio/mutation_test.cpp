#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "form.hpp"
#include "instance.h"
#include "signature.hpp"
#include "signing.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using testing::Fields;
using testing::Instance;

/// A request that owns its bytes.
struct Call {
    std::string method, url, path, content_type, signature, body, token;
    bool genuine = false;

    WebhookRequest request() const {
        WebhookRequest request;
        request.method = method;
        request.public_url = url;
        const size_t host = url.find("://");
        const size_t slash = host == std::string::npos ? host : url.find('/', host + 3);
        request.target = slash == std::string::npos ? std::string_view("/")
                                                    : std::string_view(url).substr(slash);
        request.path = path;
        if (!content_type.empty()) request.headers.push_back({"Content-Type", content_type});
        if (!signature.empty()) request.headers.push_back({"X-Twilio-Signature", signature});
        request.body = body;
        return request;
    }
};

std::vector<Call> recorded() {
    std::ifstream file(RECORDINGS "/signatures.json");
    CPPUNIT_ASSERT_MESSAGE("signatures.json is missing", bool(file));
    std::vector<Call> calls;
    const auto json = nlohmann::json::parse(file);
    for (const auto& row : json["vectors"]) {
        const auto text = [&](const char* name) {
            return row[name].is_string() ? row[name].get<std::string>() : std::string();
        };
        Call call{text("method"), text("url"),  "sms/incoming", "",
                  text("header"), text("body"), text("secret"), row["valid"].get<bool>()};
        if (row["kind"] == "json-body") call.content_type = "application/json";
        if (row["kind"] == "form" && call.method == "POST")
            call.content_type = "application/x-www-form-urlencoded";
        // A recorded GET with parameters counts those of the query twice: here they come as a
        // body, which must not pass unsigned.
        if (!row["body"].is_string()) {
            Fields fields;
            for (const auto& field : row["params"]) fields.emplace_back(field[0], field[1]);
            call.body = testing::encode(fields);
        }
        calls.push_back(std::move(call));
    }
    return calls;
}

tandem_status verdict(Twilio& twilio, const Call& call) {
    const WebhookRequest request = call.request();
    try {
        twilio.verify(request);
        return TANDEM_OK;
    } catch (const Failure& failure) {
        return failure.code();
    }
}

/// The requests of a day, all genuine.
std::vector<Call> genuine_calls() {
    const std::string base = "https://gw.example.com/api/webhooks/twilio/";
    const auto form = [&](const std::string& path, const std::string& query, const Fields& fields) {
        const std::string url = base + path + query;
        return Call{"POST",
                    url,
                    path,
                    "application/x-www-form-urlencoded",
                    testing::sign(testing::own_token, url, fields),
                    testing::encode(fields),
                    testing::own_token,
                    true};
    };
    const Fields common{
        {"AccountSid", testing::own_account}, {"From", "+14155550199"}, {"To", "+14155550100"}};
    const auto with = [&](Fields more) {
        more.insert(more.end(), common.begin(), common.end());
        return more;
    };
    std::vector<Call> calls{
        form("sms/incoming", "",
             with({{"MessageSid", testing::message_sid},
                   {"Body", "Grüße % + & \xf0\x9f\x98\x80"},
                   {"NumMedia", "1"},
                   {"MediaUrl0", "https://api.twilio.com/x"},
                   {"MediaContentType0", "image/png"}})),
        form("sms/status", "?message_id=0190f0c0-0000-7000-8000-000000000001",
             with({{"MessageSid", testing::message_sid},
                   {"MessageStatus", "undelivered"},
                   {"ErrorCode", "30003"}})),
        form("voice/status", "",
             with({{"CallSid", "CA11111111111111111111111111111111"},
                   {"CallStatus", "completed"},
                   {"CallDuration", "61"},
                   {"Timestamp", "Tue, 14 Nov 2023 22:13:20 +0000"}})),
    };
    const std::string json = R"({"MessageSid": "SM11111111111111111111111111111111", "Body": "x",
        "AccountSid": "AC00000000000000000000000000000001", "From": "+1415", "To": "+1416"})";
    const std::string hashed = base + "sms/incoming?bodySHA256=" + testing::sha256(json);
    calls.push_back({"POST", hashed, "sms/incoming", "application/json",
                     testing::sign(testing::own_token, hashed, {}), json, testing::own_token,
                     true});
    const std::string got =
        base + "sms/incoming?" + testing::encode(with({{"MessageSid", testing::message_sid}}));
    calls.push_back({"GET", got, "sms/incoming", "", testing::sign(testing::own_token, got, {}), "",
                     testing::own_token, true});
    return calls;
}

/// What a genuine request says is what this fingerprint says.
std::string meaning(const Call& call) {
    std::string text = call.method + "\n" + call.url + "\n" + call.path + "\n" + call.signature;
    if (call.content_type.rfind("application/json", 0) == 0) return text + "\n" + call.body;
    // Twilio signs the set of decoded fields, one after the other: their order and spelling are
    // not signed, nor where a name ends and its value begins.
    std::set<std::pair<std::string, std::string>> fields;
    for (const auto& field : parse_form(call.body, 4096).fields) fields.insert(field);
    text += "\n";
    for (const auto& [name, value] : fields) text += name + value;
    return text;
}

using Random = std::mt19937_64;

size_t below(Random& random, size_t limit) {
    return limit == 0 ? 0 : static_cast<size_t>(random() % limit);
}

void mutate(std::string& text, Random& random) {
    static const std::vector<std::string> words{
        "%",           "%00", "%zz",  "&",           "=",
        ";",           "\0",  "\xff", "AccountSid=", "\r\n",
        "+",           "{",   "\"",   "\\u0000",     "[[[",
        "#",           "@",   "AC9",  "&From=",      "NumMedia=99999",
        "bodySHA256=", "://", ":443", "//",          "\xed\xa0\x80"};
    const size_t at = below(random, text.size() + 1);
    switch (random() % 6) {
        case 0: text.insert(at, words[below(random, words.size())]); break;
        case 1: text.erase(at, 1 + below(random, 8)); break;
        case 2:
            if (at < text.size()) text[at] = static_cast<char>(random());
            break;
        case 3:
            if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
            break;
        case 4: text.insert(at, text.substr(below(random, text.size() + 1), 40)); break;
        case 5: text.resize(at); break;
    }
}

void mutate(Call& call, Random& random) {
    switch (random() % 8) {
        case 0: mutate(call.signature, random); break;
        case 1: mutate(call.url, random); break;
        case 2: mutate(call.content_type, random); break;
        case 3: call.method = call.method == "GET" ? "POST" : "GET"; break;
        default: mutate(call.body, random); break;
    }
}

}  // namespace

class MutationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MutationTest);
    CPPUNIT_TEST(every_recorded_request_gets_its_verdict_from_the_plugin);
    CPPUNIT_TEST(ten_thousand_changed_requests_crash_nothing_and_prove_nothing);
    CPPUNIT_TEST(whatever_is_signed_is_read_or_refused_the_same_each_time);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_recorded_request_gets_its_verdict_from_the_plugin() {
        const auto calls = recorded();
        CPPUNIT_ASSERT_EQUAL(size_t{49}, calls.size());
        for (const Call& call : calls) {
            plugin::testing::FakeHost host("twilio");
            host.option("account_sid", testing::own_account);
            host.option("auth_token", call.token);
            Twilio twilio(host.host());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(call.url + " " + call.body,
                                         call.genuine ? TANDEM_OK : TANDEM_UNAUTHORIZED,
                                         static_cast<int>(verdict(twilio, call)));
        }
    }

    void ten_thousand_changed_requests_crash_nothing_and_prove_nothing() {
        const auto seed = static_cast<unsigned long>(std::random_device()());
        std::printf(" [seed %lu]", seed);
        const std::string seen = "seed " + std::to_string(seed);
        Random random(seed);
        Instance instance({}, {std::string(testing::subaccount) + ":" + testing::sub_token});
        const auto calls = genuine_calls();
        for (const Call& call : calls)
            CPPUNIT_ASSERT_EQUAL(TANDEM_OK, static_cast<int>(verdict(*instance.twilio, call)));
        size_t refused = 0;
        for (int round = 0; round < 10000; ++round) {
            const Call& original = calls[below(random, calls.size())];
            Call call = original;
            for (size_t i = 0; i <= below(random, 3); ++i) mutate(call, random);
            const tandem_status status = verdict(*instance.twilio, call);
            if (status == TANDEM_OK)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(seen, signed_part(original), signed_part(call));
            else
                ++refused;
            read(*instance.twilio, call);
        }
        CPPUNIT_ASSERT_MESSAGE(seen, refused > 5000);
    }

    /// As the host calls it where signatures are only reported, and twice.
    void whatever_is_signed_is_read_or_refused_the_same_each_time() {
        const auto seed = static_cast<unsigned long>(std::random_device()());
        std::printf(" [seed %lu]", seed);
        Random random(seed);
        Instance instance;
        const auto calls = genuine_calls();
        for (int round = 0; round < 3000; ++round) {
            Call call = calls[below(random, calls.size())];
            for (size_t i = 0; i <= below(random, 4); ++i) mutate(call.body, random);
            CPPUNIT_ASSERT_EQUAL_MESSAGE("seed " + std::to_string(seed),
                                         read(*instance.twilio, call),
                                         read(*instance.twilio, call));
        }
    }

private:
    /// What Twilio signed of a request, as far as it decides what the request means. The URL is
    /// compared as a candidate of the original is: without port and user.
    static std::string signed_part(const Call& call) {
        Call compared = call;
        // The method is not signed; a GET has no body, and a POST without fields says nothing.
        const bool json = is_media_type(call.content_type, "application/json");
        if (!json) compared.method = {};
        compared.url = call.url.substr(0, call.url.find('#'));
        const size_t port = compared.url.find(":443");
        if (port != std::string::npos) compared.url.erase(port, 4);
        const size_t user = compared.url.find('@');
        if (user != std::string::npos && user < compared.url.find('/', 8))
            compared.url.erase(8, user - 7);
        compared.content_type = json ? "application/json" : "";
        return meaning(compared);
    }

    /// The keys of what it says, or the status of its refusal.
    static std::string read(Twilio& twilio, const Call& call) {
        const WebhookRequest request = call.request();
        plugin::testing::RecordedWebhook said;
        try {
            twilio.normalise(request, said.sink());
        } catch (const Failure& failure) {
            const int code = failure.code();
            CPPUNIT_ASSERT(code == TANDEM_INVALID || code == TANDEM_LIMITED ||
                           code == TANDEM_UNSUPPORTED || code == TANDEM_NOT_FOUND);
            return std::to_string(code);
        }
        std::string keys;
        for (const AnyEvent& event : said.events())
            std::visit(
                [&](const auto& one) {
                    CPPUNIT_ASSERT(!one.dedupe_key.empty() && one.dedupe_key.size() <= 512);
                    for (const std::string* text :
                         {&one.dedupe_key, &one.business_address, &one.customer_address})
                        CPPUNIT_ASSERT_EQUAL(repaired(*text), *text);
                    keys += one.dedupe_key + " " + one.business_address + "\n";
                },
                event);
        return keys;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MutationTest);

}  // namespace tandem::twilio
