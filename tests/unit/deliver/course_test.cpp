#include "deliver/course.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace tandem::deliver {

namespace {

using domain::Delivery;
using std::chrono::seconds;

constexpr Time begin{Milliseconds{1795324691000}};

store::Status line(Delivery delivery, int at, std::string_view code = "", bool keep = false) {
    store::Status made;
    made.delivery = delivery;
    made.keep_delivery = keep;
    made.error_code = code;
    made.at = begin + seconds{at};
    return made;
}

}  // namespace

class CourseTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CourseTest);
    CPPUNIT_TEST(an_unsent_message_has_no_course);
    CPPUNIT_TEST(the_last_send_counts);
    CPPUNIT_TEST(a_send_that_failed_is_one_until_the_next_begins);
    CPPUNIT_TEST(a_look_up_that_found_nothing_lets_it_be_sent_again_once);
    CPPUNIT_TEST(a_resend_is_remembered_over_further_sends);
    CPPUNIT_TEST(an_unknown_word_of_a_provider_says_nothing);
    CPPUNIT_TEST(it_is_looked_up_after_5_15_30_and_60_seconds);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_unsent_message_has_no_course() {
        const Course course = course_of({});
        CPPUNIT_ASSERT(!course.begun_at && !course.unknown_since && !course.may_send);
    }

    void the_last_send_counts() {
        const Course course =
            course_of({line(Delivery::Sending, 0), line(Delivery::Sending, 1, "429", true),
                       line(Delivery::Sending, 5), line(Delivery::Unknown, 20)});
        CPPUNIT_ASSERT(course.begun_at == begin + seconds{5});
        CPPUNIT_ASSERT(course.unknown_since == begin + seconds{20});
        CPPUNIT_ASSERT(!course.may_send && !course.resent);
    }

    void a_send_that_failed_is_one_until_the_next_begins() {
        std::vector<store::Status> history{line(Delivery::Sending, 0)};
        CPPUNIT_ASSERT(!course_of(history).failed);
        // What a provider says meanwhile is no failure of ours.
        history.push_back(line(Delivery::Sending, 1, "", true));
        history.back().provider_word = "accepted";
        CPPUNIT_ASSERT(!course_of(history).failed);
        history.push_back(line(Delivery::Sending, 2, "429", true));
        CPPUNIT_ASSERT(course_of(history).failed);
        history.push_back(line(Delivery::Sending, 9));
        CPPUNIT_ASSERT(!course_of(history).failed);
    }

    void a_look_up_that_found_nothing_lets_it_be_sent_again_once() {
        std::vector<store::Status> history{line(Delivery::Sending, 0), line(Delivery::Unknown, 1),
                                           line(Delivery::Unknown, 6, not_sent_mark, true)};
        CPPUNIT_ASSERT(course_of(history).may_send && course_of(history).not_sent);
        history.push_back(line(Delivery::Sending, 7));
        history.push_back(line(Delivery::Unknown, 8));
        CPPUNIT_ASSERT(!course_of(history).may_send && !course_of(history).not_sent);
        CPPUNIT_ASSERT(!course_of(history).resent);
    }

    void a_resend_is_remembered_over_further_sends() {
        const Course course = course_of({line(Delivery::Sending, 0), line(Delivery::Unknown, 1),
                                         line(Delivery::Unknown, 61, resent_mark, true),
                                         line(Delivery::Sending, 61), line(Delivery::Unknown, 62)});
        CPPUNIT_ASSERT(course.resent && !course.may_send);
    }

    void an_unknown_word_of_a_provider_says_nothing() {
        const Course course =
            course_of({line(Delivery::Sending, 0), line(Delivery::Unknown, 1, "", true)});
        CPPUNIT_ASSERT(!course.unknown_since);
    }

    void it_is_looked_up_after_5_15_30_and_60_seconds() {
        Time now = begin;
        for (const int expected : {5, 15, 30, 60}) {
            const auto next = next_look_up(begin, now);
            CPPUNIT_ASSERT(next == begin + seconds{expected});
            now = *next;
        }
        CPPUNIT_ASSERT(!next_look_up(begin, now));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CourseTest);

}  // namespace tandem::deliver
