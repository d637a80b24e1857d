#include "domain/need.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::domain {

class NeedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NeedTest);
    CPPUNIT_TEST(the_same_reason_is_told_once);
    CPPUNIT_TEST(an_answer_ends_what_the_ai_could_not_do);
    CPPUNIT_TEST(only_a_person_ends_the_rest);
    CPPUNIT_TEST(what_a_person_ends_takes_the_place_of_what_an_answer_ends);
    CPPUNIT_TEST(who_asked_for_a_person_is_told_of_before_anything_else);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_same_reason_is_told_once() {
        for (const std::string_view reason : {need::no_channel, need::asked, need::late}) {
            Conversation conversation;
            CPPUNIT_ASSERT(need_human(conversation, reason));
            CPPUNIT_ASSERT(!need_human(conversation, reason));
            CPPUNIT_ASSERT_EQUAL(std::string(reason), conversation.needs_human);
        }
    }

    void an_answer_ends_what_the_ai_could_not_do() {
        for (const std::string_view reason :
             {need::no_responder, need::no_channel, need::responder_failed, need::daily_limit,
              need::number_not_allowed, need::dropped}) {
            Conversation conversation;
            need_human(conversation, reason);
            answered_by_ai(conversation);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(reason), std::string(),
                                         conversation.needs_human);
        }
    }

    void only_a_person_ends_the_rest() {
        for (const std::string_view reason : {need::asked, need::late, need::call_daily_limit}) {
            Conversation conversation;
            need_human(conversation, reason);
            CPPUNIT_ASSERT(!need_human(conversation, need::daily_limit));
            answered_by_ai(conversation);
            CPPUNIT_ASSERT_EQUAL(std::string(reason), conversation.needs_human);
        }
    }

    void what_a_person_ends_takes_the_place_of_what_an_answer_ends() {
        for (const std::string_view reason : {need::asked, need::late, need::call_daily_limit}) {
            Conversation conversation;
            need_human(conversation, need::daily_limit);
            CPPUNIT_ASSERT(need_human(conversation, reason));
            CPPUNIT_ASSERT_EQUAL(std::string(reason), conversation.needs_human);
        }
    }

    void who_asked_for_a_person_is_told_of_before_anything_else() {
        for (const std::string_view reason : {need::late, need::call_daily_limit}) {
            Conversation conversation;
            need_human(conversation, reason);
            CPPUNIT_ASSERT(need_human(conversation, need::asked));
            CPPUNIT_ASSERT(!need_human(conversation, reason));
            CPPUNIT_ASSERT_EQUAL(std::string(need::asked), conversation.needs_human);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NeedTest);

}  // namespace tandem::domain
