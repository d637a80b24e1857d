#include <algorithm>

#include "unit/receive/recorded.h"

namespace tandem::receive {

/// What a provider says of a text of ours.
class RecordStatusTest : public Shop {
    CPPUNIT_TEST_SUITE(RecordStatusTest);
    CPPUNIT_TEST(a_status_that_climbs_is_told);
    CPPUNIT_TEST(a_status_that_does_not_climb_is_only_remembered);
    CPPUNIT_TEST(an_unknown_word_is_only_remembered);
    CPPUNIT_TEST(a_status_may_tell_that_the_customer_opted_out);
    CPPUNIT_TEST(in_all_orders_of_six_statuses_none_goes_back);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_status_that_climbs_is_told() {
        const auto set = status(Delivery::Queued, Delivery::Delivered);
        const auto written = only<store::Status>(set);
        CPPUNIT_ASSERT(!written.keep_delivery);
        CPPUNIT_ASSERT(written.delivery == Delivery::Delivered);
        CPPUNIT_ASSERT_EQUAL(std::string("SM9"), written.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_status_update "), types(set));
        CPPUNIT_ASSERT(says(set, "sms_status_update", "\"status\":\"delivered\""));
        CPPUNIT_ASSERT(says(set, "sms_status_update", "\"messageSid\":\"SM9\""));
        CPPUNIT_ASSERT(required<store::VersionIs>(set));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, all_of<domain::Conversation>(set).size());
    }

    void a_status_that_does_not_climb_is_only_remembered() {
        for (const auto& [current, next] : {std::pair{Delivery::Delivered, Delivery::Sent},
                                            {Delivery::Failed, Delivery::Queued},
                                            {Delivery::Sent, Delivery::Sent},
                                            {Delivery::Failed, Delivery::Delivered}}) {
            const auto set = status(current, next);
            CPPUNIT_ASSERT(only<store::Status>(set).keep_delivery);
            CPPUNIT_ASSERT(only<store::Status>(set).delivery == current);
            CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<domain::Conversation>(set).size());
        }
    }

    void an_unknown_word_is_only_remembered() {
        const auto set = status(Delivery::Queued, Delivery::Unknown, false);
        CPPUNIT_ASSERT(only<store::Status>(set).keep_delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("banana"), only<store::Status>(set).provider_word);
        CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
    }

    void a_status_may_tell_that_the_customer_opted_out() {
        MessageStatus event;
        event.dedupe_key = "status:SM9:failed:21610";
        event.provider_id = "SM9";
        event.delivery = Delivery::Failed;
        event.opted_out = true;
        domain::Message message;
        message.id = "m1";
        for (const auto& [current, told] :
             {std::pair{Delivery::Queued, "customer_opted_out sms_status_update "},
              std::pair{Delivery::Failed, "customer_opted_out "}}) {
            message.delivery = current;
            const auto set = record(event, scope_, known(), message, moment_);
            CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(std::string(told), types(set));
        }
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             types(record(event, scope_, opted_out(), message, moment_)));
    }

    // I11: whatever the order, each message ends where its best status is, and every event
    // that was published is higher than the one before.
    void in_all_orders_of_six_statuses_none_goes_back() {
        std::vector<Delivery> order{Delivery::Queued, Delivery::Sending,   Delivery::Sent,
                                    Delivery::Read,   Delivery::Delivered, Delivery::Undelivered};
        std::sort(order.begin(), order.end());
        int orders = 0;
        do {
            Delivery current = Delivery::Queued;
            bool was_read = false;
            for (const Delivery next : order) {
                const auto set = status(current, next);
                const auto written = only<store::Status>(set);
                CPPUNIT_ASSERT_EQUAL(written.keep_delivery, types(set).empty());
                CPPUNIT_ASSERT(written.keep_delivery || domain::climbs(current, next));
                current = written.delivery;
                was_read = was_read || current == Delivery::Read;
                CPPUNIT_ASSERT(!was_read || current == Delivery::Read);
            }
            CPPUNIT_ASSERT(current == Delivery::Read);
            ++orders;
        } while (std::next_permutation(order.begin(), order.end()));
        CPPUNIT_ASSERT_EQUAL(720, orders);
    }

private:
    store::ChangeSet status(Delivery current, Delivery next, bool known_word = true) {
        MessageStatus event;
        event.dedupe_key = "status:SM9:x:";
        event.provider_id = "SM9";
        event.delivery = next;
        event.known_word = known_word;
        event.provider_word = known_word ? "word" : "banana";
        domain::Message message;
        message.id = "m1";
        message.delivery = current;
        return record(event, scope_, known(), message, moment_);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordStatusTest);

}  // namespace tandem::receive
