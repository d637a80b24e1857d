#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "unit/converse/ground.h"

namespace tandem::converse {

namespace {

using namespace std::chrono_literals;
using testing::expect_refused;
using testing::Office;
using testing::Told;

std::string number(int person) {
    return "+1555123" + std::to_string(1000 + person);
}

std::vector<std::string> numbers_of(const std::vector<Json>& rows) {
    std::vector<std::string> numbers;
    for (const Json& row : rows) numbers.push_back(row.at("phoneNumber"));
    return numbers;
}

using Numbers = std::vector<std::string>;

}  // namespace

/// Conversations and their messages.
class ListsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ListsTest);
    CPPUNIT_TEST(conversations_are_paged_by_newest_activity);
    CPPUNIT_TEST(a_row_that_moves_between_pages_loses_no_other);
    CPPUNIT_TEST(conversations_are_filtered);
    CPPUNIT_TEST(odd_queries_are_refused);
    CPPUNIT_TEST(a_conversation_shows_all_that_is_known);
    CPPUNIT_TEST(drafts_are_no_messages);
    CPPUNIT_TEST(messages_are_paged_back_to_the_first);
    CPPUNIT_TEST(a_page_goes_on_behind_what_came_meanwhile);
    CPPUNIT_TEST(a_message_of_elsewhere_is_no_place);
    CPPUNIT_TEST(a_stranger_and_another_organisation_are_the_same);
    CPPUNIT_TEST_SUITE_END();

