#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cstring>

#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/testing.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::plugin {

namespace {

void same(std::string_view expected, tandem_view view) {
    CPPUNIT_ASSERT_EQUAL(std::string(expected), std::string(text(view)));
}

void same(std::string_view expected, std::string_view received) {
    CPPUNIT_ASSERT_EQUAL(std::string(expected), std::string(received));
}

/// Fills the part that all events have.
template <typename Known>
Known with_event() {
    Known event;
    event.dedupe_key = "key";
    event.business_address = "business";
    event.customer_address = "customer";
    event.happened_at = 11;
    return event;
}

void same_event(const Event& record, const tandem_event& raw, uint32_t kind, size_t size) {
    CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(size), raw.size);
    CPPUNIT_ASSERT_EQUAL(kind, raw.kind);
    same("key", raw.dedupe_key);
    same("business", raw.business_address);
    same("customer", raw.customer_address);
    CPPUNIT_ASSERT_EQUAL(tandem_time{11}, raw.happened_at);
    same("key", record.dedupe_key);
    same("business", record.business_address);
    same("customer", record.customer_address);
    CPPUNIT_ASSERT_EQUAL(tandem_time{11}, record.happened_at);
}

}  // namespace

/// Each member has a value of its own, so that two of them exchanged are seen.
class RecordsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RecordsTest);
    CPPUNIT_TEST(a_received_message_goes_there_and_back);
    CPPUNIT_TEST(a_message_status_goes_there_and_back);
    CPPUNIT_TEST(a_started_call_goes_there_and_back);
    CPPUNIT_TEST(an_ended_call_goes_there_and_back);
    CPPUNIT_TEST(a_receipt_says_every_member);
    CPPUNIT_TEST(an_identity_says_every_member);
    CPPUNIT_TEST(a_webhook_request_is_read_whole);
    CPPUNIT_TEST(an_outbound_message_is_read_whole);
    CPPUNIT_TEST(an_outbound_call_is_read_whole);
    CPPUNIT_TEST(a_turn_is_read_whole);
    CPPUNIT_TEST(an_answer_says_every_member);
    CPPUNIT_TEST(optional_texts_that_are_empty_are_absent);
    CPPUNIT_TEST(members_past_the_senders_size_are_not_read);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_received_message_goes_there_and_back() {
        auto event = with_event<MessageReceived>();
        event.provider_id = "p1";
        event.text = "t1";
        event.media = {{"u1", "c1"}, {"u2", "c2"}};
        event.sender_name = "s1";
        event.opt = Opt::Help;
        with_raw(event, [](const tandem_event* begin) {
            const auto& raw = *reinterpret_cast<const tandem_message_received*>(begin);
            const MessageReceived back = testing::to_record(raw);
            same_event(back, raw.event, TANDEM_EVENT_MESSAGE_RECEIVED, sizeof raw);
            same("p1", raw.provider_id);
            same("t1", raw.text);
            CPPUNIT_ASSERT_EQUAL(size_t{2}, raw.media_count);
            CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof(tandem_media)), raw.media[1]->size);
            same("u1", raw.media[0]->url);
            same("c1", raw.media[0]->content_type);
            same("u2", raw.media[1]->url);
            same("c2", raw.media[1]->content_type);
            same("s1", raw.sender_name);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_OPT_HELP}, raw.opt);
            same("p1", back.provider_id);
            same("t1", back.text);
            same("u2", back.media.at(1).url);
            same("c2", back.media.at(1).content_type);
            same("s1", back.sender_name);
            CPPUNIT_ASSERT(back.opt == Opt::Help);
        });
    }

    void a_message_status_goes_there_and_back() {
        auto event = with_event<MessageStatus>();
        event.provider_id = "p1";
        event.message_id = "m1";
        event.delivery = Delivery::Undelivered;
        event.provider_word = "w1";
        event.error_code = "c1";
        event.error_text = "e1";
        with_raw(event, [](const tandem_event* begin) {
            const auto& raw = *reinterpret_cast<const tandem_message_status*>(begin);
            const MessageStatus back = testing::to_record(raw);
            same_event(back, raw.event, TANDEM_EVENT_MESSAGE_STATUS, sizeof raw);
            same("p1", raw.provider_id);
            same("m1", raw.message_id);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_DELIVERY_UNDELIVERED}, raw.delivery);
            same("w1", raw.provider_word);
            same("c1", raw.error_code);
            same("e1", raw.error_text);
            same("p1", back.provider_id);
            same("m1", back.message_id);
            CPPUNIT_ASSERT(back.delivery == Delivery::Undelivered);
            same("w1", back.provider_word);
            same("c1", back.error_code);
            same("e1", back.error_text);
        });
    }

    void a_started_call_goes_there_and_back() {
        auto event = with_event<CallStarted>();
        event.call_id = "call";
        event.conversation_id = "conversation";
        event.direction = Direction::Outbound;
        event.asks_context = true;
        with_raw(event, [](const tandem_event* begin) {
            const auto& raw = *reinterpret_cast<const tandem_call_started*>(begin);
            const CallStarted back = testing::to_record(raw);
            same_event(back, raw.event, TANDEM_EVENT_CALL_STARTED, sizeof raw);
            same("call", raw.call_id);
            same("conversation", raw.conversation_id);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_CALL_OUTBOUND}, raw.direction);
            CPPUNIT_ASSERT_EQUAL(uint32_t{1}, raw.asks_context);
            same("call", back.call_id);
            same("conversation", back.conversation_id);
            CPPUNIT_ASSERT(back.direction == Direction::Outbound);
            CPPUNIT_ASSERT(back.asks_context);
        });
    }

    void an_ended_call_goes_there_and_back() {
        auto event = with_event<CallEnded>();
        event.call_id = "call";
        event.conversation_id = "conversation";
        event.direction = Direction::Outbound;
        event.outcome = CallOutcome::NeverConnected;
        event.duration_s = 77;
        event.failure_reason = "reason";
        event.summary = "summary";
        event.analysis_json = "{}";
        event.turns = {{Speaker::Customer, 1, "hi"}, {Speaker::Human, 5, "hello"}};
        with_raw(event, [](const tandem_event* begin) {
            const auto& raw = *reinterpret_cast<const tandem_call_ended*>(begin);
            same_event(testing::to_record(raw), raw.event, TANDEM_EVENT_CALL_ENDED, sizeof raw);
            same("call", raw.call_id);
            same("conversation", raw.conversation_id);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_CALL_OUTBOUND}, raw.direction);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_OUTCOME_NEVER_CONNECTED}, raw.outcome);
            CPPUNIT_ASSERT_EQUAL(uint32_t{77}, raw.duration_s);
            same("reason", raw.failure_reason);
            same("summary", raw.summary);
            same("{}", raw.analysis_json);
            CPPUNIT_ASSERT_EQUAL(size_t{2}, raw.turn_count);
            CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof(tandem_call_turn)),
                                 raw.turns[1]->size);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_SPEAKER_HUMAN}, raw.turns[1]->speaker);
            CPPUNIT_ASSERT_EQUAL(uint32_t{5}, raw.turns[1]->seconds);
            same("hello", raw.turns[1]->text);
            an_ended_call_comes_back(testing::to_record(raw));
        });
    }

    void a_receipt_says_every_member() {
        Receipt receipt;
        receipt.outcome = SendOutcome::Refused;
        receipt.provider_id = "p1";
        receipt.delivery = Delivery::Failed;
        receipt.retry_after_ms = 33;
        receipt.error_code = "c1";
        receipt.error_text = "e1";
        receipt.opted_out = true;
        with_raw(receipt, [](const tandem_receipt* raw) {
            CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof *raw), raw->size);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_SEND_REFUSED}, raw->outcome);
            same("p1", raw->provider_id);
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_DELIVERY_FAILED}, raw->delivery);
            CPPUNIT_ASSERT_EQUAL(uint32_t{33}, raw->retry_after_ms);
            same("c1", raw->error_code);
            same("e1", raw->error_text);
            CPPUNIT_ASSERT_EQUAL(uint32_t{1}, raw->opted_out);
        });
    }

    void an_identity_says_every_member() {
        const Identity identity{"subject", "organization", "name", "email", {"a", "b"}, 12, 34,
                                "id"};
        with_raw(identity, [](const tandem_identity* raw) {
            CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof *raw), raw->size);
            same("subject", raw->subject);
            same("organization", raw->organization);
            same("name", raw->name);
            same("email", raw->email);
            CPPUNIT_ASSERT_EQUAL(size_t{2}, raw->permission_count);
            same("b", raw->permissions[1]);
            CPPUNIT_ASSERT_EQUAL(tandem_time{12}, raw->issued_at);
            CPPUNIT_ASSERT_EQUAL(tandem_time{34}, raw->expires_at);
            same("id", raw->credential_id);
        });
    }

    void a_webhook_request_is_read_whole() {
        const tandem_pair headers[] = {{view("n1"), view("v1")}, {view("N2"), view("v2")}};
        const tandem_webhook_request raw = request(headers, 2);
        const WebhookRequest read = from_raw(&raw);
        same("POST", read.method);
        same("https://public/", read.public_url);
        same("/target?q", read.target);
        same("path", read.path);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, read.headers.size());
        same("n1", read.headers[0].name);
        same("v1", read.headers[0].value);
        same("v2", read.header("n2").value());
        CPPUNIT_ASSERT(!read.header("n3"));
        same("body", read.body);
        CPPUNIT_ASSERT_EQUAL(tandem_time{99}, read.received_at);
    }

    void an_outbound_message_is_read_whole() {
        auto raw = sized<tandem_outbound_message>();
        raw.deadline_ms = 5;
        raw.message_id = view("id");
        raw.from = view("from");
        raw.to = view("to");
        raw.text = view("text");
        raw.status_url = view("url");
        const OutboundMessage read = from_raw(&raw);
        CPPUNIT_ASSERT_EQUAL(uint32_t{5}, read.deadline_ms);
        same("id", read.message_id);
        same("from", read.from);
        same("to", read.to);
        same("text", read.text);
        same("url", read.status_url);
        raw.status_url = {nullptr, 0};
        CPPUNIT_ASSERT(!present(from_raw(&raw).status_url));
        CPPUNIT_ASSERT(present(from_raw(&raw).text));
    }

    void an_outbound_call_is_read_whole() {
        const tandem_pair variables[] = {{view("n1"), view("v1")}};
        auto raw = sized<tandem_outbound_call>();
        raw.deadline_ms = 5;
        raw.call_id = view("id");
        raw.from = view("from");
        raw.to = view("to");
        raw.variables = variables;
        raw.variable_count = 1;
        const OutboundCall read = from_raw(&raw);
        CPPUNIT_ASSERT_EQUAL(uint32_t{5}, read.deadline_ms);
        same("id", read.call_id);
        same("from", read.from);
        same("to", read.to);
        same("v1", find_field(read.variables, "n1").value());
    }

    void a_turn_is_read_whole() {
        const tandem_pair variables[] = {{view("n1"), view("v1")}};
        auto raw = sized<tandem_turn>();
        raw.deadline_ms = 5;
        raw.turn_id = view("id");
        raw.customer = view("customer");
        raw.text = view("text");
        raw.variables = variables;
        raw.variable_count = 1;
        const Turn read = from_raw(&raw);
        CPPUNIT_ASSERT_EQUAL(uint32_t{5}, read.deadline_ms);
        same("id", read.turn_id);
        same("customer", read.customer);
        same("text", read.text);
        same("v1", find_field(read.variables, "n1").value());
    }

    void an_answer_says_every_member() {
        testing::RecordedWebhook said;
        said.sink().answer({418, "type", "body"});
        CPPUNIT_ASSERT_EQUAL(int32_t{418}, said.answer()->status);
        same("type", said.answer()->content_type);
        same("body", said.answer()->body);
        CPPUNIT_ASSERT_EQUAL(1, said.answers());
    }

    void optional_texts_that_are_empty_are_absent() {
        with_raw(MessageReceived{}, [](const tandem_event* begin) {
            const auto& raw = *reinterpret_cast<const tandem_message_received*>(begin);
            CPPUNIT_ASSERT(raw.sender_name.data == nullptr);
            CPPUNIT_ASSERT(raw.text.data != nullptr);
            CPPUNIT_ASSERT(raw.event.customer_address.data != nullptr);
        });
        with_raw(Receipt::not_sent("x"), [](const tandem_receipt* raw) {
            CPPUNIT_ASSERT(raw->provider_id.data == nullptr);
        });
    }

    void members_past_the_senders_size_are_not_read() {
        const tandem_pair headers[] = {{view("n1"), view("v1")}};
        tandem_webhook_request raw = request(headers, 1);
        raw.size = offsetof(tandem_webhook_request, header_count);
        const WebhookRequest read = from_raw(&raw);
        same("path", read.path);
        CPPUNIT_ASSERT(read.headers.empty());
        CPPUNIT_ASSERT(!present(read.body));
        CPPUNIT_ASSERT_EQUAL(tandem_time{0}, read.received_at);
        // Half of a member is none of it.
        raw.size = offsetof(tandem_webhook_request, body) + 8;
        CPPUNIT_ASSERT(!present(from_raw(&raw).body));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, from_raw(&raw).headers.size());
    }

private:
    static tandem_webhook_request request(const tandem_pair* headers, size_t count) {
        auto raw = sized<tandem_webhook_request>();
        raw.method = view("POST");
        raw.public_url = view("https://public/");
        raw.target = view("/target?q");
        raw.path = view("path");
        raw.headers = headers;
        raw.header_count = count;
        raw.body = view("body");
        raw.received_at = 99;
        return raw;
    }

    static void an_ended_call_comes_back(const CallEnded& back) {
        same("call", back.call_id);
        same("conversation", back.conversation_id);
        CPPUNIT_ASSERT(back.direction == Direction::Outbound);
        CPPUNIT_ASSERT(back.outcome == CallOutcome::NeverConnected);
        CPPUNIT_ASSERT_EQUAL(uint32_t{77}, back.duration_s);
        same("reason", back.failure_reason);
        same("summary", back.summary);
        same("{}", back.analysis_json);
        CPPUNIT_ASSERT(back.turns.at(1).speaker == Speaker::Human);
        CPPUNIT_ASSERT_EQUAL(uint32_t{5}, back.turns.at(1).seconds);
        same("hello", back.turns.at(1).text);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordsTest);

}  // namespace tandem::plugin
