#include <cppunit/TestFixture.h>

#include "ground.h"
#include "receive/routes.h"
#include "told.h"

namespace tandem::receive {

using namespace testing;

namespace {

Result<void> verdict(Code code) {
    return Error{code, "inner words"};
}

}  // namespace

/// Several instances of one plugin, and events that do not name their business.
class FamilyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FamilyTest);
    CPPUNIT_TEST(a_request_of_a_siblings_account_becomes_the_siblings);
    CPPUNIT_TEST(an_account_of_nobody_is_refused_like_a_wrong_signature);
    CPPUNIT_TEST(siblings_are_asked_only_for_accounts_that_are_not_the_first_ones);
    CPPUNIT_TEST(reporting_lets_a_wrong_signature_through_and_nothing_else);
    CPPUNIT_TEST(only_instances_of_the_plugin_with_the_route_are_siblings);
    CPPUNIT_TEST(a_route_may_end_in_a_secret);
    CPPUNIT_TEST(without_a_business_number_the_only_organisation_is_meant);
    CPPUNIT_TEST(without_a_business_number_one_of_several_cannot_be_meant);
    CPPUNIT_TEST(a_call_is_found_by_our_id_then_by_its_line_then_by_its_conversation);
    CPPUNIT_TEST(an_outbound_call_without_ids_is_the_one_that_is_told_of);
    CPPUNIT_TEST(a_foreign_outbound_call_is_not_the_one_that_waits);
    CPPUNIT_TEST(an_end_for_a_number_of_nobody_is_not_found);
    CPPUNIT_TEST(ends_told_again_store_turns_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        house_ = std::make_unique<House>();
        first_ = source("first", "twilio");
        second_ = source("second", "twilio");
    }
    void tearDown() override { house_.reset(); }

    void a_request_of_a_siblings_account_becomes_the_siblings() {
        first_->judge = [](const WebhookRequest&) { return verdict(Code::NotFound); };
        second_->name = "twilio";
        CPPUNIT_ASSERT_EQUAL(200, post({{first_, false}, {second_, false}}));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        const auto messages = house_->store.messages("bici", customer_number, 0, 1);
        CPPUNIT_ASSERT_EQUAL(std::string("twilio"), messages->front().instance);
    }

    void an_account_of_nobody_is_refused_like_a_wrong_signature() {
        std::string bodies[2];
        int i = 0;
        for (const Code code : {Code::NotFound, Code::Unauthorized}) {
            first_->judge = [](const WebhookRequest&) { return verdict(Code::NotFound); };
            second_->judge = [code](const WebhookRequest&) { return verdict(code); };
            CPPUNIT_ASSERT_EQUAL(403, post({{first_, false}, {second_, false}}, &bodies[i++]));
        }
        CPPUNIT_ASSERT_EQUAL(bodies[0], bodies[1]);
        CPPUNIT_ASSERT(bodies[0].find("INVALID_SIGNATURE") != std::string::npos);
        CPPUNIT_ASSERT(house_->events().empty());
    }

    void siblings_are_asked_only_for_accounts_that_are_not_the_first_ones() {
        int asked = 0;
        second_->judge = [&](const WebhookRequest&) {
            ++asked;
            return Result<void>();
        };
        for (const auto& [code, status] :
             {std::pair{Code::Unauthorized, 403}, {Code::Internal, 500}}) {
            first_->judge = [code = code](const WebhookRequest&) { return verdict(code); };
            CPPUNIT_ASSERT_EQUAL(status, post({{first_, false}, {second_, false}}));
        }
        CPPUNIT_ASSERT_EQUAL(0, asked);
    }

    void reporting_lets_a_wrong_signature_through_and_nothing_else() {
        first_->name = "twilio";
        for (const auto& [code, status] : {std::pair{Code::Unauthorized, 200},
                                           {Code::NotFound, 403},
                                           {Code::Internal, 500},
                                           {Code::Timeout, 503}}) {
            first_->judge = [code = code](const WebhookRequest&) { return verdict(code); };
            CPPUNIT_ASSERT_EQUAL(status, post({{first_, true}}));
        }
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
        CPPUNIT_ASSERT(house_->log.lines().find("UNPROVEN") != std::string::npos);
        const std::string metrics = house_->metrics.text();
        CPPUNIT_ASSERT_MESSAGE(
            metrics,
            metrics.find("provider=\"twilio\",result=\"unproven\"} 1") != std::string::npos);
        // Of siblings the one whose account it is says whether it only reports.
        first_->judge = [](const WebhookRequest&) { return verdict(Code::NotFound); };
        second_->judge = [](const WebhookRequest&) { return verdict(Code::Unauthorized); };
        second_->name = "twilio";
        CPPUNIT_ASSERT_EQUAL(403, post({{first_, true}, {second_, false}}));
        CPPUNIT_ASSERT_EQUAL(200, post({{first_, false}, {second_, true}}));
    }

    void only_instances_of_the_plugin_with_the_route_are_siblings() {
        auto stranger = source("stranger", "another");
        auto without = source("without", "twilio");
        without->declared = {{"POST", "sms/incoming", true}, {"GET", "sms/incoming", false}};
        int asked = 0;
        for (const auto& one : {stranger, without})
            one->judge = [&](const WebhookRequest&) {
                ++asked;
                return Result<void>();
            };
        first_->judge = [](const WebhookRequest&) { return verdict(Code::NotFound); };
        second_->name = "twilio";
        const auto routes = webhook_routes(
            *house_->intake,
            {{first_, false}, {stranger, false}, {without, false}, {second_, false}}, 1024);
        CPPUNIT_ASSERT_EQUAL(std::string("/api/webhooks/first/sms/incoming"), routes[0].pattern);
        auto answer = std::make_shared<Asked>();
        routes[0].handler({}, serve::Responder(answer));
        CPPUNIT_ASSERT_EQUAL(200, answer->wait().status);
        CPPUNIT_ASSERT_EQUAL(0, asked);
    }

    void a_route_may_end_in_a_secret() {
        first_->name = "twilio";
        first_->declared = {{"POST", "start/{secret}", false}};
        WebhookRequest seen;
        first_->judge = [&](const WebhookRequest& request) -> Result<void> {
            seen = request;
            return verdict(Code::Unauthorized);
        };
        const auto routes = webhook_routes(*house_->intake, {{first_, false}}, 1024);
        CPPUNIT_ASSERT_EQUAL(std::string("/api/webhooks/twilio/start/{secret}"), routes[0].pattern);
        serve::Request request;
        request.target = "/api/webhooks/twilio/start/s3cret";
        auto answer = std::make_shared<Asked>();
        routes[0].handler(request, serve::Responder(answer));
        const auto response = answer->wait();
        CPPUNIT_ASSERT_EQUAL(403, response.status);
        CPPUNIT_ASSERT_EQUAL(std::string("start/{secret}"), seen.path);
        CPPUNIT_ASSERT_EQUAL(request.target, seen.target);
        for (const std::string& text : {house_->log.lines(), house_->metrics.text(), response.body})
            CPPUNIT_ASSERT_MESSAGE(text, text.find("s3cret") == std::string::npos);
    }

    void without_a_business_number_the_only_organisation_is_meant() {
        auto event = text("SM1", "Hello");
        event.business_address.clear();
        CPPUNIT_ASSERT_EQUAL(200, tell(*house_, house_->source, {event})->wait().status);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_received"));
    }

    void without_a_business_number_one_of_several_cannot_be_meant() {
        for (const char* instance : {"shared", "of-nobody"}) {
            auto source_of_several = source(instance, "twilio");
            auto event = text("SM1", "Hello");
            event.business_address.clear();
            CPPUNIT_ASSERT_EQUAL(404, tell(*house_, source_of_several, {event})->wait().status);
        }
        CPPUNIT_ASSERT(house_->log.lines().find("several organisations") != std::string::npos);
    }

    void a_call_is_found_by_our_id_then_by_its_line_then_by_its_conversation() {
        put_call(*house_, "call-1", "CA1", "conv_1");
        put_call(*house_, "call-2", "CA2", "conv_2");
        put_call(*house_, "call-3", "CA3", "conv_3");
        auto by_ours = call_end("conv_of_nobody");
        by_ours.our_call_id = "call-1";
        by_ours.call_id = "CA2";
        // The record's address counts, not what the provider makes of it.
        by_ours.customer_address = "+14155550177";
        auto by_line = call_end("conv_3");
        by_line.our_call_id = "a-customers-id";
        by_line.call_id = "CA2";
        auto by_conversation = call_end("conv_3");
        by_conversation.dedupe_key += "again";
        eleven({by_ours});
        expect_over("call-1");
        eleven({by_line});
        expect_over("call-2");
        eleven({by_conversation});
        expect_over("call-3");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "lead_auto_created"));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, count(house_->events(), "call_ended"));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, house_->store.calls("bici", {})->size());
    }

    void an_outbound_call_without_ids_is_the_one_that_is_told_of() {
        put_call(*house_, "call-1", "", "");
        auto end = call_end("conv_1");
        end.call_id = "CA1";
        end.direction = domain::CallDirection::Outbound;
        eleven({end});
        expect_over("call-1");
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), house_->store.call("bici", "call-1")->line_id);
        // An inbound one at the same time is another.
        put_call(*house_, "call-2", "", "");
        auto inbound = call("CA9");
        inbound.asks_context = false;
        eleven({inbound});
        CPPUNIT_ASSERT(house_->store.call("bici", "call-2")->line_id.empty());
        CPPUNIT_ASSERT(house_->store.call_by_line("bici", "CA9"));
    }

    void a_foreign_outbound_call_is_not_the_one_that_waits() {
        auto end = call_end("conv_foreign");
        end.direction = domain::CallDirection::Outbound;
        const auto tell_of = [&](const std::string& record, const std::string& ours) {
            put_call(*house_, "call-1", "", "", record);
            end.our_call_id = ours;
            end.conversation_id += "-again";
            end.dedupe_key = end.conversation_id;
            eleven({end});
            const auto waits = house_->store.call("bici", "call-1");
            CPPUNIT_ASSERT_MESSAGE(record,
                                   waits && waits->active && waits->conversation_id.empty());
            CPPUNIT_ASSERT(
                house_->store.call_by_provider_id("bici", "eleven", end.conversation_id));
        };
        const auto begun_at = [&](Milliseconds later) {
            const Time begun = house_->clock.now() + later;
            return R"({"state":"starting","begunAt":)" +
                   std::to_string(begun.time_since_epoch().count()) + '}';
        };
        tell_of(R"({"state":"queued"})", "");
        tell_of(R"({"state":"scheduled"})", "");
        tell_of(begun_at({}), "an-erased-call");
        // One that was over before ours was asked for.
        end.happened_at = house_->clock.now();
        end.duration_s = 120;
        tell_of(begun_at({}), "");
        end.happened_at = house_->clock.now() + std::chrono::minutes(3);
        end.our_call_id.clear();
        end.conversation_id = end.dedupe_key = "conv_ours";
        eleven({end});
        expect_over("call-1");
    }

    void an_end_for_a_number_of_nobody_is_not_found() {
        auto end = call_end("conv_1");
        for (const char* business : {"+14155550123", "+14155550111", "nonsense"}) {
            end.business_address = business;
            CPPUNIT_ASSERT_EQUAL(404, tell(*house_, eleven_, {end})->wait().status);
        }
    }

    void ends_told_again_store_turns_once() {
        auto end = call_end("conv_1");
        end.call_id = "CA1";
        eleven({end});
        eleven({end});
        auto fetched = end;
        fetched.dedupe_key = "fetched:conv_1";
        eleven({fetched});
        auto other = end;
        other.summary = "Wants two bikes.";
        eleven({other});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_ended"));
        const auto known = house_->store.call_by_line("bici", "CA1");
        CPPUNIT_ASSERT(known);
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), known->summary);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, house_->store.call_turns("bici", known->id, 10)->size());
        CPPUNIT_ASSERT_EQUAL(size_t{2},
                             house_->store.messages("bici", customer_number, 0, 10)->size());
        const std::string metrics = house_->metrics.text();
        CPPUNIT_ASSERT(metrics.find("result=\"conflict\"} 1") != std::string::npos);
        CPPUNIT_ASSERT(house_->log.lines().find("says something else") != std::string::npos);
    }