public:
    void conversations_are_paged_by_newest_activity() {
        Office office;
        Numbers newest_first;
        for (int i = 0; i < 7; ++i) {
            // Two of each instant: the order within it must be kept too.
            if (i % 2 == 0) office.clock.advance(1s);
            office.meets(number(i));
        }
        for (int i : {6, 5, 4, 3, 2, 1, 0}) newest_first.push_back(number(i));
        for (const char* limit : {"1", "2", "3", "7", "200"})
            CPPUNIT_ASSERT(newest_first ==
                           numbers_of(office.all_pages(list_conversations, "conversations",
                                                       {{"limit", limit}})));
        CPPUNIT_ASSERT_EQUAL(size_t{7},
                             office.all_pages(list_conversations, "conversations").size());
    }

    void a_row_that_moves_between_pages_loses_no_other() {
        Office office;
        for (int i = 0; i < 4; ++i) {
            office.clock.advance(1s);
            office.meets(number(i));
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "empty is not said", 50,
            office.ask(list_conversations, {}, {{"limit", ""}}).pagination().value("limit", 0));
        const Told first = office.ask(list_conversations, {}, {{"limit", "2"}});
        office.clock.advance(1s);
        office.says(number(3), "I am on the first page already");
        office.says(number(0), "I move to it");
        const Told second =
            office.ask(list_conversations, {},
                       {{"limit", "2"}, {"cursor", first.pagination().at("nextCursor")}});
        CPPUNIT_ASSERT_EQUAL(
            number(1), second.data().at("conversations").at(0)["phoneNumber"].get<std::string>());
    }

    void conversations_are_filtered() {
        Office office;
        office.meets(number(1), "Ann Adams");
        office.meets(number(2), "Bob");
        office.meets(number(3));
        office.is_held(number(1));
        office.changes(number(2), [](domain::Conversation& one) { one.needs_human = "asked"; });
        office.says(number(3), "the last word");
        const auto found = [&](const Office::Query& query) {
            return numbers_of(office.all_pages(list_conversations, "conversations", query));
        };
        CPPUNIT_ASSERT(Numbers{number(1)} == found({{"humanTakeover", "true"}}));
        CPPUNIT_ASSERT((Numbers{number(3), number(2)} == found({{"humanTakeover", "false"}})));
        CPPUNIT_ASSERT(Numbers{number(2)} == found({{"needsHuman", "true"}}));
        CPPUNIT_ASSERT(Numbers{number(3)} ==
                       found({{"needsHuman", "false"}, {"humanTakeover", "false"}}));
        CPPUNIT_ASSERT(Numbers{number(1)} == found({{"q", "aDAms"}}));
        CPPUNIT_ASSERT(Numbers{number(2)} == found({{"q", "1002"}}));
        CPPUNIT_ASSERT(Numbers{} == found({{"q", "nobody"}}));
        // Paged, a filter stays one.
        CPPUNIT_ASSERT_EQUAL(size_t{2}, found({{"humanTakeover", "false"}, {"limit", "1"}}).size());

        const Json row = office.ask(list_conversations, {}, {{"needsHuman", "true"}})
                             .data()
                             .at("conversations")
                             .at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("Bob"), row.value("customerName", ""));
        CPPUNIT_ASSERT_EQUAL(true, row.at("needsHuman").get<bool>());
        CPPUNIT_ASSERT(row.at("humanControl").is_null() && row.at("lastMessage").is_null());
    }

    void odd_queries_are_refused() {
        Office office;
        office.meets(number(1));
        for (const auto& [name, value] : Office::Query{{"limit", "0"},
                                                       {"limit", "201"},
                                                       {"limit", "-1"},
                                                       {"limit", "x"},
                                                       {"limit", "1.5"},
                                                       {"limit", "99999999999"},
                                                       {"humanTakeover", "odd"},
                                                       {"needsHuman", "1"},
                                                       {"cursor", "odd"},
                                                       {"q", std::string(201, 'a')}})
            expect_refused(office.ask(list_conversations, {}, {{name, value}}), 400,
                           "VALIDATION_FAILED", name);
        for (const auto& [name, value] :
             Office::Query{{"limit", "0"}, {"limit", "201"}, {"before", "odd"}})
            expect_refused(office.ask(page_messages, number(1), {{name, value}}), 400,
                           "VALIDATION_FAILED", name);
    }

    void a_conversation_shows_all_that_is_known() {
        Office office;
        office.ground.history_limit = 2;
        office.meets(number(1), "Ann");
        office.changes(number(1), [](domain::Conversation& one) {
            one.summary = "Wants a bike";
            one.needs_human = "asked";
            one.opted_out = true;
        });
        for (const char* text : {"One", "Two", "Three"}) office.says(number(1), text);
        office.is_held(number(1));
        domain::Call call;
        call.id = "call-1";
        call.address = number(1);
        call.active = true;
        call.started_at = office.clock.now();
        office.commit(
            {*office.store->snapshot(Office::organization, number(1), 0)->conversation, call});
        const Json data = office.ask(show_conversation, "(555) 123-1001").data();
        CPPUNIT_ASSERT_EQUAL(number(1), data.value("phoneNumber", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("Ann"), data.at("lead").value("customerName", ""));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, data.at("messages").size());
        CPPUNIT_ASSERT_EQUAL(std::string("Three"), data.at("messages").at(1).value("content", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike"), data.value("summary", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("active"), data.at("humanControl").value("status", ""));
        CPPUNIT_ASSERT(data.at("activeCall").is_object());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, data.at("calls").size());
        CPPUNIT_ASSERT_EQUAL(Json({{"messages", 3}, {"calls", 1}}), data.at("counts"));
        CPPUNIT_ASSERT(data.at("needsHuman").get<bool>() && data.at("optedOut").get<bool>());
        CPPUNIT_ASSERT(!data.value("position", "").empty());
    }

    void drafts_are_no_messages() {
        Office office;
        office.meets(number(1));
        office.says(number(1), "Hello?");
        office.says(number(1), "Too late", domain::Delivery::Superseded);
        const Json data = office.ask(show_conversation, number(1)).data();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, data.at("messages").size());
        CPPUNIT_ASSERT_EQUAL(std::string("Too late"), data.at("drafts").at(0).value("content", ""));
        const Told page = office.ask(page_messages, number(1));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, page.data().at("messages").size());
    }

    void messages_are_paged_back_to_the_first() {
        Office office;
        office.meets(number(1));
        std::vector<std::string> written;
        for (int i = 0; i < 25; ++i) {
            written.push_back("text " + std::to_string(i));
            office.says(number(1), written.back());
        }
        for (const std::string limit : {"1", "5", "7", "24", "25", "200"}) {
            std::vector<std::string> read;
            std::string before;
            do {
                const Told page =
                    office.ask(page_messages, number(1), {{"limit", limit}, {"before", before}});
                const Json& messages = page.data().at("messages");
                std::vector<std::string> texts;
                for (const Json& one : messages) texts.push_back(one.at("content"));
                read.insert(read.begin(), texts.begin(), texts.end());
                const Json& next = page.pagination().at("nextBefore");
                before = next.is_null() ? "" : next.get<std::string>();
            } while (!before.empty() && read.size() <= written.size());
            CPPUNIT_ASSERT_MESSAGE("by pages of " + limit, written == read);
        }
    }

    void a_page_goes_on_behind_what_came_meanwhile() {
        Office office;
        office.meets(number(1));
        for (const char* text : {"One", "Two", "Three"}) office.says(number(1), text);
        const Told first = office.ask(page_messages, number(1), {{"limit", "2"}});
        office.says(number(1), "Four");
        const Told second =
            office.ask(page_messages, number(1),
                       {{"limit", "2"}, {"before", first.pagination().at("nextBefore")}});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, second.data().at("messages").size());
        CPPUNIT_ASSERT_EQUAL(std::string("One"),
                             second.data().at("messages").at(0).value("content", ""));
    }

    void a_message_of_elsewhere_is_no_place() {
        Office office;
        office.meets(number(1));
        office.meets(number(2));
        const std::string elsewhere = office.says(number(2), "Hello");
        expect_refused(office.ask(page_messages, number(1), {{"before", elsewhere}}), 400,
                       "VALIDATION_FAILED", "before");
    }

    void a_stranger_and_another_organisation_are_the_same() {
        Office office;
        office.meets(number(1));
        for (const Office::Verb verb :
             {show_conversation, page_messages, export_conversation, erase_conversation}) {
            const Told stranger = office.ask(verb, number(2));
            const Told other = office.ask(verb, number(1), {}, {}, "other");
            expect_refused(stranger, 404, "NOT_FOUND");
            CPPUNIT_ASSERT_EQUAL(stranger.text, other.text);
            expect_refused(office.ask(verb, "911"), 400, "INVALID_PHONE_NUMBER");
            expect_refused(office.ask(verb, ""), 400, "MISSING_PHONE_NUMBER");
        }
        CPPUNIT_ASSERT(
            office.ask(list_conversations, {}, {}, {}, "other").data().at("conversations").empty());
        office.ask(show_conversation, number(1)).data();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ListsTest);

}  // namespace tandem::converse
