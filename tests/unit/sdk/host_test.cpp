#include "tandem/plugin/host.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "tandem/plugin/testing.hpp"

namespace tandem::plugin {

namespace {

template <typename Work>
tandem_status thrown_by(Work&& work) {
    try {
        work();
    } catch (const Failure& failure) {
        return failure.code();
    }
    return TANDEM_OK;
}

}  // namespace

class HostTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HostTest);
    CPPUNIT_TEST(options_are_read_by_type);
    CPPUNIT_TEST(an_option_without_value_or_of_another_type_is_told_apart);
    CPPUNIT_TEST(the_clock_stands_still_until_it_is_moved);
    CPPUNIT_TEST(log_lines_carry_level_text_and_fields);
    CPPUNIT_TEST(an_answer_of_any_status_is_an_answer);
    CPPUNIT_TEST(a_request_is_handed_on_whole);
    CPPUNIT_TEST(a_failed_exchange_says_how_far_it_came);
    CPPUNIT_TEST(events_reach_the_host_and_a_full_queue_is_no_failure);
    CPPUNIT_TEST(a_host_without_services_is_borne_or_named);
    CPPUNIT_TEST(a_service_with_a_short_table_is_not_read_past_its_end);
    CPPUNIT_TEST_SUITE_END();

public:
    void options_are_read_by_type() {
        testing::FakeHost fake("mine");
        fake.option("text", "words");
        fake.option("number", "-12");
        fake.option("switch", "true");
        fake.option_list("many", {"a", "b"});
        const Host host = fake.host();
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), host.instance_name());
        CPPUNIT_ASSERT_EQUAL(std::string("words"), host.config().text("text"));
        CPPUNIT_ASSERT_EQUAL(int64_t{-12}, host.config().integer("number"));
        CPPUNIT_ASSERT(host.config().yes_no("switch"));
        CPPUNIT_ASSERT(host.config().text_list("many") == (std::vector<std::string>{"a", "b"}));
        CPPUNIT_ASSERT(host.config().text_list("none").empty());
    }

    void an_option_without_value_or_of_another_type_is_told_apart() {
        testing::FakeHost fake;
        fake.option("text", "words");
        const Config config = fake.host().config();
        CPPUNIT_ASSERT(!config.find_text("none"));
        CPPUNIT_ASSERT(!config.find_integer("none"));
        CPPUNIT_ASSERT(!config.find_yes_no("none"));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, thrown_by([&] { config.text("none"); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, thrown_by([&] { config.find_integer("text"); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, thrown_by([&] { config.yes_no("text"); }));
    }

    void the_clock_stands_still_until_it_is_moved() {
        testing::FakeHost fake;
        fake.now(5000);
        const Clock clock = fake.host().clock();
        const int64_t before = clock.monotonic_ms();
        CPPUNIT_ASSERT_EQUAL(tandem_time{5000}, clock.now());
        fake.advance(20);
        CPPUNIT_ASSERT_EQUAL(tandem_time{5020}, clock.now());
        CPPUNIT_ASSERT_EQUAL(before + 20, clock.monotonic_ms());
    }

    void log_lines_carry_level_text_and_fields() {
        testing::FakeHost fake;
        fake.host().log().error("one");
        fake.host().log().warn("two", {{"name", "value"}});
        fake.host().log().info("three");
        fake.host().log().debug("four");
        CPPUNIT_ASSERT_EQUAL(size_t{4}, fake.log().size());
        CPPUNIT_ASSERT_EQUAL(int32_t{TANDEM_LOG_ERROR}, fake.log()[0].level);
        CPPUNIT_ASSERT_EQUAL(std::string("two"), fake.log()[1].text);
        CPPUNIT_ASSERT_EQUAL(std::string("name"), fake.log()[1].fields.at(0).name);
        CPPUNIT_ASSERT_EQUAL(std::string("value"), fake.log()[1].fields.at(0).value);
        CPPUNIT_ASSERT_EQUAL(int32_t{TANDEM_LOG_DEBUG}, fake.log()[3].level);
    }

    void an_answer_of_any_status_is_an_answer() {
        testing::FakeHost fake;
        fake.answer_http(503, "busy", {{"Retry-After", "3"}});
        const HttpResult result = fake.host().http().send({});
        CPPUNIT_ASSERT(result.answered);
        CPPUNIT_ASSERT_EQUAL(int32_t{503}, result.status);
        CPPUNIT_ASSERT_EQUAL(std::string("busy"), result.body);
        CPPUNIT_ASSERT_EQUAL(std::string("3"), std::string(result.header("retry-after").value()));
    }

    void a_request_is_handed_on_whole() {
        testing::FakeHost fake;
        fake.host().http().send({"PUT", "http://u", {{"n", "v"}}, "body", 77});
        const HttpRequest& request = fake.requests().at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("PUT"), request.method);
        CPPUNIT_ASSERT_EQUAL(std::string("http://u"), request.url);
        CPPUNIT_ASSERT_EQUAL(std::string("n"), request.headers.at(0).name);
        CPPUNIT_ASSERT_EQUAL(std::string("v"), request.headers.at(0).value);
        CPPUNIT_ASSERT_EQUAL(std::string("body"), request.body);
        CPPUNIT_ASSERT_EQUAL(uint32_t{77}, request.deadline_ms);
    }

    void a_failed_exchange_says_how_far_it_came() {
        testing::FakeHost fake;
        HttpResult failed;
        failed.code = TANDEM_TIMEOUT;
        failed.error = "no answer in time";
        failed.maybe_sent = true;
        failed.retry_after_ms = 9;
        fake.answer_http(failed);
        const HttpResult result = fake.host().http().send({});
        CPPUNIT_ASSERT(!result.answered);
        CPPUNIT_ASSERT(result.maybe_sent);
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_TIMEOUT}, result.code);
        CPPUNIT_ASSERT_EQUAL(std::string("no answer in time"), result.error);
        CPPUNIT_ASSERT_EQUAL(uint32_t{9}, result.retry_after_ms);
        CPPUNIT_ASSERT(!fake.host().http().send({}).maybe_sent);
    }

    void events_reach_the_host_and_a_full_queue_is_no_failure() {
        testing::FakeHost fake;
        CallStarted event;
        event.call_id = "c1";
        CPPUNIT_ASSERT(fake.host().events().emit(event));
        CPPUNIT_ASSERT_EQUAL(std::string("c1"), std::get<CallStarted>(fake.events().at(0)).call_id);
        fake.events_full(true);
        CPPUNIT_ASSERT(!fake.host().events().emit(event));
        CPPUNIT_ASSERT(!fake.host().events().emit(AnyEvent(event)));
    }

    void a_host_without_services_is_borne_or_named() {
        testing::FakeHost fake;
        for (const char* id : {TANDEM_HOST_LOG, TANDEM_HOST_CONFIG, TANDEM_HOST_CLOCK,
                               TANDEM_HOST_HTTP, TANDEM_HOST_EVENTS}) {
            fake.withhold(id);
        }
        const Host host = fake.host();
        host.log().error("into the void");
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED, thrown_by([&] { host.config().find_text("x"); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED, thrown_by([&] { host.clock().now(); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED, thrown_by([&] { host.http().send({}); }));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED,
                             thrown_by([&] { host.events().emit(CallStarted{}); }));
    }

    void a_service_with_a_short_table_is_not_read_past_its_end() {
        auto raw = sized<tandem_host>();
        raw.service = [](void*, tandem_view id) -> const void* {
            static constexpr tandem_host_clock clock{offsetof(tandem_host_clock, monotonic_ms), 0,
                                                     [](void*) { return tandem_time{8}; },
                                                     [](void*) { return int64_t{9}; }};
            return text(id) == TANDEM_HOST_CLOCK ? &clock : nullptr;
        };
        const Host host(&raw, "old");
        CPPUNIT_ASSERT_EQUAL(tandem_time{8}, host.clock().now());
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNSUPPORTED, thrown_by([&] { host.clock().monotonic_ms(); }));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HostTest);

}  // namespace tandem::plugin
