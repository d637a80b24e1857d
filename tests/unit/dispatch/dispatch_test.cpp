#include "dispatch/dispatch.h"

#include <cppunit/TestFixture.h>

#include "unit/deliver/world.h"

namespace tandem::dispatch {

namespace {

using testing::World;

constexpr char worker[] = "worker-1";

class HeardLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view room, std::string_view text,
               std::initializer_list<observe::Field>) override {
        heard.append(room).append(": ").append(text).append("\n");
    }
    std::string heard;
};

}  // namespace

class DispatchTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DispatchTest);
    CPPUNIT_TEST(a_row_that_somebody_claimed_is_lost);
    CPPUNIT_TEST(a_claim_is_kept_until_it_is_settled);
    CPPUNIT_TEST(another_change_of_the_conversation_asks_for_another_look);
    CPPUNIT_TEST(what_cannot_be_written_failed_and_the_log_says_so);
    CPPUNIT_TEST(what_is_put_off_comes_back_and_was_no_attempt);
    CPPUNIT_TEST(what_is_put_off_comes_back_when_it_expires);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        world_ = std::make_unique<World>();
        world_->owe_text("hello", -1);
        row_ = world_->due(store::OwedKind::Send).at(0);
    }
    void tearDown() override { world_.reset(); }

    void a_row_that_somebody_claimed_is_lost() {
        CPPUNIT_ASSERT(claim() == Commit::Done);
        CPPUNIT_ASSERT(claim() == Commit::Lost);
        CPPUNIT_ASSERT(done(while_claimed(row_, "worker-2")) == Commit::Lost);
    }

    void a_claim_is_kept_until_it_is_settled() {
        CPPUNIT_ASSERT(claim() == Commit::Done);
        CPPUNIT_ASSERT(done(while_claimed(row_, worker)) == Commit::Done);
        CPPUNIT_ASSERT(done(while_claimed(row_, worker)) == Commit::Lost);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).empty());
    }

    void another_change_of_the_conversation_asks_for_another_look() {
        store::ChangeSet set = while_unclaimed(row_, world_->clock.now());
        set.preconditions.push_back(store::VersionIs{row_.address, world_->conversation().version});
        world_->customer_writes("wait", false);
        CPPUNIT_ASSERT(done(std::move(set)) == Commit::Again);
    }

    void what_cannot_be_written_failed_and_the_log_says_so() {
        world_->committer->stop();
        CPPUNIT_ASSERT(done(while_unclaimed(row_, world_->clock.now())) == Commit::Failed);
        CPPUNIT_ASSERT_EQUAL(std::string("deliver: a text could not be committed\n"), log_.heard);
    }

    void what_is_put_off_comes_back_and_was_no_attempt() {
        CPPUNIT_ASSERT(put_off(Milliseconds{2000}) == Commit::Done);
        CPPUNIT_ASSERT(world_->due(store::OwedKind::Send).empty());
        world_->clock.advance(Milliseconds{2000});
        const store::Owed again = world_->due(store::OwedKind::Send).at(0);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, again.attempts);
        CPPUNIT_ASSERT_EQUAL(std::string("later"), again.last_error);
    }

    void what_is_put_off_comes_back_when_it_expires() {
        CPPUNIT_ASSERT(put_off(std::chrono::hours{24}) == Commit::Done);
        CPPUNIT_ASSERT(world_->ever_due(store::OwedKind::Send).at(0).due_at == row_.expires_at);
    }

private:
    Commit claim() {
        store::ChangeSet set = while_unclaimed(row_, world_->clock.now());
        set.operations.push_back(
            store::Claim{row_.id, worker, world_->clock.now() + Milliseconds{60000}});
        return written(std::move(set));
    }
    Commit done(store::ChangeSet set) {
        set.operations.push_back(store::Settle{row_.id, store::Settlement::Done, {}, {}});
        return written(std::move(set));
    }
    Commit put_off(Milliseconds pause) {
        return written(postponed(row_, world_->clock.now(), pause, "later"));
    }
    Commit written(store::ChangeSet set) {
        Ground ground = world_->ground();
        ground.log = &log_;
        return commit(ground, "deliver", "a text", std::move(set), row_);
    }

    std::unique_ptr<World> world_;
    store::Owed row_;
    HeardLog log_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DispatchTest);

}  // namespace tandem::dispatch
