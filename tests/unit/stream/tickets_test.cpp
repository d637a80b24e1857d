#include "stream/tickets.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>

#include "house.h"

namespace tandem::stream {

namespace {

const std::string ann = "+15551230001";
const std::string url = "/api/stream/conversation/l1?ticket=x";

domain::Identity identity() {
    domain::Identity made;
    made.organization = "acme";
    made.subject = "ann";
    return made;
}

serve::Request request(const std::string& target) {
    serve::Request made;
    made.target = target;
    return made;
}

}  // namespace

class TicketsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TicketsTest);
    CPPUNIT_TEST(a_ticket_is_256_random_bits);
    CPPUNIT_TEST(a_ticket_opens_within_its_minute_and_not_after);
    CPPUNIT_TEST(a_lost_stream_may_come_back_within_a_minute_at_the_same_url);
    CPPUNIT_TEST(nothing_else_is_ever_a_ticket);
    CPPUNIT_TEST(a_ticket_is_for_its_conversation_only);
    CPPUNIT_TEST(it_ends_with_the_credential_behind_it);
    CPPUNIT_TEST(coming_back_takes_the_old_streams_place);
    CPPUNIT_TEST(the_displaced_stream_going_later_does_not_spend_the_ticket);
    CPPUNIT_TEST(unused_tickets_are_bounded_and_forgotten);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        clock_ = std::make_unique<HandClock>();
        tickets_ = std::make_unique<Tickets>(*clock_);
    }

    void a_ticket_is_256_random_bits() {
        std::set<std::string> seen;
        for (int i = 0; i < 100; ++i) {
            const auto issued = tickets_->issue(identity(), {ann});
            CPPUNIT_ASSERT_EQUAL(size_t{64}, issued->ticket.size());
            CPPUNIT_ASSERT(seen.insert(issued->ticket).second);
            CPPUNIT_ASSERT(issued->expires_at == clock_->now() + Tickets::validity);
        }
    }

    void a_ticket_opens_within_its_minute_and_not_after() {
        const std::string in_time = issue();
        const std::string too_late = issue();
        clock_->pass(Milliseconds{59999});
        const auto who = tickets_->redeem(in_time, request(url));
        CPPUNIT_ASSERT(who);
        CPPUNIT_ASSERT_EQUAL(std::string("ann"), who->subject);
        const auto use = tickets_->open(in_time, url, ann);
        CPPUNIT_ASSERT(use);
        clock_->pass(Milliseconds{1});
        CPPUNIT_ASSERT(!tickets_->redeem(too_late, request(url)));
        CPPUNIT_ASSERT(!tickets_->open(too_late, url, ann));
    }

    void a_lost_stream_may_come_back_within_a_minute_at_the_same_url() {
        const std::string ticket = issue();
        auto use = tickets_->open(ticket, url, ann);
        clock_->pass(Milliseconds{3600000});
        CPPUNIT_ASSERT_MESSAGE("open for an hour", tickets_->redeem(ticket, request(url)));
        use.reset();
        CPPUNIT_ASSERT(!tickets_->redeem(ticket, request(url + "&load=true")));
        CPPUNIT_ASSERT(!tickets_->open(ticket, url + "&load=true", ann));
        for (int round = 0; round < 3; ++round) {
            clock_->pass(Milliseconds{59000});
            CPPUNIT_ASSERT(tickets_->redeem(ticket, request(url)));
            use = tickets_->open(ticket, url, ann);
            CPPUNIT_ASSERT(use);
            use.reset();
        }
        clock_->pass(Milliseconds{60000});
        CPPUNIT_ASSERT(!tickets_->redeem(ticket, request(url)));
        CPPUNIT_ASSERT(!tickets_->open(ticket, url, ann));
    }

    void nothing_else_is_ever_a_ticket() {
        const std::string ticket = issue();
        std::string upper = ticket;
        for (char& letter : upper)
            if (letter >= 'a') letter = static_cast<char>(letter - 'a' + 'A');
        const std::vector<std::string> wrong{"",
                                             "x",
                                             ticket.substr(1),
                                             ticket + "0",
                                             std::string(64, '0'),
                                             std::string(64, 'g'),
                                             " " + ticket.substr(1),
                                             std::string(100000, 'a'),
                                             ticket.substr(0, 63) + '\0'};
        for (const std::string& one : wrong) {
            CPPUNIT_ASSERT_MESSAGE(one, !tickets_->redeem(one, request(url)));
            CPPUNIT_ASSERT_MESSAGE(one, !tickets_->open(one, url, ann));
        }
        if (upper != ticket) CPPUNIT_ASSERT(!tickets_->redeem(upper, request(url)));
        CPPUNIT_ASSERT(tickets_->redeem(ticket, request(url)));
    }

    void a_ticket_is_for_its_conversation_only() {
        const std::string one = issue();
        CPPUNIT_ASSERT(!tickets_->open(one, url, "+15551239999"));
        CPPUNIT_ASSERT(!tickets_->open(one, url, ""));
        CPPUNIT_ASSERT_MESSAGE("a wrong attempt does not bind it", tickets_->open(one, url, ann));
        const std::string all = tickets_->issue(identity(), {})->ticket;
        CPPUNIT_ASSERT(!tickets_->open(all, url, ann));
        CPPUNIT_ASSERT(tickets_->open(all, "/api/stream/organization?ticket=x", ""));
    }

    void it_ends_with_the_credential_behind_it() {
        domain::Identity short_lived = identity();
        short_lived.expires_at = clock_->now() + Milliseconds{30000};
        const auto issued = tickets_->issue(short_lived, {ann});
        CPPUNIT_ASSERT(issued->expires_at == *short_lived.expires_at);
        CPPUNIT_ASSERT(!tickets_->is_over(short_lived));
        const std::string ticket = issued->ticket;
        auto use = tickets_->open(ticket, url, ann);
        CPPUNIT_ASSERT(use);
        clock_->pass(Milliseconds{30000});
        CPPUNIT_ASSERT(tickets_->is_over(short_lived));
        CPPUNIT_ASSERT(!tickets_->is_over(identity()));
        CPPUNIT_ASSERT(!tickets_->redeem(ticket, request(url)));
        use.reset();
        CPPUNIT_ASSERT(!tickets_->open(ticket, url, ann));
    }

    void coming_back_takes_the_old_streams_place() {
        House house;
        Tickets tickets(house.clock);
        Places places(1);
        const std::string ticket = tickets.issue(identity(), {ann})->ticket;
        const auto open = [&] {
            Subscription made = house.subscription(ann);
            made.ticket = tickets.open(ticket, url, ann);
            CPPUNIT_ASSERT(made.ticket);
            made.place = places.take(made.identity);
            CPPUNIT_ASSERT_MESSAGE("refused for its own predecessor", made.place);
            made.ticket->hold(made.place);
            return house.open(std::move(made));
        };
        const auto first = open();
        const auto second = open();
        CPPUNIT_ASSERT(first->await_end());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, count(first->text(), "\"reason\":\"replaced\""));
        house.settle();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, house.hub.streams_open());
        CPPUNIT_ASSERT(!places.take(identity()));
        house.publish(ann, "{\"n\":1}");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, told(*second).size());
        second->hang_up();
        CPPUNIT_ASSERT(places.take(identity()));
        CPPUNIT_ASSERT(tickets.redeem(ticket, request(url)));
    }

    void the_displaced_stream_going_later_does_not_spend_the_ticket() {
        const std::string ticket = issue();
        auto first = tickets_->open(ticket, url, ann);
        auto second = tickets_->open(ticket, url, ann);
        bool displaced = false;
        first->on_displaced([&] { displaced = true; });
        CPPUNIT_ASSERT_MESSAGE("too late is at once", displaced);
        first.reset();
        clock_->pass(Milliseconds{120000});
        CPPUNIT_ASSERT_MESSAGE("the second is still open", tickets_->redeem(ticket, request(url)));
        second.reset();
        clock_->pass(Milliseconds{60000});
        CPPUNIT_ASSERT(!tickets_->redeem(ticket, request(url)));
    }

    void unused_tickets_are_bounded_and_forgotten() {
        for (unsigned i = 0; i < Tickets::most_unused; ++i)
            CPPUNIT_ASSERT(tickets_->issue(identity(), {ann}));
        CPPUNIT_ASSERT(!tickets_->issue(identity(), {ann}));
        domain::Identity other = identity();
        other.subject = "bob";
        CPPUNIT_ASSERT_MESSAGE("bound to one credential", tickets_->issue(other, {ann}));
        clock_->pass(Milliseconds{61000});
        CPPUNIT_ASSERT(tickets_->issue(identity(), {ann}));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, tickets_->size());
        for (int i = 0; i < 1000; ++i) {
            const auto issued = tickets_->issue(other, {ann});
            CPPUNIT_ASSERT_MESSAGE("used ones do not count", issued);
            CPPUNIT_ASSERT(tickets_->open(issued->ticket, url, ann));
        }
        clock_->pass(Milliseconds{61000});
        CPPUNIT_ASSERT(tickets_->issue(identity(), {ann}));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, tickets_->size());
    }

private:
    std::string issue() { return tickets_->issue(identity(), {ann})->ticket; }

    std::unique_ptr<HandClock> clock_;
    std::unique_ptr<Tickets> tickets_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TicketsTest);

}  // namespace tandem::stream
