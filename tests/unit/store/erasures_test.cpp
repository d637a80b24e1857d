#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <functional>

#include "unit/store/refusing_store.h"

namespace tandem::store {

namespace {

/// Keeps notes of one organisation; its own committer.
class NotingStore : public tandem::testing::RefusingStore, public Committer {
public:
    Rows<Note> notes(Whose, Text scope, Text key_prefix, Time, unsigned) override {
        std::vector<Note> found;
        for (const Note& note : kept)
            if (note.scope == scope && note.key.rfind(key_prefix, 0) == 0) found.push_back(note);
        return found;
    }
    Result<void> compact() override {
        ++compacted;
        return during ? during() : Result<void>();
    }
    bool submit(ChangeSet, Done) override { return false; }
    Result<Outcome> commit(ChangeSet set) override {
        const auto& wanted = std::get<NoteIs>(set.preconditions.at(0));
        const auto& forgotten = std::get<ForgetNote>(set.operations.at(0));
        const auto at = std::find_if(kept.begin(), kept.end(), [&](const Note& note) {
            return note.scope == wanted.scope && note.key == wanted.key &&
                   note.value == wanted.value;
        });
        CPPUNIT_ASSERT_EQUAL(wanted.key, forgotten.key);
        Outcome outcome;
        if (at == kept.end())
            outcome.kind = Outcome::Kind::PreconditionFailed;
        else
            kept.erase(at);
        return outcome;
    }

    std::vector<Note> kept;
    std::function<Result<void>()> during{};
    int compacted = 0;
};

}  // namespace

class ErasuresTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ErasuresTest);
    CPPUNIT_TEST(one_compaction_finishes_all);
    CPPUNIT_TEST(without_an_unfinished_one_nothing_is_compacted);
    CPPUNIT_TEST(a_compaction_that_fails_finishes_none);
    CPPUNIT_TEST(an_erasure_during_the_compaction_stays_unfinished);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        for (const char* name : {"ann", "bob"})
            store_.kept.push_back(unfinished_erasure(name, "first", now_));
    }

    void one_compaction_finishes_all() {
        CPPUNIT_ASSERT(*finish(""));
        CPPUNIT_ASSERT_EQUAL(1, store_.compacted);
        CPPUNIT_ASSERT(store_.kept.empty());
    }

    void without_an_unfinished_one_nothing_is_compacted() {
        CPPUNIT_ASSERT(!*finish("eve"));
        CPPUNIT_ASSERT_EQUAL(0, store_.compacted);
        CPPUNIT_ASSERT(*finish("ann"));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, store_.kept.size());
    }

    void a_compaction_that_fails_finishes_none() {
        store_.during = [] { return Error{Code::Unavailable, "the disk is full"}; };
        CPPUNIT_ASSERT(Code::Unavailable == finish("").error().code);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, store_.kept.size());
    }

    void an_erasure_during_the_compaction_stays_unfinished() {
        store_.during = [this] {
            store_.kept[0] = unfinished_erasure("ann", "second", now_);
            return Result<void>();
        };
        CPPUNIT_ASSERT(*finish(""));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, store_.kept.size());
        CPPUNIT_ASSERT_EQUAL(std::string("second"), store_.kept[0].value);
    }

private:
    Result<bool> finish(const std::string& name) {
        return finish_erasures(store_, store_, {}, name, now_);
    }

    const Time now_{Milliseconds{1'800'000'000'000}};
    NotingStore store_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ErasuresTest);

}  // namespace tandem::store
