#include <cppunit/TestFixture.h>

#include <barrier>
#include <thread>

#include "ground.h"
#include "told.h"

namespace tandem::receive {

using namespace testing;

/// Statuses that come before we know what they are about.
class EarlyStatusTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EarlyStatusTest);
    CPPUNIT_TEST(a_status_that_came_early_is_recorded_when_its_message_is_known);
    CPPUNIT_TEST(a_status_that_just_missed_its_message_finds_it_itself);
    CPPUNIT_TEST(in_any_race_every_status_has_its_effect_once);
    CPPUNIT_TEST(what_a_crash_left_is_found_after_the_next_start);
    CPPUNIT_TEST(parked_statuses_climb_in_any_order);
    CPPUNIT_TEST(a_repetition_of_a_parked_status_is_a_repetition);
    CPPUNIT_TEST(one_accounts_word_on_anothers_message_is_no_word);
    CPPUNIT_TEST(a_line_that_failed_early_ends_its_call_when_that_is_known);
    CPPUNIT_TEST(a_line_that_rang_before_its_call_began_is_remembered);
    CPPUNIT_TEST(without_storage_an_early_status_is_asked_for_again);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { house_ = std::make_unique<House>(); }
    void tearDown() override { house_.reset(); }

    void a_status_that_came_early_is_recorded_when_its_message_is_known() {
        say(provider_status("SM1", domain::Delivery::Delivered, "delivered"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, parked());
        CPPUNIT_ASSERT(counted("parked") >= 1);
        put_outbound(*house_, "m-1", "SM1");
        house_->intake->apply("bici", "twilio", "SM1");
        until([&] { return delivery_of("m-1") == domain::Delivery::Delivered; });
        until([&] { return parked() == 0; });
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "sms_status_update"));
    }

    void a_status_that_just_missed_its_message_finds_it_itself() {
        // The message is recorded between the look and the commit of the note; who recorded
        // it looked for notes just before.
        house_->store.before_commit = [store = &house_->store, recorded = false]() mutable {
            if (std::exchange(recorded, true)) return;
            store::ChangeSet set;
            set.organization = "bici";
            domain::Conversation conversation;
            conversation.address = customer_number;
            domain::Message message;
            message.id = "m-1";
            message.address = customer_number;
            message.delivery = domain::Delivery::Sending;
            message.direction = domain::Direction::Outbound;
            message.instance = "twilio";
            message.provider_id = "SM1";
            set.operations = {conversation, message};
            CPPUNIT_ASSERT(store->PassingStore::commit({&set}));
        };
        say(provider_status("SM1", domain::Delivery::Delivered, "delivered"));
        CPPUNIT_ASSERT(delivery_of("m-1") == domain::Delivery::Delivered);
        until([&] { return parked() == 0; });
    }

    void in_any_race_every_status_has_its_effect_once() {
        constexpr int rounds = 200;
        std::barrier both(2);
        std::vector<std::shared_ptr<Asked>> asked;
        std::thread sender([&] {
            for (int i = 0; i < rounds; ++i) {
                both.arrive_and_wait();
                const std::string number = std::to_string(i);
                put_outbound(*house_, "m-" + number, "SM" + number);
                house_->intake->apply("bici", "twilio", "SM" + number);
            }
        });
        for (int i = 0; i < rounds; ++i) {
            both.arrive_and_wait();
            const std::string id = "SM" + std::to_string(i);
            for (const auto& [delivery, word] :
                 {std::pair{domain::Delivery::Sent, "sent"},
                  std::pair{domain::Delivery::Delivered, "delivered"}})
                asked.push_back(
                    tell(*house_, house_->source, {provider_status(id, delivery, word)}));
            asked.back()->wait();
        }
        sender.join();
        for (const auto& one : asked) CPPUNIT_ASSERT_EQUAL(200, one->wait().status);
        for (int i = 0; i < rounds; ++i) {
            const std::string id = "m-" + std::to_string(i);
            until([&] {
                return house_->store.status_history("bici", id, 10)->size() == 2 &&
                       delivery_of(id) == domain::Delivery::Delivered;
            });
        }
        until([&] { return parked() == 0; });
        for (int i = 0; i < rounds; ++i)
            CPPUNIT_ASSERT_EQUAL(
                size_t{2},
                house_->store.status_history("bici", "m-" + std::to_string(i), 10)->size());
    }

    void what_a_crash_left_is_found_after_the_next_start() {
        say(provider_status("SM1", domain::Delivery::Delivered, "delivered"));
        say(line_status("CA1", domain::Line::Busy, "busy"));
        // Recorded, and then the process ended before it said so.
        put_outbound(*house_, "m-1", "SM1");
        put_call(*house_, "call-1", "CA1");
        house_->restart();
        until([&] { return delivery_of("m-1") == domain::Delivery::Delivered; });
        until([&] { return !house_->store.call("bici", "call-1")->active; });
        until([&] { return parked() == 0; });
    }

    void parked_statuses_climb_in_any_order() {
        say(provider_status("SM1", domain::Delivery::Delivered, "delivered"));
        say(provider_status("SM1", domain::Delivery::Queued, "queued"));
        say(provider_status("SM1", domain::Delivery::Sent, "sent"));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, parked());
        put_outbound(*house_, "m-1", "SM1");
        house_->intake->apply("bici", "twilio", "SM1");
        until([&] { return house_->store.status_history("bici", "m-1", 10)->size() == 3; });
        CPPUNIT_ASSERT(delivery_of("m-1") == domain::Delivery::Delivered);
    }

    void a_repetition_of_a_parked_status_is_a_repetition() {
        const auto early = provider_status("SM1", domain::Delivery::Delivered, "delivered");
        say(early);
        say(early);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, parked());
        put_outbound(*house_, "m-1", "SM1");
        house_->intake->apply("bici", "twilio", "SM1");
        until([&] { return delivery_of("m-1") == domain::Delivery::Delivered; });
        // The sweep at the start may have met the note as well.
        const int before = counted("duplicate");
        say(early);
        CPPUNIT_ASSERT(counted("duplicate") > before);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, house_->store.status_history("bici", "m-1", 10)->size());
    }

    void one_accounts_word_on_anothers_message_is_no_word() {
        put_outbound(*house_, "m-1", "SM1");
        auto other = std::make_shared<FakeSource>();
        other->name = "brain";
        const auto forged = status("m-1", domain::Delivery::Failed, "failed");
        CPPUNIT_ASSERT_EQUAL(200, tell(*house_, other, {forged})->wait().status);
        CPPUNIT_ASSERT(delivery_of("m-1") == domain::Delivery::Queued);
    }

    void a_line_that_failed_early_ends_its_call_when_that_is_known() {
        say(line_status("CA1", domain::Line::Busy, "busy"));
        put_call(*house_, "call-1", "CA1");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, count(house_->events(), "call_ended"));
        house_->intake->apply_line("bici", "CA1");
        until([&] { return count(house_->events(), "call_ended") == 1; });
        CPPUNIT_ASSERT(!house_->store.call("bici", "call-1")->active);
    }

    void a_line_that_rang_before_its_call_began_is_remembered() {
        say(line_status("CA1", domain::Line::Answered, "in-progress"));
        auto started = call("CA1");
        started.asks_context = false;
        say(started);
        until([&] {
            const auto known = house_->store.call_by_line("bici", "CA1");
            return known && known->record_json.find("answeredAt") != std::string::npos;
        });
        until([&] { return parked() == 0; });
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(house_->events(), "call_initiated"));
    }

    void without_storage_an_early_status_is_asked_for_again() {
        house_->store.writes_fail = true;
        const auto early = provider_status("SM1", domain::Delivery::Sent, "sent");
        CPPUNIT_ASSERT_EQUAL(503, tell(*house_, house_->source, {early})->wait().status);
    }

private:
    void say(ProviderEvent event) {
        CPPUNIT_ASSERT_EQUAL(200, tell(*house_, house_->source, {std::move(event)})->wait().status);
    }

    domain::Delivery delivery_of(const std::string& id) {
        const auto message = house_->store.message("bici", id);
        CPPUNIT_ASSERT(message);
        return message->delivery;
    }

    size_t parked() {
        size_t all = 0;
        for (const char* scope : {"parked-status", "parked-line"})
            all += house_->store.notes("bici", scope, "", house_->clock.now(), 1000)->size();
        return all;
    }

    int counted(const std::string& result) {
        const std::string line =
            "tandem_webhook_received_total{event=\"message_status\","
            "provider=\"twilio\",result=\"" +
            result + "\"} ";
        const std::string text = house_->metrics.text();
        const size_t at = text.find(line);
        return at == std::string::npos ? 0 : std::stoi(text.substr(at + line.size()));
    }

    std::unique_ptr<House> house_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EarlyStatusTest);

}  // namespace tandem::receive
