#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "flow/event_source.h"
#include "flow/gateway.h"
#include "flow/http_client.h"
#include "flow/process.h"

namespace tandem::flow {

namespace {

constexpr char shop[] = R"(
storage: {plugin: sqlite, options: {path: "${TEST_FOLDER}tandem.db"}}
auth: [{plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}]
organizations: [{id: shop, name: Shop, default_region: US, numbers: ["+15550100000"]}]
roles:
  - {id: agent, permissions: [conversations:read]}
# The next heartbeat is far: what ends a stream before it was told to.
stream: {heartbeat_s: 60}
)";

}  // namespace

/// Who was let in is shut out while they watch.
class AccessTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AccessTest);
    CPPUNIT_TEST(who_is_revoked_is_out_within_a_second_and_stays_out);
    CPPUNIT_TEST(whatever_an_id_holds_its_revocation_can_be_undone);
    CPPUNIT_TEST(a_role_is_what_the_settings_say);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        gateway_ = std::make_unique<Gateway>(shop);
        gateway_->start();
    }
    void tearDown() override { gateway_.reset(); }

    void who_is_revoked_is_out_within_a_second_and_stays_out() {
        const Headers agent = bearer("conversations:read", "agent-1");
        const Headers other = bearer("conversations:read", "agent-2");
        const std::string stream = gateway_->url() + "/api/stream/organization";
        EventSource theirs(stream, agent), others(stream, other);
        CPPUNIT_ASSERT(theirs.await("connected") >= 0 && others.await("connected") >= 0);
        CPPUNIT_ASSERT_EQUAL(200, list(agent));

        operate({"revoke", "--sub", "agent-1", "--reason", "left the company"});
        const auto told = std::chrono::steady_clock::now();
        const int end = theirs.await("stream_end");
        CPPUNIT_ASSERT(end >= 0 && theirs.await_end());
        // The rest is for a machine that has other things to do.
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - told < std::chrono::seconds(10));
        CPPUNIT_ASSERT(theirs.event(end).data.find("access_revoked") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(401, list(agent));
        CPPUNIT_ASSERT_EQUAL(200, list(other));

        // Who comes back with a new token is let in: the old ones were taken back, not the person.
        until([&] { return list(bearer("conversations:read", "agent-1")) == 200; });
        CPPUNIT_ASSERT_EQUAL(401, list(agent));

        gateway_->stop();
        CPPUNIT_ASSERT(operate({"audit", "--action", "revoke", "--json"}).find("subject:agent-1") !=
                       std::string::npos);
        gateway_->start();
        CPPUNIT_ASSERT_EQUAL(401, list(agent));
        operate({"revocations", "undo", "subject:agent-1"});
        CPPUNIT_ASSERT_EQUAL(200, list(agent));
    }

    void whatever_an_id_holds_its_revocation_can_be_undone() {
        const std::vector<std::string> ids{"spiffe://corp/agent", "corp\\agent", "a b&c=d%2F?"};
        for (const bool runs : {true, false}) {
            if (!runs) gateway_->stop();
            for (const std::string& id : ids) {
                operate({"revoke", "--token", id});
                const std::string told = operate({"revocations", "undo", "token:" + id});
                CPPUNIT_ASSERT_EQUAL("token:" + id + " is no longer revoked\n", told);
            }
            CPPUNIT_ASSERT_EQUAL(std::string(), operate({"revocations", "list"}));
        }
    }

    void a_role_is_what_the_settings_say() {
        const Headers agent = bearer("role:agent", "agent-3");
        CPPUNIT_ASSERT_EQUAL(200, list(agent));
        HttpClient client(gateway_->url());
        CPPUNIT_ASSERT_EQUAL(403, client.get("/api/leads", agent).status);
        CPPUNIT_ASSERT_EQUAL(403, list(bearer("role:boss", "agent-4")));
    }

private:
    Headers bearer(const std::string& permissions, const std::string& subject) {
        return {{"Authorization", "Bearer " + gateway_->token("shop", permissions, subject)}};
    }
    int list(const Headers& headers) {
        return HttpClient(gateway_->url()).get("/api/conversations", headers).status;
    }
    std::string operate(std::vector<std::string> words) {
        words.insert(words.begin(), Gateway::built_programs() + "/tandemctl");
        words.insert(words.end(), {"--config", gateway_->folder().file("tandem.yaml")});
        Process ctl(words, {{"TEST_FOLDER", gateway_->folder().file("")}});
        const int exit = ctl.wait();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ctl.output(), 0, exit);
        return ctl.output();
    }
    template <typename Check>
    static void until(Check check) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!check()) {
            CPPUNIT_ASSERT(std::chrono::steady_clock::now() < end);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }

    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AccessTest);

}  // namespace tandem::flow
