#include "stream/encoder.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <random>

#include "reader.h"

namespace tandem::stream {

namespace {

/// What a reader makes of the data: every kind of line end becomes LF.
std::string with_plain_ends(std::string_view data) {
    std::string plain;
    for (size_t i = 0; i < data.size(); ++i) {
        if (data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n') continue;
        plain.push_back(data[i] == '\r' ? '\n' : data[i]);
    }
    return plain;
}

}  // namespace

class EncoderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EncoderTest);
    CPPUNIT_TEST(an_event_is_its_position_and_its_data);
    CPPUNIT_TEST(names_and_retry_are_lines_of_their_own);
    CPPUNIT_TEST(an_event_without_an_id_keeps_the_last_one);
    CPPUNIT_TEST(any_data_arrives_as_it_was_however_it_is_cut);
    CPPUNIT_TEST(half_an_event_is_no_event);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_event_is_its_position_and_its_data() {
        CPPUNIT_ASSERT_EQUAL(std::string("id: a1-7\ndata: {\"x\":1}\n\n"),
                             event_text({"a1", 7}, "{\"x\":1}"));
        CPPUNIT_ASSERT_EQUAL(std::string("data: {}\n\n"), event_text({"", 0}, "{}"));
    }

    void names_and_retry_are_lines_of_their_own() {
        CPPUNIT_ASSERT_EQUAL(std::string("event: heartbeat\ndata: {}\n\n"),
                             named_event_text("heartbeat", "{}"));
        CPPUNIT_ASSERT_EQUAL(std::string("retry: 1500\n"), retry_text(Milliseconds{1500}));
        EventReader reader;
        reader.take(retry_text(Milliseconds{1500}) + event_text("{}"));
        CPPUNIT_ASSERT_EQUAL(std::string("1500"), reader.retry.value_or(""));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, reader.events.size());
    }

    void an_event_without_an_id_keeps_the_last_one() {
        EventReader reader;
        reader.take(event_text({"a1", 7}, "one") + event_text("two") +
                    named_event_text("heartbeat", "three"));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, reader.events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("a1-7"), reader.last_id);
        CPPUNIT_ASSERT_EQUAL(std::string("message"), reader.events[1].name);
        CPPUNIT_ASSERT_EQUAL(std::string("heartbeat"), reader.events[2].name);
    }

    void any_data_arrives_as_it_was_however_it_is_cut() {
        std::mt19937 random(4711);
        static const std::vector<std::string> pieces{"\r",
                                                     "\n",
                                                     "\r\n",
                                                     "data: ",
                                                     "id: 9\n",
                                                     ":",
                                                     " ",
                                                     "",
                                                     "\n\n",
                                                     "x",
                                                     "event: forged",
                                                     "retry: 1",
                                                     "\xe2\x80\xa8",
                                                     "\xef\xbb\xbf",
                                                     std::string("\0", 1),
                                                     "\xff",
                                                     "{\"a\":\"b\"}",
                                                     std::string(3000, 'y')};
        for (int round = 0; round < 2000; ++round) {
            std::vector<std::string> sent;
            std::string wire;
            for (int64_t i = 1; i <= 5; ++i) {
                std::string data;
                for (unsigned n = random() % 6; n > 0; --n)
                    data += pieces[random() % pieces.size()];
                sent.push_back(with_plain_ends(data));
                wire += event_text({"e", i}, data);
            }
            EventReader reader;
            for (size_t at = 0; at < wire.size();) {
                const size_t length = std::min<size_t>(1 + random() % 40, wire.size() - at);
                reader.take(std::string_view(wire).substr(at, length));
                at += length;
            }
            // An event without any data is not dispatched; ours always have some.
            size_t next = 0;
            for (size_t i = 0; i < sent.size(); ++i) {
                const std::string id = "e-" + std::to_string(i + 1);
                CPPUNIT_ASSERT(next < reader.events.size());
                CPPUNIT_ASSERT_EQUAL(id, reader.events[next].last_id);
                CPPUNIT_ASSERT(sent[i] == reader.events[next].data);
                CPPUNIT_ASSERT_EQUAL(std::string("message"), reader.events[next].name);
                ++next;
            }
            CPPUNIT_ASSERT_EQUAL(next, reader.events.size());
            CPPUNIT_ASSERT(!reader.retry);
        }
    }

    void half_an_event_is_no_event() {
        const std::string first = event_text({"e", 1}, "one");
        const std::string second = event_text({"e", 2}, "two");
        for (size_t cut = 0; cut < second.size(); ++cut) {
            EventReader reader;
            reader.take(first + second.substr(0, cut));
            CPPUNIT_ASSERT_EQUAL(size_t{1}, reader.events.size());
            CPPUNIT_ASSERT_EQUAL(std::string("e-1"), reader.last_id);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EncoderTest);

}  // namespace tandem::stream
