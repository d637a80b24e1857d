#include "describe/describe.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "describe/codes.h"
#include "publish/payload.h"

namespace tandem::describe {

using Json = nlohmann::json;
using serve::Access;
using serve::Route;

class DescribeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DescribeTest);
    CPPUNIT_TEST(a_route_is_described_as_it_is_served);
    CPPUNIT_TEST(what_is_amiss_with_a_description_does_not_start);
    CPPUNIT_TEST(two_operations_of_one_name_do_not_start);
    CPPUNIT_TEST(a_stream_without_a_channel_does_not_start);
    CPPUNIT_TEST(files_and_undescribed_routes_outside_the_api_are_left_out);
    CPPUNIT_TEST(only_schemas_in_use_are_listed);
    CPPUNIT_TEST(every_event_of_the_contract_is_a_message_of_the_streams);
    CPPUNIT_TEST(a_code_has_one_status_and_stands_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_route_is_described_as_it_is_served() {
        const Json document = openapi_of({lead()});
        CPPUNIT_ASSERT_EQUAL(std::string("3.1.0"), document["openapi"].get<std::string>());
        const Json& operation = document["paths"]["/api/leads/{id}"]["patch"];
        CPPUNIT_ASSERT_EQUAL(std::string("changeLead"),
                             operation["operationId"].get<std::string>());
        CPPUNIT_ASSERT(operation["description"].get<std::string>().find("leads:write") !=
                       std::string::npos);
        CPPUNIT_ASSERT(operation["security"] == Json::parse(R"([{"bearer":[]}])"));
        CPPUNIT_ASSERT(operation["parameters"][0]["$ref"] == "#/components/parameters/id");
        CPPUNIT_ASSERT(operation["requestBody"]["required"] == true);
        const Json& answers = operation["responses"];
        for (const char* status : {"200", "400", "401", "403", "404", "413", "415", "429", "503"})
            CPPUNIT_ASSERT_MESSAGE(status, answers.contains(status));
        CPPUNIT_ASSERT(answers["404"]["content"].contains("application/problem+json"));
    }

    void what_is_amiss_with_a_description_does_not_start() {
        const auto refused = [](auto spoil, const std::string& named) {
            Route route = lead();
            spoil(route);
            refuses({route}, named);
        };
        refused([](Route& route) { route.described = {}; }, "operation id");
        refused([](Route& route) { route.described.summary.clear(); }, "summary");
        refused([](Route& route) { route.described.tag = "odd"; }, "tag odd");
        refused([](Route& route) { route.described.body.clear(); }, "names no schema");
        refused([](Route& route) { route.described.body = "Odd"; }, "schema Odd");
        refused([](Route& route) { route.described.answer.clear(); }, "answer");
        refused([](Route& route) { route.described.answer = "Odd"; }, "schema Odd");
        refused([](Route& route) { route.described.pagination = "Odd"; }, "schema Odd");
        refused([](Route& route) { route.described.media_type = "text/plain"; }, "media type");
        refused([](Route& route) { route.described.errors = {"ODD"}; }, "code ODD");
        refused([](Route& route) { route.pattern = "/api/leads/{odd}"; }, "parameter odd");
        refused([](Route& route) { route.body_limit = 0; }, "does not read");
        const auto unnamed = [](Route& route) {
            route.reads_json = false;
            route.described.body.clear();
        };
        refused(unnamed, "neither schema nor media type");
    }

    void two_operations_of_one_name_do_not_start() {
        Route second = lead();
        second.pattern = "/api/others/{id}";
        refuses({lead(), second}, "changeLead");
    }

    void a_stream_without_a_channel_does_not_start() {
        Route stream = streams()[0];
        stream.pattern = "/api/stream/leads";
        stream.described.id = "followLeads";
        refuses({stream}, "/api/stream/leads");
        CPPUNIT_ASSERT_THROW(describe({lead()}, "1.0"), std::invalid_argument);
    }

    void files_and_undescribed_routes_outside_the_api_are_left_out() {
        Route file;
        file.method = "GET";
        file.pattern = "/index.html";
        file.access = Access::Open;
        CPPUNIT_ASSERT(!openapi_of({file, lead()})["paths"].contains("/index.html"));
    }

    void only_schemas_in_use_are_listed() {
        const Json schemas = openapi_of({lead()})["components"]["schemas"];
        for (const char* name : {"Lead", "LeadData", "LeadChange", "Problem", "Time"})
            CPPUNIT_ASSERT_MESSAGE(name, schemas.contains(name));
        CPPUNIT_ASSERT(!schemas.contains("Session"));
    }

    void every_event_of_the_contract_is_a_message_of_the_streams() {
        const Json document = Json::parse(describe(streams(), "1.0").asyncapi);
        const Json& messages = document["components"]["messages"];
        publish::Scene scene;
        domain::Message message;
        domain::Call call;
        domain::ControlSession session;
        const std::vector<domain::Message> none;
        std::vector<std::string> texts{
            publish::sms_received(scene, message, {}).payload,
            publish::sms_status_update(scene, message).payload,
            publish::call_initiated(scene, call, "", "", {}).payload,
            publish::call_ended(scene, call, "", "", {}).payload,
            publish::lead_auto_created(scene).payload,
            publish::lead_updated(scene).payload,
            publish::needs_human(scene, "asked").payload,
            publish::customer_opted(scene, domain::OptWord::Start, "START").payload,
            publish::customer_opted(scene, domain::OptWord::Stop, "STOP").payload,
            publish::human_control_started(scene, session, 0).payload,
            publish::human_control_transferred(scene, session, "a", "b", 0).payload,
            publish::connected(scene, "1"),
            publish::heartbeat(scene),
            publish::stream_reset(scene, "expired"),
            publish::stream_end(scene, "shutdown"),
            publish::conversation_history(scene, {none, ""})};
        for (const domain::Author author : {domain::Author::Ai, domain::Author::Human}) {
            message.author = author;
            texts.push_back(publish::message_sent(scene, message).payload);
        }
        for (const auto state : {domain::SessionState::Ended, domain::SessionState::TimedOut}) {
            session.state = state;
            texts.push_back(publish::human_control_over(scene, session).payload);
        }
        for (const std::string& text : texts) {
            const std::string type = Json::parse(text)["type"].get<std::string>();
            CPPUNIT_ASSERT_MESSAGE(type, messages.contains(type));
        }
        CPPUNIT_ASSERT_EQUAL(texts.size(), messages.size());
    }

    void a_code_has_one_status_and_stands_once() {
        CPPUNIT_ASSERT_EQUAL(409, status_of("OPTED_OUT"));
        CPPUNIT_ASSERT_EQUAL(0, status_of("ODD"));
        Route route = lead();
        route.described.errors = {"NOT_FOUND", "NOT_FOUND", "VALIDATION_FAILED"};
        size_t found = 0, amiss = 0;
        for (const Refusal& refusal : refusals_of(route)) {
            if (refusal.code == "NOT_FOUND") ++found;
            if (refusal.code == "VALIDATION_FAILED") ++amiss;
        }
        CPPUNIT_ASSERT_EQUAL(size_t{1}, found);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, amiss);
    }

