#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "flow/bike_store.h"
#include "flow/event_source.h"
#include "flow/fake.h"

namespace tandem::flow {

/// The daemon's end and its beginning: TERM loses nothing and keeps nobody waiting, and
/// what cannot be started says why.
class DrainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DrainTest);
    CPPUNIT_TEST(term_ends_streams_with_the_reason_and_exits_in_time);
    CPPUNIT_TEST(an_answer_that_takes_too_long_does_not_hold_the_end_up);
    CPPUNIT_TEST(settings_that_are_read_again_do_not_hold_the_end_up);
    CPPUNIT_TEST(wrong_settings_end_with_78_and_every_mistake);
    CPPUNIT_TEST(a_taken_address_is_named);
    CPPUNIT_TEST(a_database_in_use_is_not_opened_twice);
    CPPUNIT_TEST(a_disk_that_takes_nothing_ends_a_start_with_74_and_not_the_next);
    CPPUNIT_TEST_SUITE_END();

public:
    void term_ends_streams_with_the_reason_and_exits_in_time() {
        Gateway gateway(with_sandbox());
        gateway.start();
        EventSource inbox(gateway.url() + "/api/stream/organization", bearer(gateway));
        CPPUNIT_ASSERT_EQUAL(0, inbox.await("connected"));
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT_EQUAL(0, gateway.stop());
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));
        CPPUNIT_ASSERT(inbox.await_end());
        const int end = inbox.await("stream_end");
        CPPUNIT_ASSERT(end > 0);
        CPPUNIT_ASSERT_EQUAL(
            std::string("shutdown"),
            nlohmann::json::parse(inbox.event(end).data).value("reason", std::string()));
    }

    void an_answer_that_takes_too_long_does_not_hold_the_end_up() {
        Gateway gateway(with_sandbox());
        gateway.start();
        has_a_slow_answer_in_hand(gateway);
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT_EQUAL(0, gateway.stop());
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));
        CPPUNIT_ASSERT_MESSAGE("the AI was not at work when the end came",
                               gateway.output().find("still in hand") != std::string::npos);
    }

    void settings_that_are_read_again_do_not_hold_the_end_up() {
        Gateway gateway(with_sandbox());
        gateway.start();
        has_a_slow_answer_in_hand(gateway);
        // The AI's instance is renewed, and waits for the answer that it has in hand.
        std::ifstream file(gateway.folder().file("tandem.yaml"));
        std::string text(std::istreambuf_iterator<char>(file), {});
        const size_t at = text.find("slow_ms: 30000");
        CPPUNIT_ASSERT(at != std::string::npos);
        gateway.folder().write("tandem.yaml", text.replace(at, 14, "slow_ms: 30001"));
        // Of two signals that wait the lower number is taken first.
        CPPUNIT_ASSERT_EQUAL(0, ::kill(gateway.pid(), SIGHUP));
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT_EQUAL(0, gateway.stop());
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < std::chrono::seconds(16));
    }

    void wrong_settings_end_with_78_and_every_mistake() {
        const Folder folder;
        folder.write("wrong.yaml", R"(
storage: {plugin: sqlite, options: {pth: "/tmp/never.db"}}
auth:
  - {plugin: jwt, options: {algorithm: HS256}}
providers: []
organizations:
  - {id: bikes, name: Bikes, default_region: US, numbers: ["+15550001111"], channel: nobody}
)");
        Process daemon(
            {Gateway::built_programs() + "/tandemd", "--check-config", folder.file("wrong.yaml")});
        CPPUNIT_ASSERT_EQUAL(78, daemon.wait());
        const std::string said = daemon.output();
        CPPUNIT_ASSERT_MESSAGE(said, said.find("wrong.yaml:7:") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(said, said.find("channel") != std::string::npos);
    }

    void a_taken_address_is_named() {
        Gateway gateway(with_sandbox());
        gateway.start();
        Process second({Gateway::built_programs() + "/tandemd", "--config",
                        gateway.folder().file("tandem.yaml")},
                       {{"TEST_FOLDER", gateway.folder().file("second-")}});
        CPPUNIT_ASSERT_EQUAL(73, second.wait());
        const std::string address = gateway.url().substr(gateway.url().rfind('/') + 1);
        CPPUNIT_ASSERT_MESSAGE(second.output(), second.output().find(address) != std::string::npos);
    }

    void a_database_in_use_is_not_opened_twice() {
        Gateway gateway(with_sandbox());
        gateway.start();
        Process second(
            {Gateway::built_programs() + "/tandemd", "--config",
             gateway.folder().file("tandem.yaml")},
            {{"TEST_FOLDER", gateway.folder().file("")}, {"TANDEM_SERVER_LISTEN", "127.0.0.1:0"}});
        CPPUNIT_ASSERT_EQUAL(69, second.wait());
        CPPUNIT_ASSERT_MESSAGE(second.output(),
                               second.output().find("tandem.db") != std::string::npos);
        HttpClient client(gateway.url());
        CPPUNIT_ASSERT_EQUAL(200, client.get("/readyz").status);
    }

    void a_disk_that_takes_nothing_ends_a_start_with_74_and_not_the_next() {
        Gateway gateway(with_sandbox());
        gateway.start();
        CPPUNIT_ASSERT_EQUAL(0, gateway.stop());
        // No file may grow, which is what a full disk comes to.
        Process full({"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh",
                      Gateway::built_programs() + "/tandemd", "--config",
                      gateway.folder().file("tandem.yaml")},
                     {{"TEST_FOLDER", gateway.folder().file("")}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(full.output(), 74, full.wait());
        gateway.start();
        HttpClient client(gateway.url());
        CPPUNIT_ASSERT_EQUAL(200, client.get("/readyz").status);
    }

private:
    /// The turn is due after 50 ms; the AI then thinks for half a minute.
    static void has_a_slow_answer_in_hand(Gateway& gateway) {
        HttpClient provider(gateway.url());
        CPPUNIT_ASSERT_EQUAL(200, deliver(provider, signed_text(1, "slow")).status);
        CPPUNIT_ASSERT(await([&] { return is_in_hand(gateway, "ai_turn"); }));
    }

    static std::string with_sandbox() {
        BikeStore store;
        store.responder = "sandbox";
        store.more_providers = "  - {id: sandbox, plugin: sandbox, options: {slow_ms: 30000}}\n";
        store.more = "conversation: {coalesce_ms: 50}\n";
        return settings(store);
    }

    static bool is_in_hand(Gateway& gateway, const std::string& kind) {
        HttpClient page(gateway.url());
        const HttpAnswer listed =
            page.get("/api/outbox?state=waiting",
                     {{"Authorization", "Bearer " + gateway.token("bikes", "admin")}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(listed.body, 200, listed.status);
        const Json told = Json::parse(listed.body);
        for (const Json& entry : told.at("data").at("entries"))
            if (entry.at("kind") == kind && !entry.at("claimedUntil").is_null()) return true;
        return false;
    }
    static Headers bearer(Gateway& gateway) {
        return {{"Authorization", "Bearer " + gateway.token("bikes", "conversations:read")}};
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DrainTest);

}  // namespace tandem::flow
