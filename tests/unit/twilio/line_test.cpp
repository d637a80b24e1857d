#include "webhook_ground.h"

namespace tandem::twilio {

namespace {

using namespace tandem::plugin;
using namespace tandem::twilio::testing;

constexpr const char* sid = message_sid;

}  // namespace

/// What becomes of lines.
class LineTest : public WebhookGround {
    CPPUNIT_TEST_SUITE(LineTest);
    CPPUNIT_TEST(what_becomes_of_a_line_is_told);
    CPPUNIT_TEST(a_line_is_keyed_by_word_and_number);
    CPPUNIT_TEST(lines_between_others_are_nobodys);
    CPPUNIT_TEST_SUITE_END();

public:
    void what_becomes_of_a_line_is_told() {
        const std::vector<std::pair<const char*, Line>> words{
            {"queued", Line::Other},        {"initiated", Line::Other},
            {"ringing", Line::Ringing},     {"in-progress", Line::Answered},
            {"completed", Line::Completed}, {"busy", Line::Busy},
            {"no-answer", Line::NoAnswer},  {"failed", Line::Failed},
            {"canceled", Line::Canceled},   {"COMPLETED", Line::Other}};
        for (const auto& [word, expected] : words) {
            const CallStatus status = called(line(word));
            CPPUNIT_ASSERT_MESSAGE(word, status.line == expected);
            CPPUNIT_ASSERT_EQUAL(std::string(word), status.provider_word);
            CPPUNIT_ASSERT_EQUAL(std::string("CA11111111111111111111111111111111"), status.call_id);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, expected == Line::Completed ? 61u : 0u,
                                         status.duration_s);
            CPPUNIT_ASSERT_EQUAL(tandem_time{1'700'000'000'000}, status.happened_at);
            CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), status.business_address);
            CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), status.customer_address);
        }
        const CallStatus outbound = called(with(line("busy"), "Direction", "outbound-api"));
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), outbound.business_address);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), outbound.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("sip_486"),
                             called(with(line("busy"), "SipResponseCode", "486")).error_code);
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             called(with(line("completed"), "SipResponseCode", "200")).error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("13224"),
                             called(with(line("failed"), "ErrorCode", "13224")).error_code);
        // Who calls may be withheld, and a call may be as long as it likes.
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             called(without(line("ringing"), "From")).customer_address);
        CPPUNIT_ASSERT_EQUAL(0u, called(with(line("completed"), "CallDuration", "x")).duration_s);
        CPPUNIT_ASSERT_EQUAL(
            86400u, called(with(line("completed"), "CallDuration", "4000000000")).duration_s);
        path_ = "voice/status";
        for (const char* needed : {"CallSid", "CallStatus"})
            CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(without(line("ringing"), needed)));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, outcome(with(line("ringing"), "CallSid", sid)));
    }

    void a_line_is_keyed_by_word_and_number() {
        const std::string key = called(with(line("ringing"), "SequenceNumber", "1")).dedupe_key;
        CPPUNIT_ASSERT_EQUAL(std::string("line:CA11111111111111111111111111111111:ringing:1"), key);
        CPPUNIT_ASSERT_EQUAL(
            key, called(with(with(line("ringing"), "SequenceNumber", "1"), "New", "1")).dedupe_key);
        CPPUNIT_ASSERT(key != called(with(line("ringing"), "SequenceNumber", "2")).dedupe_key);
        CPPUNIT_ASSERT(key != called(with(line("busy"), "SequenceNumber", "1")).dedupe_key);
        CPPUNIT_ASSERT(key != called(line("ringing")).dedupe_key);
    }

    void lines_between_others_are_nobodys() {
        path_ = "voice/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(with(line("completed"), "ParentCallSid",
                                                     "CA22222222222222222222222222222222")));
        CPPUNIT_ASSERT(events_.empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LineTest);

}  // namespace tandem::twilio
