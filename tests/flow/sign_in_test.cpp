#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "fakes/issuer.h"
#include "fakes/signing_key.h"
#include "flow/fake.h"
#include "flow/gateway.h"
#include "flow/http_client.h"

namespace tandem::flow {

namespace {

using fakes::key_set;
using fakes::SigningKey;

constexpr char cloud[] = "https://id.example.com";

/// Six ways to sign in, beside each other.
std::string settings(const std::string& jwks_url) {
    return R"(
storage: {plugin: sqlite, options: {path: "${TEST_FOLDER}tandem.db"}}
auth:
  - id: local
    plugin: jwt
    options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef", issuer: local}
  - id: cloud
    plugin: jwt
    options: {algorithm: RS256, jwks_url: ")" +
           jwks_url + R"(", issuer: "https://id.example.com", audience: tandem,
              organizations: [bikes]}
  - id: shop
    plugin: jwt
    options: {algorithm: RS256, jwks_file: "${TEST_FOLDER}shop.json", issuer: shop, audience: tandem}
  - id: devices
    plugin: jwt
    options: {algorithm: ES256, key_file: "${TEST_FOLDER}devices.pem", typ: at+jwt, issuer: devices,
              audience: tandem}
  - id: partners
    plugin: jwt
    options: {algorithm: EdDSA, key_file: "${TEST_FOLDER}partners.pem", issuer: partners,
              audience: tandem, organization_claim: tenant, permissions_claim: scp}
  - id: servers
    plugin: apikey
    options: {keys_file: "${TEST_FOLDER}keys"}
providers: [{id: sandbox, plugin: sandbox}]
organizations:
  - {id: bikes, name: Bikes, default_region: US, numbers: ["+15550001111"], channel: sandbox}
  - {id: skates, name: Skates, default_region: US, numbers: ["+15550002222"], channel: sandbox}
)";
}

Json claims(const std::string& issuer, const Json& changes = Json::object()) {
    const std::time_t now = std::time(nullptr);
    Json made{{"iss", issuer},
              {"aud", "tandem"},
              {"sub", "agent-7"},
              {"organizationId", "bikes"},
              {"permissions", {"leads:read"}},
              {"iat", now},
              {"exp", now + 600}};
    made.update(changes);
    return made;
}

}  // namespace

