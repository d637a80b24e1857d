#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <memory>
#include <sstream>
#include <string>

#include "admit/gate.h"
#include "deliver/routes.h"
#include "operate/operate.h"
#include "serve/server.h"
#include "unit/deliver/world.h"
#include "unit/settings/workspace.h"

namespace tandem::operate {

namespace {

using testing::World;

struct Answer {
    int exit;
    std::string out, err;
};

/// One that answers for its outbox by the control socket.
class Gateway {
public:
    explicit Gateway(const std::string& socket)
        : server_(options(socket), deliver::outbox_routes(outbox_),
                  {&gate_, &world.log, nullptr, {}}) {
        server_.start();
    }
    ~Gateway() { server_.stop(); }

    World world;

private:
    static serve::ServerOptions options(const std::string& socket) {
        serve::ServerOptions options;
        options.listen = {"127.0.0.1:0"};
        options.control = socket;
        return options;
    }

    deliver::Outbox outbox_{
        {world.store.get(), world.committer.get(), &world.clock, &world.ids, {}}};
    admit::Gate gate_{world.clock, world.organizations, {}, {}, world.log, world.metrics};
    serve::Server server_;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

class OutboxVerbsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OutboxVerbsTest);
    CPPUNIT_TEST(a_running_gateway_is_asked_by_its_socket);
    CPPUNIT_TEST(what_a_provider_said_does_not_steer_the_terminal);
    CPPUNIT_TEST(a_gateway_that_is_not_running_is_spared_by_opening_its_storage);
    CPPUNIT_TEST(what_is_no_id_and_no_organisation_is_refused_before_anything_is_asked);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        workspace_ = std::make_unique<settings::Workspace>();
        file_ = workspace_->write(
            "tandem.yaml",
            "server: {public_url: https://gw.example.com, control: " +
                workspace_->path("control.sock") +
                "}\n"
                "storage: {plugin: sqlite, options: {path: " +
                workspace_->path("tandem.db") +
                "}}\n"
                "auth:\n  - {plugin: jwt, options: {algorithm: HS256, secret: \"${SECRET:-x}\"}}\n"
                "providers:\n  - {id: sandbox, plugin: sandbox}\n"
                "organizations:\n  - {id: bici-demo, numbers: [\"+15551230000\"], channel: "
                "sandbox}\n"
                "plugins: {directories: [" PLUGIN_DIRECTORY "], trusted_uid: " +
                std::to_string(::getuid()) + "}\n");
    }
    void tearDown() override { workspace_.reset(); }

    void a_running_gateway_is_asked_by_its_socket() {
        Gateway gateway(workspace_->path("control.sock"));
        World& world = gateway.world;
        world.customer_writes("hello", false);
        const std::string message = world.owe_text("a secret word", -1);
        const std::string id = world.ever_due(store::OwedKind::Send).at(0).id;

        CPPUNIT_ASSERT_EQUAL(std::string(), call({"list"}).out);
        const Answer listed = call({"list", "--waiting"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(listed.err, static_cast<int>(success), listed.exit);
        CPPUNIT_ASSERT_MESSAGE(listed.out, has(listed.out, id + "  waiting  send  +15551234567"));
        const Answer json = call({"list", "--waiting", "--json"});
        CPPUNIT_ASSERT_MESSAGE(json.out, has(json.out, "\"subjectId\":\"" + message + '"'));
        const Answer shown = call({"show", id});
        CPPUNIT_ASSERT_MESSAGE(shown.out, has(shown.out, "messageStatus: queued\n"));
        CPPUNIT_ASSERT_EQUAL(id + " is due again\n", call({"retry", id}).out);
        CPPUNIT_ASSERT_EQUAL(id + " is dropped\n", call({"drop", id}).out);
        CPPUNIT_ASSERT(domain::Delivery::Failed == world.message(message).delivery);
        const Answer gone = call({"drop", id});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(no_input), gone.exit);
        CPPUNIT_ASSERT_MESSAGE(gone.err, has(gone.err, "There is no such entry."));
    }

    void what_a_provider_said_does_not_steer_the_terminal() {
        Gateway gateway(workspace_->path("control.sock"));
        gateway.world.owe_text("hello", -1);
        const std::string id = gateway.world.ever_due(store::OwedKind::Send).at(0).id;
        gateway.world.commit({store::Settle{id, store::Settlement::Retry, gateway.world.clock.now(),
                                            "\x1b[2Jall\nis well"}});
        for (const auto& words : {std::vector<std::string>{"list", "--waiting"}, {"show", id}}) {
            const Answer told = call(words);
            CPPUNIT_ASSERT_MESSAGE(told.out, has(told.out, "[2Jall is well"));
            CPPUNIT_ASSERT_MESSAGE(told.out, !has(told.out, "\x1b"));
        }
    }

    void a_gateway_that_is_not_running_is_spared_by_opening_its_storage() {
        const Answer listed = call({"list"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(listed.err, static_cast<int>(success), listed.exit);
        CPPUNIT_ASSERT_EQUAL(std::string(), listed.out);
        const Answer shown = call({"show", "0190-none"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(shown.err, static_cast<int>(no_input), shown.exit);
    }

    void what_is_no_id_and_no_organisation_is_refused_before_anything_is_asked() {
        const Answer odd = call({"drop", "x HTTP/1.1\r\nX-Tandem-Organization: other"});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_usage), odd.exit);
        CPPUNIT_ASSERT(has(odd.err, "is no id of an entry"));
        const Answer which = call({"list", "--org", "bici-dmo"});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_usage), which.exit);
        CPPUNIT_ASSERT(has(which.err, "did you mean bici-demo?"));
    }

private:
    Answer call(std::vector<std::string> words) {
        words.insert(words.begin(), "outbox");
        words.insert(words.end(), {"--config", file_});
        std::ostringstream out, err;
        const int exit = run(words, {}, out, err);
        return {exit, out.str(), err.str()};
    }

    std::unique_ptr<settings::Workspace> workspace_;
    std::string file_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OutboxVerbsTest);

}  // namespace tandem::operate
