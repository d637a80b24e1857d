#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "unit/settings/workspace.h"

namespace tandem::settings {

namespace {

std::string text_of(const Options& options, const std::string& name) {
    const auto found = options.find(name);
    CPPUNIT_ASSERT_MESSAGE(name + " is missing", found != options.end());
    return std::get<std::string>(found->second.value);
}

/// Environment of the contract's example.
Environment accounts() {
    return {{"TANDEM_JWT_SECRET", "0123456789abcdef0123456789abcdef"},
            {"TWILIO_ACCOUNT_SID", "AC0"},
            {"TWILIO_AUTH_TOKEN", "t"},
            {"TWILIO_PHONE_NUMBER", "+15550001111"},
            {"ELEVENLABS_API_KEY", "k"},
            {"ELEVENLABS_AGENT_ID", "a"},
            {"ELEVENLABS_PHONE_NUMBER_ID", "p"},
            {"ELEVENLABS_CONVERSATION_INITIATION_WEBHOOK_SECRET", "s1"},
            {"ELEVENLABS_POST_CALL_WEBHOOK_SECRET", "s2"}};
}

const char* everything() {
    return R"(server:
  listen: 127.0.0.1:8080
  public_url: https://gw.example.com/
  tls: {certificate: , key: }
  trusted_proxies: [127.0.0.1/32]
storage:
  plugin: sqlite
  options: {path: /var/lib/tandem/tandem.db}
bus:
  plugin: local
auth:
  - plugin: jwt
    options: {algorithm: HS256, secret: "${TANDEM_JWT_SECRET}", issuer: , audience: }
providers:
  - id: twilio
    plugin: twilio
    options: {account_sid: "${TWILIO_ACCOUNT_SID}", auth_token: "${TWILIO_AUTH_TOKEN}", from: "${TWILIO_PHONE_NUMBER}", api_base_url: }
  - id: elevenlabs
    plugin: elevenlabs
    options:
      api_key: "${ELEVENLABS_API_KEY}"
      agent_id: "${ELEVENLABS_AGENT_ID}"
      agent_phone_number_id: "${ELEVENLABS_PHONE_NUMBER_ID}"
      conversation_initiation_webhook_secret: "${ELEVENLABS_CONVERSATION_INITIATION_WEBHOOK_SECRET}"
      post_call_webhook_secret: ["${ELEVENLABS_POST_CALL_WEBHOOK_SECRET}", "${OLD_SECRET:-}"]
      api_base_url:                   # for regions and tests
organizations:
  - id: bici-demo
    name: "${DEFAULT_ORGANIZATION_NAME:-BICI Bike Store}"
    default_region: US
    numbers: ["${TWILIO_PHONE_NUMBER}"]
    channel: twilio
    voice: elevenlabs
    responder: elevenlabs
plugins:
  directories: [/usr/lib/tandem/plugins]
  trusted_uid: 0
conversation: {history_limit: 50, coalesce_ms: 1500, human_control_idle_s: 7200}
stream: {heartbeat_s: 15, retention_events: 100000, max_backlog_bytes: 262144, max_per_credential: 100}
limits:
  body_bytes: 1048576
  webhook_body_bytes: 16777216
  buffered_bytes: 268435456
  header_bytes: 32768
  header_seconds: 10
  body_seconds: 30
  connections_per_address: 1000
  requests_per_minute:
  messages_per_minute: 60
  calls_per_minute:
log: {level: info, format: json}
)";
}

}  // namespace

class AcceptedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AcceptedTest);
    CPPUNIT_TEST(the_contracts_example_is_read_whole);
    CPPUNIT_TEST(what_is_left_out_has_its_default);
    CPPUNIT_TEST(plain_words_that_look_like_something_else_stay_texts);
    CPPUNIT_TEST(several_addresses_ipv6_and_port_zero_may_be_listened_to);
    CPPUNIT_TEST(a_public_url_may_have_a_path_and_loses_its_last_slash);
    CPPUNIT_TEST(inline_secrets_warn_and_work);
    CPPUNIT_TEST(a_rolled_out_signature_mode_warns);
    CPPUNIT_TEST(sending_has_its_keys);
    CPPUNIT_TEST(an_organisation_has_limits_and_caps_of_its_own);
    CPPUNIT_TEST(the_environment_overrides_scalars_of_known_sections);
    CPPUNIT_TEST(wrong_overrides_are_refused);
    CPPUNIT_TEST(parts_are_merged_in_name_order_and_leftovers_ignored);
    CPPUNIT_TEST(an_unreadable_part_is_refused);
    CPPUNIT_TEST(shown_settings_hide_secrets_and_can_be_read_again);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_contracts_example_is_read_whole() {
        Workspace workspace;
        const Loaded loaded = workspace.load(everything(), accounts());
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        const Settings& s = loaded.settings;
        CPPUNIT_ASSERT_EQUAL(std::string("https://gw.example.com"), s.server.public_url);
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1/32"), s.server.trusted_proxies.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("/var/lib/tandem/tandem.db"),
                             text_of(s.storage.options, "path"));
        CPPUNIT_ASSERT_EQUAL(std::string("jwt"), s.auth.at(0).id);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, s.auth.at(0).options.count("issuer"));
        CPPUNIT_ASSERT_EQUAL(std::string("+15550001111"),
                             text_of(s.providers.at(0).options, "from"));
        const auto& secrets = s.providers.at(1).options.at("post_call_webhook_secret");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, std::get<std::vector<std::string>>(secrets.value).size());
        CPPUNIT_ASSERT_EQUAL(std::string("BICI Bike Store"), s.organizations.at(0).name);
        CPPUNIT_ASSERT_EQUAL(std::string("+15550001111"), s.organizations.at(0).numbers.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("elevenlabs"), s.organizations.at(0).responder);
        CPPUNIT_ASSERT(!s.limits.requests_per_minute);
        CPPUNIT_ASSERT_EQUAL(60u, s.limits.messages_per_minute.value());
    }

    void what_is_left_out_has_its_default() {
        Workspace workspace;
        const Loaded loaded = workspace.load(smallest());
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        const Settings& s = loaded.settings;
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:8080"), s.server.listen.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("sqlite"), s.storage.plugin);
        CPPUNIT_ASSERT_EQUAL(std::string("/var/lib/tandem/tandem.db"),
                             text_of(s.storage.options, "path"));
        CPPUNIT_ASSERT_EQUAL(std::string("local"), s.bus.plugin);
        CPPUNIT_ASSERT_EQUAL(std::string("demo"), s.organizations.at(0).name);
        CPPUNIT_ASSERT_EQUAL(std::string("enforce"), s.providers.at(0).signature_mode);
        CPPUNIT_ASSERT_EQUAL(15u, s.stream.heartbeat_s);
        const Loaded empty = workspace.load(std::string(smallest()) + "storage: {options: }\n");
        CPPUNIT_ASSERT_EQUAL(std::string("/var/lib/tandem/tandem.db"),
                             text_of(empty.settings.storage.options, "path"));
    }

    void plain_words_that_look_like_something_else_stay_texts() {
        Workspace workspace;
        const Loaded loaded =
            workspace.load(std::string(smallest()) +
                           "    default_region: NO\n"
                           "    name: on\n"
                           "bus: {plugin: local, options: {a: 0123, b: 1e3, c: 12:30:45, d: yes,"
                           " e: \"7\"}}\n");
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        CPPUNIT_ASSERT_EQUAL(std::string("NO"), loaded.settings.organizations[0].default_region);
        CPPUNIT_ASSERT_EQUAL(std::string("on"), loaded.settings.organizations[0].name);
        const Options& options = loaded.settings.bus.options;
        CPPUNIT_ASSERT_EQUAL(std::string("0123"), text_of(options, "a"));
        CPPUNIT_ASSERT_EQUAL(std::string("12:30:45"), text_of(options, "c"));
        CPPUNIT_ASSERT(options.at("d").plain);
        CPPUNIT_ASSERT(!options.at("e").plain);
        CPPUNIT_ASSERT_EQUAL(workspace.path("tandem.yaml") + ":12:35", options.at("a").where);
    }

    void several_addresses_ipv6_and_port_zero_may_be_listened_to() {
        Workspace workspace;
        const std::string text(smallest());
        const Loaded loaded = workspace.load(
            "server: {public_url: http://h, listen: [\"[::]:8080\", 0.0.0.0:8080, \"h:0\", "
            "\"h:0\"]}\n" +
            text.substr(text.find('\n') + 1));
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        CPPUNIT_ASSERT_EQUAL(size_t{4}, loaded.settings.server.listen.size());
    }

    void a_public_url_may_have_a_path_and_loses_its_last_slash() {
        const std::pair<const char*, const char*> urls[] = {
            {"https://gw.example.com/", "https://gw.example.com"},
            {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
            {"https://h.example/tandem/", "https://h.example/tandem"},
            {"\"http://[::1]:8080\"", "http://[::1]:8080"}};
        for (const auto& [written, read] : urls) {
            Workspace workspace;
            const std::string text(smallest());
            const Loaded loaded = workspace.load("server: {public_url: " + std::string(written) +
                                                 "}\n" + text.substr(text.find('\n') + 1));
            CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
            CPPUNIT_ASSERT_EQUAL(std::string(read), loaded.settings.server.public_url);
        }
    }

    void inline_secrets_warn_and_work() {
        Workspace workspace;
        const Loaded loaded = workspace.load(
            std::string(smallest()) +
            "storage: {plugin: postgresql, options: {url: \"postgresql://u:p@h/d\"}}\n"
            "bus: {options: {auth_token: abc, algorithm: x}}\n");
        CPPUNIT_ASSERT(loaded.usable());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, loaded.findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("storage.options.url"), loaded.findings[0].key);
        CPPUNIT_ASSERT_EQUAL(std::string("bus.options.auth_token"), loaded.findings[1].key);
        for (const Finding& finding : loaded.findings)
            CPPUNIT_ASSERT(to_text(finding).find("abc") == std::string::npos);
    }

    void a_rolled_out_signature_mode_warns() {
        Workspace workspace;
        std::string text = smallest();
        text.replace(text.find("plugin: sandbox"), 15, "plugin: sandbox, signature_mode: report");
        const Loaded loaded = workspace.load(text);
        CPPUNIT_ASSERT(loaded.usable());
        CPPUNIT_ASSERT_EQUAL(std::string("providers[0].signature_mode"), loaded.findings.at(0).key);
    }

    void sending_has_its_keys() {
        Workspace workspace;
        std::string text = smallest();
        text.replace(text.find("plugin: sandbox"), 15,
                     "plugin: sandbox, sends_per_second: 1, send_burst: 5, concurrent_sends: 2");
        text +=
            "    unknown_sends: at_least_once\n    history_days: 30\n"
            "conversation: {message_validity_s: 600}\n";
        text.replace(text.find("server: {"), 9, "server: {control: /run/tandem/control.sock, ");
        const Loaded loaded = workspace.load(text);
        CPPUNIT_ASSERT(loaded.usable());
        const PluginUse& use = loaded.settings.providers.at(0);
        CPPUNIT_ASSERT(use.sends_per_second == 1 && use.send_burst == 5);
        CPPUNIT_ASSERT_EQUAL(2u, use.concurrent_sends);
        CPPUNIT_ASSERT(loaded.settings.organizations.at(0).resend_unknown);
        CPPUNIT_ASSERT_EQUAL(30u, loaded.settings.organizations.at(0).history_days);
        CPPUNIT_ASSERT_EQUAL(600u, loaded.settings.conversation.message_validity_s);
        CPPUNIT_ASSERT_EQUAL(std::string("/run/tandem/control.sock"),
                             loaded.settings.server.control);
        CPPUNIT_ASSERT(show(loaded.settings, {}).find("unknown_sends: \"at_least_once\"") !=
                       std::string::npos);
        text.replace(text.find("at_least_once"), 13, "twice");
        const Loaded wrong = workspace.load(text);
        CPPUNIT_ASSERT_EQUAL(std::string("organizations[0].unknown_sends"),
                             wrong.findings.at(0).key);
    }

    void an_organisation_has_limits_and_caps_of_its_own() {
        Workspace workspace;
        const std::string text =
            std::string(smallest()) +
            "    allow_premium: true\n"
            "    limits: {messages_per_minute: 30}\n"
            "    allow_regions: [US, CA]\n"
            "    daily: {messages: 500, calls: 0, call_minutes: 90, cost: 50}\n"
            "    prices: {segment: 0.0079, call_minute: 0.10}\n"
            "limits: {calls_per_minute_per_number: 2, rate_headers: false}\n";
        const Loaded loaded = workspace.load(text);
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        const domain::Organization& own = loaded.settings.organizations.at(0);
        CPPUNIT_ASSERT(own.allow_premium);
        CPPUNIT_ASSERT_EQUAL(30u, own.messages_per_minute.value());
        CPPUNIT_ASSERT(!own.calls_per_minute);
        CPPUNIT_ASSERT_EQUAL(500u, own.daily.messages.value());
        CPPUNIT_ASSERT_EQUAL(0u, own.daily.calls.value());
        CPPUNIT_ASSERT(!own.daily.segments);
        CPPUNIT_ASSERT_EQUAL(90u, own.daily.call_minutes.value());
        CPPUNIT_ASSERT_EQUAL(5u, own.daily.call_reserve_minutes);
        CPPUNIT_ASSERT_EQUAL(uint64_t{50000000}, own.daily.cost->millionths);
        CPPUNIT_ASSERT_EQUAL(uint64_t{7900}, own.prices.segment->millionths);
        CPPUNIT_ASSERT_EQUAL(uint64_t{100000}, own.prices.call_minute->millionths);
        CPPUNIT_ASSERT(!own.prices.message);
        CPPUNIT_ASSERT(own.allow_regions == (std::vector<std::string>{"US", "CA"}));
        CPPUNIT_ASSERT_EQUAL(2u, loaded.settings.limits.calls_per_minute_per_number);
        CPPUNIT_ASSERT(!loaded.settings.limits.rate_headers);
        // What is shown is read again as the same.
        const Loaded again = workspace.load(show(loaded.settings, {}));
        CPPUNIT_ASSERT_EQUAL(500u, again.settings.organizations.at(0).daily.messages.value());
        CPPUNIT_ASSERT_EQUAL(30u, again.settings.organizations.at(0).messages_per_minute.value());
        const domain::Organization& shown = again.settings.organizations.at(0);
        CPPUNIT_ASSERT(shown.daily.cost == own.daily.cost);
        CPPUNIT_ASSERT(shown.prices.segment == own.prices.segment);
        CPPUNIT_ASSERT(shown.prices.call_minute == own.prices.call_minute);
        CPPUNIT_ASSERT(shown.allow_regions == own.allow_regions);
    }

    void the_environment_overrides_scalars_of_known_sections() {
        Workspace workspace;
        const Loaded loaded =
            workspace.load(std::string(smallest()) + "log: {level: \"${UNSET_BUT_OVERRIDDEN}\"}\n",
                           {{"TANDEM_SERVER_LISTEN", "127.0.0.1:0"},
                            {"TANDEM_SERVER_TRUSTED_PROXIES", "10.0.0.0/8,::1"},
                            {"TANDEM_SERVER_TLS_CERTIFICATE", "/c"},
                            {"TANDEM_SERVER_TLS_KEY", "/k"},
                            {"TANDEM_STORAGE_OPTIONS_PATH", "/tmp/${x}.db"},
                            {"TANDEM_LIMITS_CALLS_PER_MINUTE", "5"},
                            {"TANDEM_LOG_LEVEL", "debug"},
                            {"TANDEM_STREAM_HEARTBEAT_S", ""},
                            {"TANDEM_JWT_SECRET", "just a variable"},
                            {"TANDEM_PROVIDERS_X", "too"}});
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        const Settings& s = loaded.settings;
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:0"), s.server.listen.at(0));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, s.server.trusted_proxies.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/k"), s.server.tls_key);
        CPPUNIT_ASSERT_EQUAL(std::string("/tmp/${x}.db"), text_of(s.storage.options, "path"));
        CPPUNIT_ASSERT_EQUAL(5u, s.limits.calls_per_minute.value());
        CPPUNIT_ASSERT_EQUAL(std::string("debug"), s.log.level);
        CPPUNIT_ASSERT_EQUAL(15u, s.stream.heartbeat_s);
    }

    void wrong_overrides_are_refused() {
        Workspace workspace;
        const std::pair<const char*, const char*> wrong[] = {{"TANDEM_STREAM_HEARTBEAT_S", "often"},
                                                             {"TANDEM_SERVER_LISTEN", "nowhere"},
                                                             {"TANDEM_LOG_LEVEL", "loud"},
                                                             {"TANDEM_LOG_LEVLE", "info"},
                                                             {"TANDEM_LIMITS_BODY", "1"}};
        for (const auto& [name, value] : wrong) {
            const Loaded loaded = workspace.load(smallest(), {{name, value}});
            CPPUNIT_ASSERT_MESSAGE(name, !loaded.usable());
            CPPUNIT_ASSERT_EQUAL(std::string(name) + ":1:1", loaded.findings.at(0).where);
        }
        // A file's own bytes were looked at before; what a variable brings was not.
        const std::string named = std::string(smallest()) + "    name: \"${NAME}\"\n";
        CPPUNIT_ASSERT(workspace.load(named, {{"NAME", "\xc3\xa9"}}).usable());
        const Loaded no_text = workspace.load(named, {{"NAME", "\xc3"}});
        CPPUNIT_ASSERT(!no_text.usable());
        CPPUNIT_ASSERT_EQUAL(std::string("UTF-8, this value is not"),
                             no_text.findings.at(0).expected);
        CPPUNIT_ASSERT_EQUAL(
            std::string("a key of this section, there is none of this name; did you mean "
                        "TANDEM_LOG_LEVEL?"),
            workspace.load(smallest(), {{"TANDEM_LOG_LEVLE", "x"}}).findings.at(0).expected);
    }

    void parts_are_merged_in_name_order_and_leftovers_ignored() {
        Workspace workspace;
        workspace.write("conf.d/20-log.yaml", "log: {level: warn}\nstream: {heartbeat_s: 20}\n");
        workspace.write("conf.d/10-log.yaml", "log: {level: error, format: text}\n");
        workspace.write("conf.d/30-shop.yaml",
                        "organizations:\n"
                        "  - {id: second, numbers: [\"+15551230001\"], channel: sandbox}\n"
                        "  - {id: demo, name: Demo}\n");
        for (const char* name : {"40.yaml.dpkg-new", "41.yaml~", "42.yaml.rpmsave", ".43.yaml.swp",
                                 "44.txt", ".hidden.yaml"})
            workspace.write(std::string("conf.d/") + name, "nonsense: [");
        const Loaded loaded = workspace.load(smallest());
        CPPUNIT_ASSERT_EQUAL(std::string(), told(loaded, workspace));
        const Settings& s = loaded.settings;
        CPPUNIT_ASSERT_EQUAL(std::string("warn"), s.log.level);
        CPPUNIT_ASSERT_EQUAL(std::string("text"), s.log.format);
        CPPUNIT_ASSERT_EQUAL(20u, s.stream.heartbeat_s);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, s.organizations.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Demo"), s.organizations[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("+15551230000"), s.organizations[0].numbers.at(0));
    }

    void an_unreadable_part_is_refused() {
        Workspace workspace;
        workspace.write("conf.d/10.yaml", "log: {level: warn}\nlogg: 1\n");
        CPPUNIT_ASSERT_EQUAL(
            std::string("conf.d/10.yaml:2:1: logg: a known key; did you mean log?\n"),
            told(workspace.load(smallest()), workspace));
        std::filesystem::remove(workspace.path("conf.d/10.yaml"));
        std::filesystem::create_directory(workspace.path("conf.d/10.yaml"));
        CPPUNIT_ASSERT(!workspace.load(smallest()).usable());
    }

    void shown_settings_hide_secrets_and_can_be_read_again() {
        Workspace workspace;
        Environment environment = accounts();
        environment["DEFAULT_ORGANIZATION_NAME"] = "A \"B\" \\ ${C}\tD\xc3\xa9";
        const Loaded loaded = workspace.load(everything(), environment);
        CPPUNIT_ASSERT(loaded.usable());
        const std::string shown =
            show(loaded.settings, {{"jwt", {"algorithm"}}, {"twilio", {"from"}}});
        for (const auto& [name, value] : environment)
            if (value.size() > 8 && value[0] != '+' && value[0] != 'A')
                CPPUNIT_ASSERT_MESSAGE(name, shown.find(value) == std::string::npos);
        CPPUNIT_ASSERT(shown.find("HS256") != std::string::npos);
        CPPUNIT_ASSERT(shown.find("auth_token: \"********\"") != std::string::npos);

        Workspace again;
        const Loaded second = again.load(shown);
        CPPUNIT_ASSERT_MESSAGE(shown + told(second, again), second.usable());
        CPPUNIT_ASSERT_EQUAL(environment["DEFAULT_ORGANIZATION_NAME"],
                             second.settings.organizations.at(0).name);
        CPPUNIT_ASSERT_EQUAL(shown,
                             show(second.settings, {{"jwt", {"algorithm"}}, {"twilio", {"from"}}}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AcceptedTest);

}  // namespace tandem::settings