/// Tokens of several issuers and keys of servers, at the real front door.
class SignInTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SignInTest);
    CPPUNIT_TEST(everybody_comes_in_by_their_own_way);
    CPPUNIT_TEST(everybody_else_gets_one_answer);
    CPPUNIT_TEST(keys_come_and_go_without_a_restart);
    CPPUNIT_TEST(an_issuer_that_is_away_keeps_nobody_else_out);
    CPPUNIT_TEST(a_reload_that_would_lock_everybody_out_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        issuer_ = std::make_unique<fakes::Issuer>();
        issuer_->publishes(key_set(cloud_key().jwk("1")));
        gateway_ = std::make_unique<Gateway>(settings(issuer_->url()));
        const Folder& folder = gateway_->folder();
        folder.write("shop.json", key_set(shop_key().jwk("1")));
        folder.write("devices.pem", devices_key().public_pem());
        folder.write("partners.pem", partners_key().public_pem());
        make_api_key();
    }
    void tearDown() override {
        client_.reset();
        gateway_.reset();
        issuer_.reset();
    }

    void everybody_comes_in_by_their_own_way() {
        start();
        CPPUNIT_ASSERT_EQUAL(200, status(gateway_->token("bikes", "leads:read")));
        CPPUNIT_ASSERT_EQUAL(200, status(of_cloud()));
        CPPUNIT_ASSERT_EQUAL(200, status(shop_key().token_of(claims("shop").dump(), "1")));
        CPPUNIT_ASSERT_EQUAL(200, status(of_devices("at+jwt")));
        CPPUNIT_ASSERT_EQUAL(200, status(of_partners({{"scp", "x leads:read"}})));
        CPPUNIT_ASSERT_EQUAL(200, status(api_key_));
        // Whose they are is theirs to say, what they may do is the gate's.
        CPPUNIT_ASSERT_EQUAL(403, status(of_partners({{"scp", "conversations:read"}})));
        CPPUNIT_ASSERT_EQUAL(403, status(of_partners({{"scp", Json::object()}})));
        CPPUNIT_ASSERT_EQUAL(403, status(of_cloud({{"permissions", Json::array()}})));
        CPPUNIT_ASSERT_EQUAL(403, status(api_key_, "/api/conversations/active"));
        CPPUNIT_ASSERT_EQUAL(403, status(of_cloud(), "/api/leads?organizationId=skates"));
        CPPUNIT_ASSERT_EQUAL(std::string("TOKEN_EXPIRED"),
                             code(of_cloud({{"exp", 1}, {"iat", 0}})));
    }

    void everybody_else_gets_one_answer() {
        start();
        const SigningKey stranger("RS256");
        const Json good = claims(cloud);
        const std::string pem = partners_key().public_pem();
        const std::vector<std::pair<std::string, std::string>> wrong{
            {"an unknown server", api_key_.substr(0, 49) + (api_key_[49] == 'a' ? 'b' : 'a')},
            {"another audience", of_cloud({{"aud", "others"}})},
            {"an unknown issuer", cloud_key().token_of(claims("nobody").dump(), "1")},
            {"another key", stranger.token_of(good.dump(), "1")},
            {"an unknown kid", stranger.token_of(good.dump(), "2")},
            {"the key of another issuer", shop_key().token_of(good.dump(), "1")},
            {"the issuer of another key", cloud_key().token_of(claims("shop").dump(), "1")},
            {"no issuer", cloud_key().token_of(claims(cloud, {{"iss", nullptr}}).dump(), "1")},
            {"an organisation that is not the issuer's", of_cloud({{"organizationId", "skates"}})},
            {"an unknown organisation",
             shop_key().token_of(claims("shop", {{"organizationId", "nowhere"}}).dump(), "1")},
            {"a year", of_cloud({{"exp", std::time(nullptr) + 365 * 86400}})},
            {"an id token", of_devices("JWT")},
            {"alg none",
             fakes::base64url(R"({"alg":"none"})") + '.' + fakes::base64url(good.dump()) + '.'},
            {"the public key as a secret",
             SigningKey("HS256", pem).token_of(claims("local").dump())},
            {"half a key", api_key_.substr(0, 30)},
            {"no token at all", "0123456789"},
        };
        std::string one_answer;
        for (const auto& [name, token] : wrong) {
            const HttpAnswer answer = ask(token);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, 401, answer.status);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("Bearer"),
                                         answer.header("WWW-Authenticate"));
            Json body = Json::parse(answer.body);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("INVALID_TOKEN"),
                                         body.at("code").get<std::string>());
            for (const char* own : {"requestId", "request_id", "instance", "timestamp"})
                body.erase(own);
            if (one_answer.empty()) one_answer = body.dump();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, one_answer, body.dump());
        }
        CPPUNIT_ASSERT_EQUAL(0, gateway_->stop());
        // The reasons are the operator's, as far as the log takes so many lines at once; the
        // tokens are nobody's.
        const std::string log = gateway_->output();
        for (const char* reason : {"cloud: the signature is wrong", "aud does not contain",
                                   "iss is not the configured issuer", "servers: the key is not"})
            CPPUNIT_ASSERT_MESSAGE(reason, log.find(reason) != std::string::npos);
        for (const auto& [name, token] : wrong)
            CPPUNIT_ASSERT_MESSAGE(name, log.find(token) == std::string::npos);
    }

    void keys_come_and_go_without_a_restart() {
        start();
        CPPUNIT_ASSERT_EQUAL(200, status(of_cloud()));
        const SigningKey next("RS256");
        issuer_->publishes(key_set(next.jwk("2")));
        CPPUNIT_ASSERT(
            await([&] { return status(next.token_of(claims(cloud).dump(), "2")) == 200; }));
        CPPUNIT_ASSERT_EQUAL(401, status(of_cloud()));
        for (int i = 0; i < 200; ++i)
            CPPUNIT_ASSERT_EQUAL(
                401, status(next.token_of(claims(cloud).dump(), "made-up-" + std::to_string(i))));
        CPPUNIT_ASSERT_EQUAL(2u, issuer_->requests());

        CPPUNIT_ASSERT_EQUAL(200, status(api_key_));
        write_keys("# nobody\n");
        CPPUNIT_ASSERT(await([&] { return status(api_key_) == 401; }));
    }

    void an_issuer_that_is_away_keeps_nobody_else_out() {
        issuer_->answers(503, "");
        start();
        CPPUNIT_ASSERT_EQUAL(401, status(of_cloud()));
        CPPUNIT_ASSERT_EQUAL(200, status(of_devices("at+jwt")));
        CPPUNIT_ASSERT_EQUAL(200, status(api_key_));
    }

    void a_reload_that_would_lock_everybody_out_is_refused() {
        start();
        const std::string others = of_cloud({{"aud", "others"}});
        for (const auto& [code, body] :
             {std::pair(503, ""), std::pair(200, "<html>Sign in</html>")}) {
            issuer_->answers(code, body);
            reload();
            CPPUNIT_ASSERT_EQUAL(200, status(of_cloud()));
            CPPUNIT_ASSERT_EQUAL(401, status(others));
            CPPUNIT_ASSERT_EQUAL(0, metric("tandem_config_last_reload_successful"));
        }
        CPPUNIT_ASSERT(gateway_->output().find("\"applied\":\"") == std::string::npos);
        issuer_->publishes(key_set(cloud_key().jwk("1")));
        reload();
        CPPUNIT_ASSERT_EQUAL(401, status(of_cloud()));
        CPPUNIT_ASSERT_EQUAL(200, status(others));
        CPPUNIT_ASSERT_EQUAL(1, metric("tandem_config_last_reload_successful"));
    }

