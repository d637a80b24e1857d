#include <string>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/proxies.h"
#include "tandem/host/events.hpp"
#include "tandem/plugin/events.hpp"

namespace {

using namespace tandem;

/// From an author's record through the waist into the room's: every member has a value of
/// its own, so that two that are mixed up show.
class EventsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsTest);
    CPPUNIT_TEST(every_member_of_a_received_message_arrives);
    CPPUNIT_TEST(every_member_of_a_message_status_arrives);
    CPPUNIT_TEST(every_member_of_a_started_call_arrives);
    CPPUNIT_TEST(every_member_of_an_ended_call_arrives);
    CPPUNIT_TEST(every_member_of_a_lines_status_arrives);
    CPPUNIT_TEST(what_is_no_event_is_not_read);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_member_of_a_received_message_arrives() {
        plugin::MessageReceived given;
        fill(given);
        given.provider_id = "SM1";
        given.text = "Grüße";
        given.media = {{"https://a.example/1", "image/png"}, {"https://a.example/2", "audio/ogg"}};
        given.sender_name = "Zoë";
        given.opt = plugin::Opt::Help;
        const auto got = std::get<receive::MessageReceived>(through(given));
        expect_head(got);
        CPPUNIT_ASSERT_EQUAL(given.provider_id, got.provider_id);
        CPPUNIT_ASSERT_EQUAL(given.text, got.text);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, got.media.size());
        CPPUNIT_ASSERT_EQUAL(given.media[1].url, got.media[1].url);
        CPPUNIT_ASSERT_EQUAL(given.media[1].content_type, got.media[1].content_type);
        CPPUNIT_ASSERT_EQUAL(given.sender_name, got.sender_name);
        CPPUNIT_ASSERT(got.opt == domain::OptWord::Help);
    }

    void every_member_of_a_message_status_arrives() {
        plugin::MessageStatus given;
        fill(given);
        given.provider_id = "SM2";
        given.message_id = "our-2";
        given.delivery = plugin::Delivery::Undelivered;
        given.provider_word = "undelivered";
        given.error_code = "30005";
        given.error_text = "unknown handset";
        const auto got = std::get<receive::MessageStatus>(through(given));
        expect_head(got);
        CPPUNIT_ASSERT_EQUAL(given.provider_id, got.provider_id);
        CPPUNIT_ASSERT_EQUAL(given.message_id, got.message_id);
        CPPUNIT_ASSERT(got.delivery == domain::Delivery::Undelivered && got.known_word);
        CPPUNIT_ASSERT_EQUAL(given.provider_word, got.provider_word);
        CPPUNIT_ASSERT_EQUAL(given.error_code, got.error_code);
        CPPUNIT_ASSERT_EQUAL(given.error_text, got.error_text);
    }

    void every_member_of_a_started_call_arrives() {
        plugin::CallStarted given;
        fill(given);
        given.call_id = "CA1";
        given.conversation_id = "conv-1";
        given.direction = plugin::Direction::Outbound;
        given.asks_context = true;
        given.our_call_id = "0190f0c0";
        const auto got = std::get<receive::CallStarted>(through(given));
        expect_head(got);
        CPPUNIT_ASSERT_EQUAL(given.call_id, got.call_id);
        CPPUNIT_ASSERT_EQUAL(given.conversation_id, got.conversation_id);
        CPPUNIT_ASSERT(got.direction == domain::CallDirection::Outbound);
        CPPUNIT_ASSERT(got.asks_context);
        CPPUNIT_ASSERT_EQUAL(given.our_call_id, got.our_call_id);
    }

    void every_member_of_an_ended_call_arrives() {
        plugin::CallEnded given;
        fill(given);
        given.call_id = "CA2";
        given.conversation_id = "conv-2";
        given.direction = plugin::Direction::Outbound;
        given.outcome = plugin::CallOutcome::NeverConnected;
        given.duration_s = 61;
        given.our_call_id = "0190f0c1";
        given.failure_reason = "busy";
        given.summary = "nobody there";
        given.analysis_json = "{\"a\":1}";
        given.turns = {{plugin::Speaker::Customer, 1, "hi"}, {plugin::Speaker::Human, 9, "bye"}};
        const auto got = std::get<receive::CallEnded>(through(given));
        expect_head(got);
        CPPUNIT_ASSERT_EQUAL(given.call_id, got.call_id);
        CPPUNIT_ASSERT_EQUAL(given.conversation_id, got.conversation_id);
        CPPUNIT_ASSERT(got.direction == domain::CallDirection::Outbound);
        CPPUNIT_ASSERT(got.outcome == domain::CallOutcome::NeverConnected);
        CPPUNIT_ASSERT_EQUAL(61u, got.duration_s);
        CPPUNIT_ASSERT_EQUAL(given.failure_reason, got.failure_reason);
        CPPUNIT_ASSERT_EQUAL(given.summary, got.summary);
        CPPUNIT_ASSERT_EQUAL(given.analysis_json, got.analysis_json);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, got.turns.size());
        CPPUNIT_ASSERT(got.turns[1].speaker == domain::Author::Human);
        CPPUNIT_ASSERT_EQUAL(9u, got.turns[1].seconds);
        CPPUNIT_ASSERT_EQUAL(std::string("bye"), got.turns[1].text);
        CPPUNIT_ASSERT_EQUAL(given.our_call_id, got.our_call_id);
    }

    void every_member_of_a_lines_status_arrives() {
        plugin::CallStatus given;
        fill(given);
        given.call_id = "CA3";
        given.line = plugin::Line::Busy;
        given.duration_s = 4;
        given.provider_word = "busy";
        given.error_code = "13224";
        const auto got = std::get<receive::CallStatus>(through(given));
        expect_head(got);
        CPPUNIT_ASSERT_EQUAL(given.call_id, got.call_id);
        CPPUNIT_ASSERT(got.line == domain::Line::Busy);
        CPPUNIT_ASSERT_EQUAL(4u, got.duration_s);
        CPPUNIT_ASSERT_EQUAL(given.provider_word, got.provider_word);
        CPPUNIT_ASSERT_EQUAL(given.error_code, got.error_code);
        given.line = static_cast<plugin::Line>(99);
        CPPUNIT_ASSERT(std::get<receive::CallStatus>(through(given)).line == domain::Line::Other);
    }

    void what_is_no_event_is_not_read() {
        host::Event event;
        CPPUNIT_ASSERT(!host::read_event(nullptr, event));
        auto raw = host::sized<tandem_event>();
        CPPUNIT_ASSERT(!host::read_event(&raw, event));
        raw.kind = TANDEM_EVENT_MESSAGE_STATUS;
        CPPUNIT_ASSERT(host::read_event(&raw, event));
        raw.size = 8;
        CPPUNIT_ASSERT(!host::read_event(&raw, event));
    }

private:
    static void fill(plugin::Event& event) {
        event.dedupe_key = "key-1";
        event.business_address = "+15550000000";
        event.customer_address = "whatsapp:+15550001111";
        event.happened_at = 1'700'000'000'123;
    }

    static void expect_head(const receive::Incident& got) {
        CPPUNIT_ASSERT_EQUAL(std::string("key-1"), got.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("+15550000000"), got.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("whatsapp:+15550001111"), got.customer_address);
        CPPUNIT_ASSERT(got.happened_at == Time{Milliseconds{1'700'000'000'123}});
    }

    template <typename Record>
    static receive::ProviderEvent through(const Record& record) {
        host::Event event;
        const bool read = plugin::with_raw(
            record, [&](const tandem_event* raw) { return host::read_event(raw, event); });
        CPPUNIT_ASSERT(read);
        return load::provider_event(std::move(event));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsTest);

}  // namespace