private:
    static Route lead() {
        Route route;
        route.method = "PATCH";
        route.pattern = "/api/leads/{id}";
        route.permission = "leads:write";
        route.body_limit = 1024;
        route.reads_json = true;
        route.described = {.id = "changeLead", .summary = "Changes a lead", .tag = "leads"};
        route.described.body = "LeadChange";
        route.described.answer = "LeadData";
        route.described.errors = {"NOT_FOUND"};
        return route;
    }

    static std::vector<Route> streams() {
        std::vector<Route> both;
        for (const char* pattern :
             {"/api/stream/conversation/{leadId}", "/api/stream/organization"}) {
            Route route;
            route.method = "GET";
            route.pattern = pattern;
            route.access = Access::Stream;
            route.permission = "conversations:read";
            route.described = {.id = pattern, .summary = "A stream", .tag = "streams"};
            route.described.media_type = "text/event-stream";
            both.push_back(std::move(route));
        }
        return both;
    }

    static Json openapi_of(std::vector<Route> routes) {
        for (Route& stream : streams()) routes.push_back(std::move(stream));
        return Json::parse(describe(routes, "1.0").openapi);
    }

    static void refuses(const std::vector<Route>& routes, const std::string& named) {
        try {
            openapi_of(routes);
        } catch (const std::invalid_argument& refused) {
            const std::string why = refused.what();
            CPPUNIT_ASSERT_MESSAGE(why, why.find(named) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(why, why.find("route ") != std::string::npos);
            return;
        }
        CPPUNIT_FAIL("started without " + named);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DescribeTest);

}  // namespace tandem::describe
