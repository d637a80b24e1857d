#include "deliver/outbox.h"

#include <cppunit/TestFixture.h>

#include <algorithm>

#include "deliver/routes.h"
#include "deliver/sender.h"
#include "unit/deliver/world.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;
using testing::ScriptedChannel;
using testing::World;
using Kind = Receipt::Kind;
using Texts = std::vector<std::string>;

struct Heard : serve::Responder::Exchange {
    void answer(serve::Response response) override { heard = std::move(response); }
    void stream(serve::Response, std::function<void(std::shared_ptr<serve::Stream>)>) override {}
    serve::Response heard;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

class OutboxTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OutboxTest);
    CPPUNIT_TEST(what_was_given_up_is_listed_with_its_message);
    CPPUNIT_TEST(a_dead_text_is_sent_again_once_more_and_no_oftener);
    CPPUNIT_TEST(a_dead_text_that_is_dropped_stays_unknown);
    CPPUNIT_TEST(a_waiting_text_that_is_dropped_has_failed);
    CPPUNIT_TEST(a_waiting_text_that_is_retried_is_due_now);
    CPPUNIT_TEST(what_a_worker_has_in_hand_is_left_alone);
    CPPUNIT_TEST(a_retry_of_what_a_worker_left_behind_sends_nothing_blindly);
    CPPUNIT_TEST(another_organisations_rows_do_not_exist);
    CPPUNIT_TEST(each_deed_leaves_an_audit_line);
    CPPUNIT_TEST(the_routes_page_and_answer);
    CPPUNIT_TEST(rows_that_change_between_two_pages_hide_no_others);
    CPPUNIT_TEST(wrong_questions_are_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        world_ = std::make_unique<World>();
        channel_ = std::make_shared<ScriptedChannel>();
        world_->customer_writes("hello", false);
        Outbox::Ground ground;
        ground.store = world_->store.get();
        ground.committer = world_->committer.get();
        ground.clock = &world_->clock;
        ground.ids = &world_->ids;
        outbox_ = std::make_unique<Outbox>(ground);
        Ground sending{world_->ground(), &gate_};
        SenderOptions options;
        options.worker = "worker-1";
        sender_ =
            std::make_unique<Sender>(sending, Sender::Channels{{"twilio", channel_}}, options);
    }
    void tearDown() override {
        sender_.reset();
        outbox_.reset();
        world_.reset();
    }

    void what_was_given_up_is_listed_with_its_message() {
        const std::string id = dead_text();
        const auto dead = outbox_->list(World::organization, true, "", 10);
        CPPUNIT_ASSERT_MESSAGE(dead ? "" : dead.error().text, dead);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, dead->size());
        CPPUNIT_ASSERT_EQUAL(id, dead->at(0).owed.subject_id);
        CPPUNIT_ASSERT(Delivery::Unknown == dead->at(0).message->delivery);
        CPPUNIT_ASSERT(outbox_->list(World::organization, false, "", 10)->empty());
    }

    void a_dead_text_is_sent_again_once_more_and_no_oftener() {
        const std::string id = dead_text();
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const auto done = outbox_->retry(World::organization, dead_row(), "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        CPPUNIT_ASSERT(outbox_->retry(World::organization, dead_row(), "ann"));
        to_the_end();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, channel_->sent.size());
        CPPUNIT_ASSERT(Delivery::Sent == world_->message(id).delivery);
    }

    void a_dead_text_that_is_dropped_stays_unknown() {
        const std::string id = dead_text();
        const auto done = outbox_->drop(World::organization, dead_row(), "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
        CPPUNIT_ASSERT(outbox_->list(World::organization, true, "", 10)->empty());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void a_waiting_text_that_is_dropped_has_failed() {
        const std::string id = world_->owe_text("hi", -1);
        CPPUNIT_ASSERT(outbox_->drop(World::organization, waiting_row(), "ann"));
        CPPUNIT_ASSERT(Delivery::Failed == world_->message(id).delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("DROPPED"), world_->message(id).error_code);
        CPPUNIT_ASSERT(Texts{"sms_status_update failed"} == world_->events());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void a_waiting_text_that_is_retried_is_due_now() {
        channel_->receipts = {ScriptedChannel::of(Kind::NotSent)};
        channel_->receipts[0].retry_after = std::chrono::minutes{5};
        world_->owe_text("hi", -1);
        work();
        CPPUNIT_ASSERT(world_->due(store::OwedKind::Send).empty());
        CPPUNIT_ASSERT(outbox_->retry(World::organization, waiting_row(), "ann"));
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, channel_->sent.size());
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void what_a_worker_has_in_hand_is_left_alone() {
        world_->owe_text("hi", -1);
        channel_->during = [&] {
            const std::string id = waiting_row();
            CPPUNIT_ASSERT(Code::Conflict ==
                           outbox_->drop(World::organization, id, "ann").error().code);
            CPPUNIT_ASSERT(Code::Conflict ==
                           outbox_->retry(World::organization, id, "ann").error().code);
        };
        work();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, channel_->sent.size());
    }

    void a_retry_of_what_a_worker_left_behind_sends_nothing_blindly() {
        const std::string id = world_->owe_text("hi", -1);
        store::Status sending;
        sending.message_id = id;
        sending.delivery = Delivery::Sending;
        sending.at = world_->clock.now();
        world_->commit(
            {world_->conversation(),
             store::Claim{waiting_row(), "dead", world_->clock.now() + Milliseconds{1000}},
             sending});
        world_->clock.advance(Milliseconds{1001});
        const auto done = outbox_->retry(World::organization, waiting_row(), "ann");
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
        work();
        CPPUNIT_ASSERT(channel_->sent.empty());
        CPPUNIT_ASSERT(Delivery::Unknown == world_->message(id).delivery);
    }

    void another_organisations_rows_do_not_exist() {
        dead_text();
        const std::string id = dead_row();
        CPPUNIT_ASSERT(outbox_->list("other", true, "", 10)->empty());
        CPPUNIT_ASSERT(Code::NotFound == outbox_->entry("other", id).error().code);
        CPPUNIT_ASSERT(Code::NotFound == outbox_->retry("other", id, "ann").error().code);
        CPPUNIT_ASSERT(Code::NotFound == outbox_->drop("other", id, "ann").error().code);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, outbox_->list(World::organization, true, "", 10)->size());
    }

    void each_deed_leaves_an_audit_line() {
        const std::string id = dead_text();
        CPPUNIT_ASSERT(outbox_->retry(World::organization, dead_row(), "ann"));
        CPPUNIT_ASSERT(outbox_->drop(World::organization, waiting_row(), "bob"));
        const auto lines = world_->store->audit(World::organization, "", 10);
        CPPUNIT_ASSERT_MESSAGE(lines ? "" : lines.error().text, lines);
        Texts found;
        for (const store::AuditLine& line : *lines) {
            found.push_back(line.actor + ' ' + line.action);
            CPPUNIT_ASSERT_EQUAL(id, line.subject);
        }
        const Texts expected{"bob outbox_drop", "ann outbox_retry"};
        CPPUNIT_ASSERT(expected == found);
    }

    void the_routes_page_and_answer() {
        const std::string first = world_->owe_text("uno", -1);
        world_->clock.advance(Milliseconds{1});
        world_->owe_text("two", -1);
        const std::string page = ask("GET", "/api/outbox", "", "state=waiting&limit=1").body;
        CPPUNIT_ASSERT_MESSAGE(page, has(page, "\"subjectId\":\"" + first + '"'));
        CPPUNIT_ASSERT(has(page, R"("state":"waiting")") && has(page, R"("kind":"send")"));
        CPPUNIT_ASSERT(has(page, R"("messageStatus":"queued")"));
        CPPUNIT_ASSERT(!has(page, "hello") && !has(page, "uno"));  // no customer's words
        const std::string id = waiting_row();
        const std::string rest =
            ask("GET", "/api/outbox", "", "state=waiting&limit=2&cursor=" + next_of(page)).body;
        CPPUNIT_ASSERT(!has(rest, first) && has(rest, R"("nextCursor":null)"));

        work();
        CPPUNIT_ASSERT_EQUAL(404, ask("GET", "/api/outbox/{id}", id).status);
        dead_text();
        const std::string dead = dead_row();
        const std::string shown = ask("GET", "/api/outbox/{id}", dead).body;
        CPPUNIT_ASSERT(has(shown, R"("history":[{"status":"sending","changed":true)"));
        CPPUNIT_ASSERT_EQUAL(200, ask("POST", "/api/outbox/{id}/retry", dead).status);
        CPPUNIT_ASSERT_EQUAL(200, ask("DELETE", "/api/outbox/{id}", dead).status);
        CPPUNIT_ASSERT_EQUAL(404, ask("DELETE", "/api/outbox/{id}", dead).status);
    }

    // The provider was down and comes back while somebody looks.
    void rows_that_change_between_two_pages_hide_no_others() {
        std::vector<std::string> said;
        for (const char* text : {"uno", "two", "tre"}) {
            said.push_back(world_->owe_text(text, -1));
            world_->clock.advance(Milliseconds{1});
        }
        const std::string first = waiting_row();
        const std::string cursor =
            next_of(ask("GET", "/api/outbox", "", "state=waiting&limit=1").body);
        const auto rest = [&] {
            const serve::Response page =
                ask("GET", "/api/outbox", "", "state=waiting&cursor=" + cursor);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(page.body, 200, page.status);
            return has(page.body, said[1]) && has(page.body, said[2]) && !has(page.body, said[0]);
        };
        CPPUNIT_ASSERT(rest());
        const Time later = world_->clock.now() + std::chrono::minutes{5};
        world_->commit({store::Settle{first, store::Settlement::Retry, later, "down"}});
        CPPUNIT_ASSERT_MESSAGE("the first was put off", rest());
        CPPUNIT_ASSERT(outbox_->drop(World::organization, first, "ann"));
        CPPUNIT_ASSERT_MESSAGE("the first is gone", rest());
    }

    void wrong_questions_are_refused() {
        for (const char* query : {"state=lost", "limit=0", "limit=201", "limit=x", "limit=-1"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(query, 400, ask("GET", "/api/outbox", "", query).status);
        CPPUNIT_ASSERT_EQUAL(
            400, ask("GET", "/api/outbox", "", "cursor=" + std::string(500, 'x')).status);
        world_->owe_text("hi", -1);
        const std::string cursor =
            next_of(ask("GET", "/api/outbox", "", "state=waiting&limit=1").body);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a cursor of the other list", 400,
                                     ask("GET", "/api/outbox", "", "cursor=" + cursor).status);
        for (const serve::Route& route : outbox_routes(*outbox_)) {
            CPPUNIT_ASSERT(route.access == serve::Access::Bearer);
            CPPUNIT_ASSERT_EQUAL(std::string("admin"), route.permission);
        }
    }

private:
    static std::string next_of(const std::string& page) {
        const std::string name = R"("nextCursor":")";
        const size_t at = page.find(name);
        CPPUNIT_ASSERT_MESSAGE(page, at != std::string::npos);
        const size_t begin = at + name.size();
        return page.substr(begin, page.find('"', begin) - begin);
    }
    /// A text of which nobody knows whether it was sent.
    std::string dead_text() {
        channel_->receipts = {ScriptedChannel::of(Kind::Unknown)};
        const std::string id = world_->owe_text("hi", -1);
        to_the_end();
        channel_->sent.resize(1);
        return id;
    }
    std::string row(bool dead) {
        const auto entries = outbox_->list(World::organization, dead, "", 10);
        CPPUNIT_ASSERT_MESSAGE(entries ? "" : entries.error().text, entries);
        CPPUNIT_ASSERT(!entries->empty());
        return entries->at(0).owed.id;
    }
    std::string dead_row() { return row(true); }
    std::string waiting_row() { return row(false); }
    void work() {
        for (const auto& owed : world_->due(store::OwedKind::Send)) sender_->work(owed);
    }
    void to_the_end() {
        work();
        for (int i = 0; i < 100; ++i) {
            const auto rows = world_->ever_due(store::OwedKind::Send);
            if (rows.empty()) return;
            world_->clock.advance(
                std::max(Milliseconds{0}, rows.at(0).due_at - world_->clock.now()));
            work();
        }
        CPPUNIT_FAIL("it never ends");
    }
    serve::Response ask(const std::string& method, const std::string& pattern,
                        const std::string& id = "", const std::string& query = "") {
        const auto heard = std::make_shared<Heard>();
        for (const serve::Route& route : outbox_routes(*outbox_)) {
            if (route.method != method || route.pattern != pattern) continue;
            serve::Request request;
            request.raw_query = query;
            request.path_parameters = {{"id", id}};
            request.identity.emplace();
            request.identity->subject = "ann";
            request.identity->organization = World::organization;
            route.handler(std::move(request), serve::Responder(heard));
        }
        return heard->heard;
    }

    std::unique_ptr<World> world_;
    std::shared_ptr<ScriptedChannel> channel_;
    FenceGate gate_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Sender> sender_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OutboxTest);

}  // namespace tandem::deliver