private:
    static std::shared_ptr<FakeSource> source(std::string name, std::string plugin) {
        auto made = std::make_shared<FakeSource>();
        made->name = std::move(name);
        made->kind = std::move(plugin);
        made->declared = {{"POST", "sms/incoming", false}};
        made->read = [](const WebhookRequest&) {
            return Result<Normalised>(Normalised{{text("SM1", "Hello")}, {}});
        };
        return made;
    }

    int post(const std::vector<Source>& family, std::string* body = nullptr) {
        auto asked = std::make_shared<Asked>();
        house_->intake->take(family, "sms/incoming", {}, serve::Responder(asked));
        const auto response = asked->wait();
        if (body) *body = response.body;
        return response.status;
    }

    void eleven(std::vector<ProviderEvent> events) {
        CPPUNIT_ASSERT_EQUAL(200, tell(*house_, eleven_, std::move(events))->wait().status);
    }

    void expect_over(const std::string& id) {
        const auto known = house_->store.call("bici", id);
        CPPUNIT_ASSERT(known);
        CPPUNIT_ASSERT_MESSAGE(id, !known->active);
        CPPUNIT_ASSERT(known->outcome == domain::CallOutcome::Success);
    }

    std::unique_ptr<House> house_;
    std::shared_ptr<FakeSource> first_, second_, eleven_ = source("eleven", "elevenlabs");
};

CPPUNIT_TEST_SUITE_REGISTRATION(FamilyTest);

}  // namespace tandem::receive
