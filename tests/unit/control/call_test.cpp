#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "unit/control/ground.h"

namespace tandem::control {

using testing::Json;
using testing::People;

/// A join while the AI speaks on the phone.
class TakenCallTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TakenCallTest);
    CPPUNIT_TEST(a_join_shows_the_call_and_leaves_it_alone);
    CPPUNIT_TEST(a_call_is_ended);
    CPPUNIT_TEST(a_call_is_passed_to_a_phone);
    CPPUNIT_TEST(the_carrier_is_asked_where_the_voice_cannot);
    CPPUNIT_TEST(a_call_that_cannot_be_taken_is_told_and_the_join_stands);
    CPPUNIT_TEST(who_joins_again_can_still_take_the_call);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_join_shows_the_call_and_leaves_it_alone() {
        People people;
        people.calls();
        const Json joined = people.join();
        CPPUNIT_ASSERT(joined.at("activeCall").is_object());
        CPPUNIT_ASSERT(!joined.contains("takeCall"));
        CPPUNIT_ASSERT(people.voice->orders.empty());
    }

    void a_call_is_ended() {
        People people;
        people.calls();
        expect({{"action", "hang_up"}, {"done", true}}, take(people, "hang_up"));
        CPPUNIT_ASSERT_EQUAL(std::string("hang up CA1"), people.voice->orders.at(0));
        CPPUNIT_ASSERT(people.carrier->orders.empty());
    }

    void a_call_is_passed_to_a_phone() {
        People people;
        people.calls();
        expect({{"action", "transfer"}, {"done", true}}, take(people, "transfer"));
        CPPUNIT_ASSERT_EQUAL(std::string("transfer CA1 to +15557654321"),
                             people.voice->orders.at(0));
    }

    void the_carrier_is_asked_where_the_voice_cannot() {
        People people;
        people.calls();
        people.voice->outcome = Error{Code::Unsupported, "no"};
        expect({{"action", "transfer"}, {"done", true}}, take(people, "transfer"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, people.carrier->orders.size());
    }

    void a_call_that_cannot_be_taken_is_told_and_the_join_stands() {
        const auto fails = [](const std::string& why, const std::function<void(People&)>& prepare) {
            People people;
            prepare(people);
            expect({{"action", "hang_up"}, {"done", false}, {"reason", why}},
                   take(people, "hang_up"));
            CPPUNIT_ASSERT(people.snapshot().session);
        };
        fails("there is no call", [](People&) {});
        fails("no provider can reach the line", [](People& people) { people.calls(false); });
        fails("no provider can reach the line", [](People& people) {
            people.calls();
            people.voice->outcome = people.carrier->outcome = Error{Code::Unsupported, "no"};
        });
        fails("the provider did not do it", [](People& people) {
            people.calls();
            people.voice->outcome = Error{Code::Unavailable, "HTTP 500"};
        });
    }

    void who_joins_again_can_still_take_the_call() {
        People people;
        people.calls();
        people.join();
        expect({{"action", "hang_up"}, {"done", true}}, take(people, "hang_up"));
    }

private:
    static Json take(People& people, const std::string& action) {
        JoinOrder order;
        order.call_action = action;
        if (action == "transfer") order.call_to = "+15557654321";
        return people.join("ann", order).at("takeCall");
    }
    static void expect(const Json& wanted, const Json& got) { CPPUNIT_ASSERT_EQUAL(wanted, got); }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TakenCallTest);

}  // namespace tandem::control