private:
    /// The cloud's tokens are for others from now on, and the log says less.
    void reload() {
        const std::string file = gateway_->folder().file("tandem.yaml");
        std::ifstream read(file);
        std::string text(std::istreambuf_iterator<char>(read), {});
        for (const auto& [before, after] : {std::pair("audience: tandem,", "audience: others,"),
                                            std::pair("level: debug", "level: info")})
            if (const size_t at = text.find(before); at != std::string::npos)
                text.replace(at, std::string(before).size(), after);
        gateway_->folder().write("tandem.yaml", text);
        const int before = metric("tandem_config_reloads_total");
        ::kill(gateway_->pid(), SIGHUP);
        CPPUNIT_ASSERT(await([&] { return metric("tandem_config_reloads_total") > before; }));
    }
    int metric(const std::string& name) {
        const std::string text = client_->get("/metrics").body;
        const size_t at = text.find("\n" + name + " ");
        return at == std::string::npos ? 0 : std::stoi(text.substr(at + name.size() + 2));
    }

    static const SigningKey& cloud_key() {
        static const SigningKey key("RS256");
        return key;
    }
    static const SigningKey& shop_key() {
        static const SigningKey key("RS256");
        return key;
    }
    static const SigningKey& devices_key() {
        static const SigningKey key("ES256");
        return key;
    }
    static const SigningKey& partners_key() {
        static const SigningKey key("EdDSA");
        return key;
    }
    static std::string of_cloud(const Json& changes = Json::object()) {
        return cloud_key().token_of(claims(cloud, changes).dump(), "1");
    }
    static std::string of_devices(const std::string& type) {
        return devices_key().token(R"({"alg":"ES256","typ":")" + type + "\"}",
                                   claims("devices").dump());
    }
    static std::string of_partners(Json changes) {
        changes["tenant"] = "bikes";
        return partners_key().token_of(claims("partners", changes).dump());
    }

    void make_api_key() {
        Process ctl({Gateway::built_programs() + "/tandemctl", "token", "--api-key", "--config",
                     gateway_->folder().file("tandem.yaml"), "--org", "bikes", "--sub", "lead-sync",
                     "--permissions", "leads:read"},
                    {{"TEST_FOLDER", gateway_->folder().file("")}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(ctl.output(), 0, ctl.wait());
        const std::string text = ctl.output();
        const size_t key = text.find("tandem_"), line = text.find("id=lead-sync-");
        CPPUNIT_ASSERT_MESSAGE(text, key != std::string::npos && line != std::string::npos);
        api_key_ = text.substr(key, text.find('\n', key) - key);
        write_keys(text.substr(line, text.find('\n', line) - line) + '\n');
    }
    void write_keys(const std::string& text) {
        gateway_->folder().write("keys", text);
        ::chmod(gateway_->folder().file("keys").c_str(), 0600);
    }
    void start() {
        gateway_->start();
        client_ = std::make_unique<HttpClient>(gateway_->url());
    }
    HttpAnswer ask(const std::string& token, const std::string& path = "/api/leads") {
        return client_->get(path, {{"Authorization", "Bearer " + token}});
    }
    int status(const std::string& token, const std::string& path = "/api/leads") {
        return ask(token, path).status;
    }
    std::string code(const std::string& token) {
        return Json::parse(ask(token).body).at("code").get<std::string>();
    }

    std::unique_ptr<fakes::Issuer> issuer_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<HttpClient> client_;
    std::string api_key_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SignInTest);

}  // namespace tandem::flow
