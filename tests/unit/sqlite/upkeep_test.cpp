#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>

#include "fixture.h"
#include "list_text.h"
#include "schema.h"

namespace tandem::sqlite {

namespace {

/// What a person leaves behind in every table; each text has the canary in it.
records::ChangeSet life_of(const std::string& canary, const std::string& address,
                           std::deque<std::string>& texts, int part) {
    const auto text = [&](const char* name) -> const std::string& {
        // Long enough for overflow pages now and then, which have to be overwritten as well.
        const size_t room = part % 7 == 0 ? 9000 : 100;
        return texts.emplace_back(canary + name + std::to_string(part) + std::string(room, 'x') +
                                  canary);
    };
    records::LeadView lead;
    lead.id = texts.emplace_back("lead " + address);
    lead.address = address;
    lead.customer_name = text("name");
    lead.email = text("mail");
    records::ConversationView talk;
    talk.address = address;
    talk.lead_id = lead.id;
    talk.summary = text("summary");
    talk.needs_human = text("needs");
    records::MessageView message;
    message.id = texts.emplace_back(address + " m" + std::to_string(part));
    message.address = address;
    message.content = text("content");
    message.type = 1;
    message.delivery = part % 2 == 0 ? TANDEM_DELIVERY_SUPERSEDED : 4;
    message.call_id = texts.emplace_back("call " + std::string(message.id));
    message.instance = "i";
    message.provider_id = message.id;
    records::Status line;
    line.message_id = message.id;
    line.provider_word = text("word");
    records::EventView event;
    event.id = message.id;
    event.type = "t";
    event.address = address;
    event.payload = text("payload");
    records::CallView call;
    call.id = message.call_id;
    call.address = address;
    call.line_id = text("line");
    call.summary = text("call");
    records::OwedView owed;
    owed.id = message.id;
    owed.address = address;
    owed.kind = 2;
    owed.payload_json = text("owed");
    records::NoteView note;
    note.scope = "s";
    note.key = text("key");
    note.value = text("value");
    note.address = address;
    records::AuditLineView audit;
    // An audit line keeps its id: an id tells nothing of anybody.
    audit.id = texts.emplace_back("audit" + std::to_string(texts.size()));
    audit.address = address;
    audit.detail_json = text("detail");
    return {"o", {}, {lead, talk, message, line, event, call, owed, note, audit}};
}

size_t occurrences(const std::string& path, const std::string& wanted) {
    const std::string bytes = bytes_of(path);
    size_t count = 0;
    for (size_t at = 0; (at = bytes.find(wanted, at)) != std::string::npos; ++at) ++count;
    return count;
}

std::string plan_of(const Database& database, const std::string& sql) {
    Statement statement(database, "EXPLAIN QUERY PLAN " + sql);
    auto rows = statement.rows();
    std::string plan;
    while (rows.next()) plan.append(rows.text(3)).append("; ");
    return plan;
}

}  // namespace

class UpkeepTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UpkeepTest);
    CPPUNIT_TEST(no_byte_of_an_erased_person_is_left_in_any_file);
    CPPUNIT_TEST(compacting_does_not_disturb_readers_and_writers);
    CPPUNIT_TEST(compacting_gives_space_back);
    CPPUNIT_TEST(forgetting_goes_in_steps_beside_commits);
    CPPUNIT_TEST(forgetting_ends_in_time_and_goes_on_with_the_next_call);
    CPPUNIT_TEST(a_message_that_is_dated_ahead_keeps_no_others);
    CPPUNIT_TEST(every_list_is_one_walk_of_an_index);
    CPPUNIT_TEST(the_first_version_is_brought_up_with_its_calls_counted);
    CPPUNIT_TEST_SUITE_END();

