#include <cppunit/TestFixture.h>

#include "ground.h"
#include "receive/routes.h"

namespace tandem::receive {

namespace {

using testing::Asked;
using testing::House;

}  // namespace

class SandboxRoutesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SandboxRoutesTest);
    CPPUNIT_TEST(only_internal_routes_of_the_plugin_are_opened);
    CPPUNIT_TEST(a_message_reaches_the_plugin_checked_and_with_an_id);
    CPPUNIT_TEST(a_call_reaches_the_plugin_with_its_turns);
    CPPUNIT_TEST(numbers_of_others_are_no_numbers);
    CPPUNIT_TEST(wrong_bodies_are_refused_with_the_contracts_codes);
    CPPUNIT_TEST(everything_amiss_is_told_at_once);
    CPPUNIT_TEST(a_token_of_an_unknown_organisation_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        house_->source->declared = {{"POST", "messages", true}, {"POST", "calls", true}};
        house_->source->judge = [](const WebhookRequest&) -> Result<void> {
            return Error{Code::Unauthorized, "nothing comes from outside"};
        };
        house_->source->read = [this](const WebhookRequest& request) {
            told_ = request;
            return Result<Normalised>(Normalised{{}, {200, "application/json", R"({"a":1})"}});
        };
        routes_ = made();
    }
    void tearDown() override {
        routes_.clear();
        house_.reset();
    }

    void only_internal_routes_of_the_plugin_are_opened() {
        CPPUNIT_ASSERT_EQUAL(size_t{2}, routes_.size());
        for (const auto& route : routes_) {
            CPPUNIT_ASSERT_EQUAL(std::string("conversations:write"), route.permission);
            CPPUNIT_ASSERT(route.access == serve::Access::Bearer);
        }
        house_->source->declared = {{"POST", "messages", false}};
        CPPUNIT_ASSERT(made().empty());
    }

    void a_message_reaches_the_plugin_checked_and_with_an_id() {
        const auto response = post("messages", R"({"from": "(415) 555-0199", "text": "Hi"})");
        CPPUNIT_ASSERT_EQUAL(200, response.status);
        CPPUNIT_ASSERT(response.body.find(R"("data":{"a":1})") != std::string::npos);
        CPPUNIT_ASSERT(response.body.find(R"("success":true)") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("messages"), told_.path);
        expect_told(R"("from":"+14155550199")");
        expect_told(R"("to":"+14155550100")");
        expect_told(R"("text":"Hi")");
        expect_told(R"("id":")");
        const std::string first = told_.body;
        post("messages", R"({"from": "(415) 555-0199", "text": "Hi"})");
        CPPUNIT_ASSERT(first != told_.body);
    }

    void a_call_reaches_the_plugin_with_its_turns() {
        const auto response = post("calls", R"({"from": "+14155550199", "to": "4155550100",
            "summary": "S", "turns": [{"role": "user", "message": "Hi"}]})");
        CPPUNIT_ASSERT_EQUAL(200, response.status);
        expect_told(R"("turns":[{"message":"Hi","role":"user"}])");
        expect_told(R"("summary":"S")");
    }

    void numbers_of_others_are_no_numbers() {
        const auto foreign =
            post("messages", R"({"from": "+14155550199", "to": "+14155550111", "text": "Hi"})");
        const auto nobodys =
            post("messages", R"({"from": "+14155550199", "to": "+14155550122", "text": "Hi"})");
        CPPUNIT_ASSERT_EQUAL(400, foreign.status);
        CPPUNIT_ASSERT_EQUAL(foreign.body, nobodys.body);
        CPPUNIT_ASSERT(told_.body.empty());
    }

    void wrong_bodies_are_refused_with_the_contracts_codes() {
        const std::string deep =
            R"({"from": "+14155550199", "text": )" + std::string(100, '[') + "}";
        const std::string loop =
            R"({"from": "+14155550199", "text": ")" + std::string(20000, 'a') + R"("})";
        const std::string good = R"({"from": "+14155550199", "text": "Hi"})";
        const std::string nul(1, '\0');
        const std::vector<std::pair<std::string, const char*>> cases{
            {"", "VALIDATION_FAILED"},
            {good + nul, "VALIDATION_FAILED"},
            {good + nul + "anything", "VALIDATION_FAILED"},
            {nul + good, "VALIDATION_FAILED"},
            {good + good, "VALIDATION_FAILED"},
            {R"({"from": "+14155550199", "text": "a\u0000b"})", "VALIDATION_FAILED"},
            {R"({"from": "+14155550199", "text": "a", "more": [{"a": 1, "a": 1}]})",
             "VALIDATION_FAILED"},
            {"[]", "VALIDATION_FAILED"},
            {"{", "VALIDATION_FAILED"},
            {deep, "VALIDATION_FAILED"},
            {loop, "VALIDATION_FAILED"},
            {R"({"text": "Hi"})", "MISSING_PHONE_NUMBER"},
            {R"({"from": "911", "text": "Hi"})", "INVALID_PHONE_NUMBER"},
            {R"({"from": "+14155550199", "to": "x", "text": "Hi"})", "INVALID_PHONE_NUMBER"},
            {R"({"from": "+14155550199"})", "VALIDATION_FAILED"},
            {R"({"from": "+14155550199", "text": 7})", "VALIDATION_FAILED"},
            {R"({"from": "+14155550199", "text": "a", "text": "b"})", "VALIDATION_FAILED"},
            {R"({"from": "+14155550199", "text": "a", "more": 1})", "VALIDATION_FAILED"},
            {"{\"from\": \"+14155550199\", \"text\": \"\xff\"}", "VALIDATION_FAILED"},
        };
        for (const auto& [body, code] : cases) {
            const auto response = post("messages", body);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, response.status);
            CPPUNIT_ASSERT_MESSAGE(body + response.body,
                                   response.body.find(code) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(response.body,
                                   response.body.find("\"errors\":[{") != std::string::npos);
        }
        for (const char* turns : {"7", "[7]", R"([{"role": "god"}])", R"([{"x": 1}])"}) {
            const std::string body =
                R"({"from": "+14155550199", "turns": )" + std::string(turns) + "}";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, post("calls", body).status);
        }
        CPPUNIT_ASSERT(told_.body.empty());
    }

    void everything_amiss_is_told_at_once() {
        const auto response = post("calls", R"({"from": 7, "more": 1, "summary": null,
            "turns": [{"role": "user", "message": "Hi"}, {"role": "god", "x": 1}, 5]})");
        CPPUNIT_ASSERT_EQUAL(400, response.status);
        for (const char* part :
             {R"({"field":"from","message":"must be a text"})",
              R"({"field":"turns[1].role","message":"must be user, agent or human_agent"})",
              R"({"field":"turns[1].x","message":"is not known"})",
              R"({"field":"turns[2]","message":"must be an object"})",
              R"({"field":"more","message":"is not known"})"})
            CPPUNIT_ASSERT_MESSAGE(part + response.body,
                                   response.body.find(part) != std::string::npos);
        CPPUNIT_ASSERT(response.body.find("summary") == std::string::npos);
        CPPUNIT_ASSERT(told_.body.empty());
    }

    void a_token_of_an_unknown_organisation_is_refused() {
        organization_ = "nobody";
        CPPUNIT_ASSERT_EQUAL(403,
                             post("messages", R"({"from": "+14155550199", "text": "Hi"})").status);
    }

private:
    std::vector<serve::Route> made() {
        return sandbox_routes(*house_->intake, {house_->source, false}, house_->organizations,
                              house_->ids, house_->clock, 1024 * 1024);
    }

    serve::Response post(const std::string& path, std::string body) {
        for (const auto& route : routes_) {
            if (route.pattern != "/api/sandbox/" + path) continue;
            serve::Request request;
            request.method = "POST";
            request.body = std::move(body);
            request.identity.emplace();
            request.identity->organization = domain::OrganizationId::vouched(organization_);
            auto asked = std::make_shared<Asked>();
            route.handler(std::move(request), serve::Responder(asked));
            return asked->wait();
        }
        CPPUNIT_FAIL("no such route");
        return {};
    }

    void expect_told(const std::string& piece) {
        CPPUNIT_ASSERT_MESSAGE(told_.body, told_.body.find(piece) != std::string::npos);
    }

    std::unique_ptr<House> house_;
    std::vector<serve::Route> routes_;
    std::string organization_ = "bici";
    WebhookRequest told_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SandboxRoutesTest);

}  // namespace tandem::receive
