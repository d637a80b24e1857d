#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "admit/erased.h"
#include "limit/ledger.h"
#include "serve/cursor.h"
#include "store/upkeep.h"
#include "unit/converse/ground.h"
#include "unit/store/passing_store.h"

namespace tandem::converse {

namespace {

using testing::expect_refused;
using testing::Office;
using testing::Told;

constexpr char gone[] = "+15551231001";
constexpr char stays[] = "+15551231002";

std::vector<Json> records_of(const Told& told) {
    std::vector<Json> records;
    std::istringstream lines(told.text);
    for (std::string line; std::getline(lines, line);) records.push_back(Json::parse(line));
    return records;
}

/// Two people who wrote, one of them also called and was talked to by a human.
class Lived : public Office {
public:
    Lived() {
        for (const char* one : {gone, stays}) {
            meets(one, "Ann");
            for (int i = 0; i < 5; ++i) says(one, "text " + std::to_string(i));
        }
        is_held(gone);
        for (int i = 0; i < 3; ++i) {
            domain::Call call;
            call.id = "call-" + std::to_string(i);
            call.address = gone;
            call.started_at = clock.now();
            commit({*store->snapshot(organization, gone, 0)->conversation, call});
        }
    }
    std::vector<store::AuditLine> audit() {
        const auto lines = store->audit(organization, "", 100);
        CPPUNIT_ASSERT(lines);
        return *lines;
    }
};

/// Forgets, but cannot rewrite its files while the disk is full.
class Keeping : public testing::PassingStore {
public:
    using PassingStore::PassingStore;
    Result<void> compact() override {
        if (full) return Error{Code::Unavailable, "the disk is full"};
        ++compacted;
        return {};
    }
    bool full = true;
    int compacted = 0;
};

}  // namespace

/// What is stored of a person, whole, and its end.
class TracesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TracesTest);
    CPPUNIT_TEST(an_export_has_everything_of_one_person);
    CPPUNIT_TEST(an_export_tells_what_is_known_of_calls_and_texts);
    CPPUNIT_TEST(an_export_in_pages_has_the_same);
    CPPUNIT_TEST(an_export_that_is_too_large_is_had_in_pages);
    CPPUNIT_TEST(a_place_in_an_export_is_of_one_person);
    CPPUNIT_TEST(a_cursor_that_nobody_was_given_goes_nowhere);
    CPPUNIT_TEST(who_took_it_away_is_on_record);
    CPPUNIT_TEST(who_is_erased_is_gone_and_others_stay);
    CPPUNIT_TEST(an_opt_out_outlives_its_erasure);
    CPPUNIT_TEST(a_call_of_who_is_erased_keeps_no_minutes);
    CPPUNIT_TEST(an_erasure_that_left_files_behind_is_no_success);
    CPPUNIT_TEST(an_erasure_that_left_files_behind_is_finished_when_it_is_asked_for_again);
    CPPUNIT_TEST(an_unfinished_erasure_is_finished_without_being_asked_for_again);
    CPPUNIT_TEST(without_storage_nothing_is_told_as_done);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_export_has_everything_of_one_person() {
        Lived office;
        const Told told = office.ask(export_conversation, gone);
        CPPUNIT_ASSERT_EQUAL(200, told.status);
        std::map<std::string, int> kinds;
        for (const Json& record : records_of(told)) ++kinds[record.at("record")];
        const std::map<std::string, int> wanted{
            {"lead", 1}, {"conversation", 1}, {"session", 1}, {"call", 3}, {"message", 5}};
        CPPUNIT_ASSERT(wanted == kinds);
        CPPUNIT_ASSERT(told.cursor.empty());
        CPPUNIT_ASSERT(told.text.find(stays) == std::string::npos);
    }

    void an_export_tells_what_is_known_of_calls_and_texts() {
        Office office;
        office.meets(gone);
        domain::Call call;
        call.id = "call-1";
        call.address = gone;
        call.record_json = R"({"customMessage":"your bike is ready","analysisJson":"{\"a\":1}"})";
        domain::Message text;
        text.id = "message-1";
        text.address = gone;
        text.author = domain::Author::Human;
        text.direction = domain::Direction::Outbound;
        store::Status line;
        line.message_id = text.id;
        line.delivery = domain::Delivery::Failed;
        line.provider_word = "undelivered";
        line.error_code = "30003";
        line.error_text = "The phone is off.";
        line.at = office.clock.now();
        office.commit({*office.store->snapshot(Office::organization, gone, 0)->conversation, call,
                       text, line});
        std::map<std::string, Json> last;
        for (const Json& record : records_of(office.ask(export_conversation, gone)))
            last[record.at("record")] = record;
        CPPUNIT_ASSERT_EQUAL(Json::parse(call.record_json), last.at("call").at("details"));
        const Json history = last.at("message").at("history").back();
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), history.value("status", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("undelivered"), history.value("providerWord", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("30003"), history.value("errorCode", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("The phone is off."), history.value("errorText", ""));
    }

    void an_export_in_pages_has_the_same() {
        Lived office;
        const std::vector<Json> whole = records_of(office.ask(export_conversation, gone));
        for (const std::string limit : {"1", "2", "3", "200"}) {
            std::vector<Json> read;
            std::string cursor;
            do {
                Office::Query query{{"limit", limit}};
                if (!cursor.empty()) query.emplace_back("cursor", cursor);
                const Told page = office.ask(export_conversation, gone, query);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(page.text, 200, page.status);
                for (const Json& record : records_of(page)) read.push_back(record);
                cursor = page.cursor;
            } while (!cursor.empty() && read.size() <= whole.size());
            CPPUNIT_ASSERT_MESSAGE("by pages of " + limit, whole == read);
        }
    }

    void an_export_that_is_too_large_is_had_in_pages() {
        Lived office;
        for (int i = 0; i < 65; ++i) office.says(gone, std::string(1 << 20, 'a'));
        expect_refused(office.ask(export_conversation, gone), 413, "PAYLOAD_TOO_LARGE");
        const Told page = office.ask(export_conversation, gone, {{"limit", "10"}});
        CPPUNIT_ASSERT_EQUAL(200, page.status);
        CPPUNIT_ASSERT(!page.cursor.empty());
    }

    void a_place_in_an_export_is_of_one_person() {
        Lived office;
        const std::string cursor = office.ask(export_conversation, gone, {{"limit", "2"}}).cursor;
        CPPUNIT_ASSERT(!cursor.empty());
        expect_refused(office.ask(export_conversation, stays, {{"cursor", cursor}}), 400,
                       "VALIDATION_FAILED", "cursor");
        expect_refused(office.ask(export_conversation, gone, {{"cursor", "odd"}}), 400,
                       "VALIDATION_FAILED", "cursor");
        expect_refused(office.ask(export_conversation, gone, {{"limit", "0"}}), 400,
                       "VALIDATION_FAILED", "limit");
        expect_refused(office.ask(list_leads, {}, {{"cursor", cursor}}), 400, "VALIDATION_FAILED",
                       "cursor");
    }

    // Who writes a cursor to the first page's beginning has no line in the audit.
    void a_cursor_that_nobody_was_given_goes_nowhere() {
        Lived office;
        const std::string list = std::string("export ") + gone;
        const std::string written =
            to_text(serve::Cursor{{}, "person:"}, Office::organization, list);
        const std::string given = office.ask(export_conversation, gone, {{"limit", "2"}}).cursor;
        const std::string seal = given.substr(given.find('.'));
        for (const std::string& cursor : {written, written + '.', written + seal})
            expect_refused(office.ask(export_conversation, gone, {{"cursor", cursor}}), 400,
                           "VALIDATION_FAILED", "cursor");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, office.audit().size());
    }

    void who_took_it_away_is_on_record() {
        Lived office;
        const std::string cursor = office.ask(export_conversation, gone, {{"limit", "2"}}).cursor;
        office.ask(export_conversation, gone, {{"cursor", cursor}});
        const auto lines = office.audit();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("one line for one export", size_t{1}, lines.size());
        CPPUNIT_ASSERT_EQUAL(std::string("agent-7 export ") + gone,
                             lines[0].actor + ' ' + lines[0].action + ' ' + lines[0].address);
    }

    void who_is_erased_is_gone_and_others_stay() {
        Lived office;
        office.ask(export_conversation, gone);
        office.ask(erase_conversation, gone).data();
        for (const Office::Verb verb :
             {show_conversation, page_messages, export_conversation, erase_conversation})
            expect_refused(office.ask(verb, gone), 404, "NOT_FOUND");
        const auto journal = office.store->journal(Office::organization, 0, gone, 100);
        CPPUNIT_ASSERT(journal && journal->events.empty());
        CPPUNIT_ASSERT(office.all_pages(list_leads, "leads", {{"q", "1001"}}).empty());
        for (const store::AuditLine& line : office.audit())
            CPPUNIT_ASSERT_MESSAGE(line.action, line.address.find("1001") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("erase"), office.audit().front().action);
        CPPUNIT_ASSERT_EQUAL(size_t{5}, office.ask(page_messages, stays).data()["messages"].size());
    }

    void an_opt_out_outlives_its_erasure() {
        Lived office;
        office.changes(gone, [](domain::Conversation& one) { one.opted_out = true; });
        for (const char* one : {gone, stays}) {
            office.ask(erase_conversation, one).data();
            store::Snapshot stranger;
            CPPUNIT_ASSERT(admit::recall(*office.store, Office::organization, one,
                                         office.clock.now(), stranger));
            const bool opted_out = stranger.conversation && stranger.conversation->opted_out;
            CPPUNIT_ASSERT_EQUAL(one == gone, opted_out);
        }
    }

    void a_call_of_who_is_erased_keeps_no_minutes() {
        Lived office;
        const domain::Organization& counted = *office.both.by_id(Office::organization);
        limit::Ledger ledger(*office.store, office.clock, office.log, office.metrics);
        office.ground.spending = &ledger;
        auto charge = ledger.spend(counted, limit::of_a_call(counted), "running");
        CPPUNIT_ASSERT(charge);
        domain::Call call;
        call.id = "running";
        call.address = gone;
        call.direction = domain::CallDirection::Outbound;
        call.active = true;
        call.started_at = office.clock.now();
        store::ChangeSet line;
        charge->write(line);
        line.operations.emplace_back(
            *office.store->snapshot(Office::organization, gone, 0)->conversation);
        line.operations.emplace_back(call);
        office.commit(std::move(line.operations));
        charge->keep();
        CPPUNIT_ASSERT_EQUAL(5u, ledger.today(counted)->spent.reserved_minutes);

        office.ask(erase_conversation, gone).data();
        CPPUNIT_ASSERT_EQUAL(0u, ledger.today(counted)->spent.reserved_minutes);
        limit::Ledger restarted(*office.store, office.clock, office.log, office.metrics);
        CPPUNIT_ASSERT(restarted.today(counted)->spent == (limit::Amount{0, 0, 1, 0, 0}));
        // Its end is of a call that nobody knows, and counts once.
        call.id = "learnt of";
        call.outcome = domain::CallOutcome::Success;
        call.duration_s = 61;
        auto over = ledger.settle(counted, call);
        CPPUNIT_ASSERT(over);
        over->keep();
        CPPUNIT_ASSERT(ledger.today(counted)->spent == (limit::Amount{0, 0, 1, 2, 0}));
    }

    void an_erasure_that_left_files_behind_is_no_success() {
        Lived office;
        Keeping full(office.store);
        office.ground.store = &full;
        expect_refused(office.ask(erase_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        expect_refused(office.ask(show_conversation, gone), 404, "NOT_FOUND");
    }

    void an_erasure_that_left_files_behind_is_finished_when_it_is_asked_for_again() {
        Lived office;
        Keeping disk(office.store);
        office.ground.store = &disk;
        expect_refused(office.ask(erase_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        expect_refused(office.ask(erase_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        disk.full = false;
        expect_refused(office.ask(erase_conversation, "+15551239999"), 404, "NOT_FOUND");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a stranger's", 0, disk.compacted);
        office.ask(erase_conversation, gone).data();
        CPPUNIT_ASSERT_EQUAL(1, disk.compacted);
        expect_refused(office.ask(erase_conversation, gone), 404, "NOT_FOUND");
        office.ask(erase_conversation, stays).data();
        expect_refused(office.ask(erase_conversation, stays), 404, "NOT_FOUND");
        CPPUNIT_ASSERT_EQUAL(2, disk.compacted);
    }

    void an_unfinished_erasure_is_finished_without_being_asked_for_again() {
        Lived office;
        Keeping disk(office.store);
        office.ground.store = &disk;
        expect_refused(office.ask(erase_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        store::Upkeep upkeep(disk, *office.committer, office.both, office.clock, office.log);
        upkeep.forget();
        disk.full = false;
        for (int round = 0; round < 2; ++round) upkeep.forget();
        CPPUNIT_ASSERT_EQUAL(1, disk.compacted);
    }

    void without_storage_nothing_is_told_as_done() {
        Lived office;
        office.committer->stop();
        expect_refused(office.ask(erase_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        // Without its line on record nothing is taken away.
        expect_refused(office.ask(export_conversation, gone), 503, "STORAGE_UNAVAILABLE");
        office.ask(show_conversation, gone).data();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TracesTest);

}  // namespace tandem::converse