public:
    void no_byte_of_an_erased_person_is_left_in_any_file() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        std::deque<std::string> texts;
        const std::string gone = "+15550000001", other = "+15550000002";
        for (int part = 0; part < 60; ++part) {
            // Others before and behind, so that pages are shared and split.
            engine->commit({life_of("CANARY", gone, texts, part),
                            life_of("bystander", other + std::to_string(part % 5), texts, part)});
        }
        CPPUNIT_ASSERT(occurrences(path, "CANARY") + occurrences(path + "-wal", "CANARY") > 0);
        engine->commit({{"o", {}, {records::Erase{gone, "keyed hash"}}}});
        engine->compact();
        for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
            const std::string name = file.path().string();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, size_t{0}, occurrences(name, "CANARY"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, size_t{0}, occurrences(name, gone));
        }
        CPPUNIT_ASSERT(occurrences(path, "bystander") > 0);
        CPPUNIT_ASSERT(occurrences(path, "keyed hash") > 0);
    }

    void compacting_does_not_disturb_readers_and_writers() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        for (int i = 0; i < 200; ++i) engine->commit({change_set("before" + std::to_string(i))});
        std::atomic<bool> stop{false};
        std::atomic<int> reads{0}, failures{0};
        std::thread reader([&] {
            while (!stop) {
                ++reads;
                if (!has_message(*engine, "before7")) ++failures;
            }
        });
        std::thread writer([&] {
            for (int i = 0; i < 50; ++i)
                if (engine->commit({change_set("beside" + std::to_string(i))}).at(0).code !=
                    TANDEM_OK)
                    ++failures;
        });
        for (int i = 0; i < 10; ++i) engine->compact();
        writer.join();
        stop = true;
        reader.join();
        CPPUNIT_ASSERT_EQUAL(0, failures.load());
        CPPUNIT_ASSERT(reads > 0);
        CPPUNIT_ASSERT(has_message(*engine, "beside49"));
    }

    void compacting_gives_space_back() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        std::deque<std::string> texts;
        for (int part = 0; part < 100; ++part)
            engine->commit({life_of("CANARY", "+1", texts, part * 7)});
        engine->compact();
        const auto before = std::filesystem::file_size(path);
        engine->commit({{"o", {}, {records::Erase{"+1", ""}}}});
        engine->compact();
        CPPUNIT_ASSERT(std::filesystem::file_size(path) * 4 < before);
        CPPUNIT_ASSERT_EQUAL(uintmax_t{0}, std::filesystem::file_size(path + "-wal"));
    }

    void forgetting_goes_in_steps_beside_commits() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        constexpr int count = 3000;  // more than a dozen steps
        std::vector<std::string> ids;
        for (int i = 0; i < count; ++i) ids.push_back("old" + std::to_string(i));
        std::vector<records::ChangeSet> batch;
        for (const std::string& id : ids) batch.push_back(change_set(id));
        engine->commit(batch);
        std::thread forgetting([&] { engine->forget("o", 1000, 1000); });
        for (int i = 0; i < 20; ++i) {
            const std::string id = "young" + std::to_string(i);
            auto young = change_set(id);
            std::get<records::MessageView>(young.operations[1]).at = 2000;
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_OK}, engine->commit({young}).at(0).code);
        }
        forgetting.join();
        for (const std::string& id : ids) CPPUNIT_ASSERT_MESSAGE(id, !has_message(*engine, id));
        for (int i = 0; i < 20; ++i)
            CPPUNIT_ASSERT(has_message(*engine, "young" + std::to_string(i)));
    }

    void forgetting_ends_in_time_and_goes_on_with_the_next_call() {
        EngineOptions options;
        options.path = folder.file("db");
        options.forget_time = std::chrono::milliseconds(0);  // one step a call
        Engine engine(options, {});
        engine.start();
        engine.migrate();
        std::vector<std::string> ids, addresses;
        for (int i = 0; i < 900; ++i) {
            ids.push_back("old" + std::to_string(i));
            addresses.push_back("+" + std::to_string(1000 + i));
        }
        std::vector<records::ChangeSet> batch;
        for (size_t i = 0; i < ids.size(); ++i) {
            batch.push_back(change_set(ids[i]));
            std::get<records::MessageView>(batch.back().operations[1]).address = addresses[i];
        }
        engine.commit(batch);
        const auto left = [&] {
            return std::count_if(ids.begin(), ids.end(),
                                 [&](const std::string& id) { return has_message(engine, id); });
        };
        engine.forget("o", 1000, 1000);
        CPPUNIT_ASSERT(left() > 0);
        auto before = left();
        for (int call = 0; call < 20 && left() > 0; ++call) engine.forget("o", 1000, 1000);
        CPPUNIT_ASSERT(left() < before);
        CPPUNIT_ASSERT_EQUAL(0l, static_cast<long>(left()));
    }

    // The clock was a day ahead when the first came, and was set right then.
    void a_message_that_is_dated_ahead_keeps_no_others() {
        const auto engine = opened(folder.file("db"));
        constexpr tandem_time day = 86'400'000, now = 10 * day;
        const std::vector<std::pair<std::string, tandem_time>> said{
            {"ahead", now + day}, {"old", 2 * day}, {"older", day}, {"young", 9 * day}};
        for (const auto& [id, at] : said) {
            auto change = change_set(id);
            std::get<records::MessageView>(change.operations[1]).at = at;
            engine->commit({change});
        }
        engine->forget("o", now, 5 * day);
        CPPUNIT_ASSERT(!has_message(*engine, "old") && !has_message(*engine, "older"));
        CPPUNIT_ASSERT(has_message(*engine, "ahead") && has_message(*engine, "young"));
    }

    void every_list_is_one_walk_of_an_index() {
        const std::string path = folder.file("db");
        const auto engine = opened(path);
        const Database database(path, Role::Reader);
        std::vector<records::ListQuery> queries(1);
        const auto twice = [&](auto&& change) {
            const size_t count = queries.size();
            for (size_t i = 0; i < count; ++i) change(queries.emplace_back(queries[i]));
        };
        twice([](auto& query) { query.text = "x"; });
        twice([](auto& query) { query.needs_human = 1; });
        twice([](auto& query) { query.address = "x"; });
        twice([](auto& query) { query.agent_id = "x"; });
        for (const records::ListQuery& query : queries)
            for (const ListText& text : {conversations_text("o", query), calls_text("o", query),
                                         leads_text("o", query), sessions_text("o", query)}) {
                const std::string plan = plan_of(database, text.sql());
                const bool walks = plan.find("SCAN") == std::string::npos &&
                                   plan.find("TEMP B-TREE") == std::string::npos;
                CPPUNIT_ASSERT_MESSAGE(text.sql() + "\n" + plan, walks);
            }
        // What is held, active or open is sorted: there is little of it.
        for (const auto choice : {&records::ListQuery::under_control, &records::ListQuery::active,
                                  &records::ListQuery::session_state})
            for (records::ListQuery query : queries) {
                query.*choice = 1;
                for (const ListText& text : {conversations_text("o", query), calls_text("o", query),
                                             sessions_text("o", query)})
                    CPPUNIT_ASSERT_MESSAGE(text.sql(), plan_of(database, text.sql()).find("SCAN") ==
                                                           std::string::npos);
            }
    }

    void the_first_version_is_brought_up_with_its_calls_counted() {
        const Database database(folder.file("db"), Role::Writer);
        database.begin_writing();
        migrate(database, Steps(steps().begin(), steps().begin() + 1));
        database.execute(
            "INSERT INTO conversation (organization, address, version) VALUES ('o', '+1', 1),"
            " ('o', '+2', 1);"
            "INSERT INTO message VALUES ('o', 1, 1, 1, 1, 1, 'm', '+1', 'kept', '', '', '', '', '',"
            " '', '', -1, 5, '');"
            "INSERT INTO call VALUES ('o', 1, 1, 0, 'c1', '+1', 'i', 'l1', '', '', '', 0, 1, 2),"
            " ('o', 1, 1, 0, 'c2', '+1', 'i', 'l2', '', '', '', 0, 1, 2);");
        migrate(database, steps());
        CPPUNIT_ASSERT_EQUAL(int64_t{2}, database.integer("SELECT call_count FROM conversation"
                                                          " WHERE address = '+1'"));
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, database.integer("SELECT call_count FROM conversation"
                                                          " WHERE address = '+2'"));
        CPPUNIT_ASSERT_EQUAL(std::string("kept"),
                             database.text("SELECT content || call_id FROM message"));
    }

private:
    TemporaryFolder folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(UpkeepTest);

}  // namespace tandem::sqlite
