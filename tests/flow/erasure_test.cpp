#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr char gone[] = "+15557654321";
constexpr std::chrono::seconds longest_erasure{60};

// What is said by and of the person; none of it may be found afterwards.
constexpr char digits[] = "5557654321";
constexpr char name[] = "Wilhelmina Canary";
constexpr char mail[] = "canary-mail@example.org";
constexpr char sentence[] = "My canary ate the saddle";
constexpr char spoken[] = "a canary yellow one";
constexpr char told[] = "Canary summary of the call";
constexpr char by_human[] = "Dear canary owner";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// What stands beside it, in letters.
std::string around(const std::string& bytes, const std::string& canary) {
    const size_t at = bytes.find(canary);
    std::string text = bytes.substr(at < 200 ? 0 : at - 200, 400);
    for (char& letter : text)
        if (letter < ' ' || letter > '~') letter = '.';
    return " (" + text + ")";
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

/// Who is erased leaves nothing but keyed hashes, and their opt-out stands.
class ErasureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ErasureTest);
    CPPUNIT_TEST(nothing_is_left_but_the_opt_out);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.voice = "elevenlabs";
        store.more_providers += elevenlabs_.settings();
        store.more = "conversation: {coalesce_ms: 50}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        screen_ = std::make_unique<Screen>(*gateway_);
        client_ = std::make_unique<HttpClient>(gateway_->url());
        bearer_ = {{"Authorization", "Bearer " + gateway_->token("bikes", "admin")},
                   {"Content-Type", "application/json"}};
    }

    void nothing_is_left_but_the_opt_out() {
        live();
        for (const char* canary : {digits, name, mail, sentence, spoken, told, by_human})
            CPPUNIT_ASSERT_MESSAGE(canary, !where_is(canary).empty());

        const auto begun = std::chrono::steady_clock::now();
        expect(200, "DELETE", conversation(), "");
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begun < longest_erasure);
        nobody_is_there("after the erasure");

        // Every webhook again, before and after a restart: nothing is new about them.
        const size_t sent = twilio_.messages().size();
        redeliver();
        nobody_is_there("after redelivery");
        gateway_->kill();
        gateway_->start();
        client_ = std::make_unique<HttpClient>(gateway_->url());
        redeliver();
        nobody_is_there("after a restart");
        CPPUNIT_ASSERT_EQUAL(sent, twilio_.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());

        the_opt_out_stands();
    }

private:
    /// Texts of all three, a call, a name, an end.
    void live() {
        answered(twilio_.receive(customer, "hello"));  // a bystander
        answered(twilio_.receive(gone, sentence));
        CPPUNIT_ASSERT(twilio_.await_messages(2));
        CPPUNIT_ASSERT(await([&] { return !screen_->answer_status(gone).empty(); }));
        answered(twilio_.status(sid_to(gone), "delivered"));
        CPPUNIT_ASSERT(await([&] { return screen_->answer_status(gone) == "delivered"; }));
        const Json lead = body(client_->get(conversation(), bearer_)).at("data").at("lead");
        expect(200, "PATCH", "/api/leads/" + lead.at("id").get<std::string>(),
               Json{{"customerName", name}, {"email", mail}}.dump());
        const Json call = elevenlabs_.ring(gone);
        answered(call);
        answered(elevenlabs_.finish(call.at("conversation_id"), told,
                                    {{{"role", "agent"}, {"message", "Which one?"}},
                                     {{"role", "user"}, {"message", spoken}}}));
        const std::string phone = Json{{"phoneNumber", gone}}.dump();
        expect(200, "POST", "/api/human-control/join", phone);
        expect(200, "POST", "/api/human-control/send-message",
               Json{{"phoneNumber", gone}, {"message", by_human}}.dump());
        expect(200, "POST", "/api/human-control/leave", phone);
        answered(twilio_.receive(gone, "STOP"));
        CPPUNIT_ASSERT(screen_->await_events("customer_opted_out", 1));
        CPPUNIT_ASSERT(twilio_.await_messages(3));
    }

    void nobody_is_there(const char* when) {
        expect(404, "GET", conversation(), "");
        for (const char* canary : {digits, name, mail, sentence, spoken, told, by_human})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(when, std::string(), where_is(canary));
        CPPUNIT_ASSERT_MESSAGE("the bystander is gone", !where_is("5551234567").empty());
    }

    void redeliver() {
        for (Fake* fake : {static_cast<Fake*>(&twilio_), static_cast<Fake*>(&elevenlabs_)})
            for (const Json& webhook : fake->sent()) {
                const Json got = fake->again(webhook.at("number").get<size_t>());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
            }
    }

    void the_opt_out_stands() {
        const size_t sent = twilio_.messages().size();
        refused("/api/conversations/outbound-call", Json{{"phoneNumber", gone}});
        refused(conversation() + "/messages", Json{{"message", "We miss you"}});
        refused("/api/human-control/join",
                Json{{"phoneNumber", gone}, {"customMessage", "Hello, it is me"}});
        answered(twilio_.receive(gone, "Who is this?"));
        const Json seen = body(client_->get(conversation(), bearer_)).at("data");
        CPPUNIT_ASSERT(seen.at("optedOut").get<bool>());
        answered(twilio_.receive(gone, "START"));
        CPPUNIT_ASSERT(screen_->await_events("customer_opted_in", 1));
        answered(twilio_.receive(gone, "Now then?"));
        CPPUNIT_ASSERT(twilio_.await_messages(sent + 1));
        CPPUNIT_ASSERT_EQUAL(sent + 1, twilio_.messages().size());

        // Erased once more as somebody who had not opted out: a stranger like any other.
        expect(200, "DELETE", conversation(), "");
        answered(twilio_.receive(gone, "It is me"));
        CPPUNIT_ASSERT(twilio_.await_messages(sent + 2));
    }

    void refused(const std::string& path, const Json& what) {
        const HttpAnswer answer = client_->post(path, what.dump(), bearer_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 409, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("OPTED_OUT"), body(answer).value("code", ""));
    }

    static void answered(const Json& got) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
    }
    void expect(int status, const std::string& method, const std::string& path,
                const std::string& text) {
        const HttpAnswer answer = client_->send(method, path, text, bearer_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(method + ' ' + path + ": " + answer.body, status,
                                     answer.status);
    }
    static Json body(const HttpAnswer& answer) { return Json::parse(answer.body); }
    static std::string conversation() {
        return "/api/conversations/%2B" + std::string(gone).substr(1);
    }
    std::string sid_to(const std::string& phone) {
        for (const Json& message : twilio_.messages())
            if (message.at("to") == phone) return message.at("sid");
        return {};
    }

    /// The files of the gateway with these bytes, its log among them; empty: nowhere.
    std::string where_is(const std::string& canary) {
        std::string places;
        namespace fs = std::filesystem;
        for (const auto& entry : fs::recursive_directory_iterator(gateway_->folder().file("")))
            if (entry.is_regular_file())
                if (const std::string bytes = bytes_of(entry.path()); has(bytes, canary))
                    places += entry.path().filename().string() + around(bytes, canary) + ' ';
        if (has(gateway_->output(), canary)) places += "the log";
        return places;
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Screen> screen_;
    std::unique_ptr<HttpClient> client_;
    Headers bearer_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ErasureTest);

}  // namespace tandem::flow
