#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <nlohmann/json.hpp>

#include "flow/event_source.h"
#include "flow/gateway.h"

namespace tandem::flow {

namespace {

constexpr char business[] = "+15550001111";
constexpr char secret[] = "a-secret-of-the-acme-test";

int run(const std::vector<std::string>& command) {
    Process program(command);
    const int code = program.wait(std::chrono::seconds(300));
    if (code != 0) CPPUNIT_FAIL(command.front() + " failed:\n" + program.output());
    return code;
}

}  // namespace

/// Somebody else's plugin: built from an installed SDK alone, checked, and at work.
class ThirdPartyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ThirdPartyTest);
    CPPUNIT_TEST(a_plugin_built_from_the_installed_sdk_answers_a_webhook);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_plugin_built_from_the_installed_sdk_answers_a_webhook() {
        const Folder folder;
        const std::string prefix = folder.file("prefix");
        run({TANDEM_CMAKE, "--install", TANDEM_BUILD_FOLDER, "--prefix", prefix});
        // A copy, so that nothing of the project's tree can be found beside it.
        run({"/bin/cp", "-r", prefix + "/share/tandem/template", folder.file("acme")});
        run({TANDEM_CMAKE, "-S", folder.file("acme"), "-B", folder.file("build"),
             "-DCMAKE_PREFIX_PATH=" + prefix, "-DBUILD_TESTING=OFF",
             std::string("-DCMAKE_CXX_FLAGS=") + TANDEM_SANITIZER_FLAGS});
        run({TANDEM_CMAKE, "--build", folder.file("build")});
        run({"/bin/cp", folder.file("build") + "/tandem-acme.so", prefix + "/lib/tandem/plugins/"});
        run({prefix + "/bin/tandem-plugin-check", prefix + "/lib/tandem/plugins/tandem-acme.so"});

        Gateway gateway(std::string(R"(
  directories: [")") + prefix +
                            R"(/lib/tandem/plugins"]
storage: {plugin: sqlite, options: {path: "${TEST_FOLDER}tandem.db"}}
auth:
  - plugin: jwt
    options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}
providers:
  - id: acme
    plugin: acme
    options: {api_key: a-key, webhook_secret: ")" +
                            secret + R"("}
organizations:
  - {id: bikes, name: Bikes, default_region: US, numbers: [")" +
                            business + R"("], channel: acme}
)",
                        {}, prefix + "/bin");
        gateway.start();
        EventSource inbox(
            gateway.url() + "/api/stream/organization",
            {{"Authorization", "Bearer " + gateway.token("bikes", "conversations:read")}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(gateway.output(), 0, inbox.await("connected"));

        HttpClient acme(gateway.url());
        const std::string body = "id=A1&from=%2B15551234567&to=%2B15550001111&text=Hello";
        const Headers form{{"Content-Type", "application/x-www-form-urlencoded"}};
        CPPUNIT_ASSERT_EQUAL(403, acme.post("/api/webhooks/acme/messages", body, form).status);
        Headers genuine = form;
        genuine.emplace_back("X-Acme-Secret", secret);
        const HttpAnswer answer = acme.post("/api/webhooks/acme/messages", body, genuine);
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("ok"), answer.body);
        const int received = inbox.await("sms_received");
        CPPUNIT_ASSERT(received > 0);
        CPPUNIT_ASSERT_EQUAL(
            std::string("Hello"),
            nlohmann::json::parse(inbox.event(received).data).value("message", ""));
        CPPUNIT_ASSERT_EQUAL(0, gateway.stop());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ThirdPartyTest);

}  // namespace tandem::flow
