#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <vector>

#include "settings/document.h"
#include "unit/settings/workspace.h"

namespace tandem::settings {

namespace {

/// A settings file that must be refused, and what the operator must read: the begin of
/// its line, and a part of what follows.
struct Refused {
    const char* name;
    std::string text;
    std::string where_and_key;
    std::string expected;
};

std::string with(const std::string& more) {
    return smallest() + more;
}

std::string nested(unsigned levels) {
    std::string text = "a: ";
    for (unsigned i = 0; i < levels; ++i) text += "{a: ";
    text += "1";
    text.append(levels, '}');
    return text + "\n";
}

std::string alias_bomb() {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
        for (int j = 1; j < 10; ++j) text += ", " + below;
        text += "]\n";
    }
    return text;
}

std::string many_keys(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "key_" + std::to_string(i) + ": 1\n";
    return text;
}

std::string listening(const std::string& listen) {
    return "server: {listen: " + listen + ", public_url: http://h}\n";
}

std::vector<Refused> refused() {
    const std::string begin = "tandem.yaml:";
    return {
        {"Y01 empty", "", begin + "1:1: organizations", "at least one organization"},
        {"Y01 comments", "# nothing\n\n# here\n", begin + "1:1: auth", "at least one"},
        {"Y02 tab", "server:\n\tlisten: 127.0.0.1:1\n", begin + "2:", "tab"},
        {"Y02 quote", "log: {level: info}\nbus: {plugin: \"local}\n", begin + "2:15: bus.plugin",
         "closing \""},
        {"Y02 single quote", "bus:\n  plugin: 'it''s\n", begin + "2:11: bus.plugin", "closing '"},
        {"Y02 indent", "server:\n    listen: 127.0.0.1:1\n  public_url: http://h\n",
         begin + "3:3: settings", "valid YAML"},
        {"Y02 dedent", " log: {level: info}\nbus: {plugin: local}\n", begin + "2:1: settings",
         "one document"},
        {"Y02 no colon", "log:\n  level: info\n  format\n", begin + "3:3: log.format",
         "a colon after `format`"},
        {"Y02 binary",
         std::string("\x7f"
                     "ELF\x02\x01\x01"),
         begin + "1:1: settings", "control character"},
        {"Y02 UTF-16", std::string("\xff\xfel\0o\0g\0", 8), begin + "1:1: settings", "UTF-16"},
        {"Y02 NUL", std::string("log:\n  level: in\0fo\n", 21), begin + "2:12: settings", "NUL"},
        {"Y02 UTF-8", "log:\n  level: \xc3(\n", begin + "2:10: settings", "UTF-8"},
        {"Y02 overlong", "log: \xc0\xaf\n", begin + "1:6: settings", "UTF-8"},
        {"Y02 surrogate", "log: \xed\xa0\x80\n", begin + "1:6: settings", "UTF-8"},
        {"Y03 section", "log: {level: info}\nlog: {level: warn}\n", begin + "2:1: log",
         "stands in line 1 already"},
        {"Y03 key", "log:\n  level: info\n  format: json\n  level: warn\n",
         begin + "4:3: log.level", "stands in line 2 already"},
        {"Y03 flow", "log: {level: info, level: info}\n", begin + "1:20: log.level", "once"},
        {"Y04 section", with("storrage: {plugin: sqlite}\n"), begin + "10:1: storrage",
         "did you mean storage?"},
        {"Y04 key", with("log:\n  levle: info\n"), begin + "11:3: log.levle",
         "did you mean level?"},
        {"Y04 item key", with("    numbrs: []\n"), begin + "10:5: organizations[0].numbrs",
         "did you mean numbers?"},
        {"Y04 far", with("zzz: 1\n"), begin + "10:1: zzz", "a known key"},
        {"Y04 block in a block", with("server2: {tls: {}}\n"), begin + "10:1: server2",
         "did you mean server?"},
        {"Y04 option", with("bus: {plugin: local, options: {\"a: b\": c}}\n"),
         begin + "10:32: bus.options.a: b", "the name of an option"},
        {"Y04 option of no word", with("bus: {plugin: local, options: {\"null\": c}}\n"),
         begin + "10:32: bus.options.null", "the name of an option"},
        {"Y05 number", with("stream: {heartbeat_s: 0123}\n"), begin + "10:23: stream.heartbeat_s",
         "1 to 3600"},
        {"Y05 exponent", with("stream: {heartbeat_s: 1e3}\n"), begin + "10:23:", "whole number"},
        {"Y05 sexagesimal", with("stream: {heartbeat_s: 12:30:45}\n"),
         begin + "10:23:", "whole number"},
        {"Y05 quoted", with("stream: {heartbeat_s: \"15\"}\n"), begin + "10:23:", "without quotes"},
        {"Y05 region", with("    default_region: us\n"), begin + "10:21: organizations[0].default",
         "two capital letters"},
        {"Y05 no region", with("    default_region: UK\n"),
         begin + "10:21: organizations[0].default", "such as US"},
        {"Y05 regions", with("    allow_regions:\n      - US\n      - XX\n"),
         begin + "12:9: organizations[0].allow_regions[1]", "such as [US, CA]"},
        {"Y05 region of networks", with("    allow_regions: [\"001\"]\n"),
         begin + "10:21: organizations[0].allow_regions[0]", "ISO 3166"},
        {"Y05 one region", with("    allow_regions: us\n"), begin + "10:20:", "ISO 3166"},
        {"Y05 no regions", with("    allow_regions: []\n"),
         begin + "10:20: organizations[0].allow_regions", "at least one country"},
        {"Y05 money without prices", with("    daily: {cost: 50}\n"),
         begin + "10:19: organizations[0].daily.cost", "prices: {segment: 0.0079}"},
        {"Y05 money where all is free", with("    daily: {cost: 50}\n    prices: {call: 0.0}\n"),
         begin + "10:19: organizations[0].daily.cost", "costs anything"},
        {"Y05 minutes that no call fits in", with("    daily: {call_minutes: 4}\n"),
         begin + "10:27: organizations[0].daily.call_minutes", "call_reserve_minutes, 5"},
        {"Y05 nothing reserved", with("    daily: {call_reserve_minutes: 0}\n"),
         begin + "10:35: organizations[0].daily.call_reserve_minutes", "from 1 to 1440"},
        {"Y06 unquoted", with("  - {id: two, numbers: [+15551234567]}\n"),
         begin + "10:25: organizations[1].numbers[0]", "in quotes"},
        {"Y06 letters", with("  - {id: two, numbers: [\"+1555CALLME\"]}\n"),
         begin + "10:25:", "E.164"},
        {"Y06 national", with("  - {id: two, numbers: [\"5551234567\"]}\n"),
         begin + "10:25:", "E.164"},
        {"Y06 claimed", with("  - {id: two, numbers: [\"+15551230000\"]}\n"),
         begin + "10:25: organizations[1].numbers", "belongs to `demo`"},
        {"Y07 alias bomb", alias_bomb(), begin + "1:", "anchor"},
        {"Y07 alias", "log: {level: *x}\n", begin + "1:", "anchor"},
        {"Y08 tag", "log: !!python/object:os.system {level: info}\n", begin + "1:", "tag"},
        {"Y08 own tag", "log: {level: !secret info}\n", begin + "1:", "tag"},
        {"Y08 merge key", "log:\n  <<: {level: info}\n", begin + "2:3: log", "merge keys"},
        {"Y08 second document", "log: {level: info}\n---\nlog: {level: warn}\n",
         begin + "2:1: settings", "one document"},
        {"Y08 list as a key", "? [a]\n: b\n", begin + "1:3:", "a key that is a word"},
        {"Y09 size", std::string(max_file_bytes + 1, '#'), begin + "1:1: settings", "1 MiB"},
        {"Y09 depth", nested(40), begin + "1:", "32 levels"},
        {"Y09 great depth", nested(1000), begin + "1:", "32 levels"},
        {"Y09 sequences", "a: " + std::string(100000, '['), begin + "1:", "a key"},
        {"Y09 keys", many_keys(10000), begin + "1001:1: settings", "at most 1000 keys"},
        {"Y10 too large", listening("\"h:70000\""), begin + "1:18: server.listen", "HOST:PORT"},
        {"Y10 negative", listening("\"h:-1\""), begin + "1:18: server.listen", "HOST:PORT"},
        {"Y10 word", listening("\"h:http\""), begin + "1:18: server.listen", "HOST:PORT"},
        {"Y10 no host", listening("\":80\""), begin + "1:18: server.listen", "HOST:PORT"},
        {"Y10 bare", listening("8080"), begin + "1:18: server.listen", "HOST:PORT"},
        {"Y10 twice", listening("[\"h:80\", \"h:80\"]"), begin + "1:27: server.listen",
         "each address once"},
        {"Y10 all and one", listening("[\"0.0.0.0:80\", \"127.0.0.1:80\"]"),
         begin + "1:33:", "each address once"},
        {"Y10 IPv6 without quotes", "server:\n  listen: [::]:8080\n", begin + "2:", "needs quotes"},
        {"Y11 unit", with("stream: {heartbeat_s: 15s}\n"), begin + "10:23:", "1 to 3600"},
        {"Y11 negative", with("stream: {heartbeat_s: -1}\n"), begin + "10:23:", "1 to 3600"},
        {"Y11 fortnight", with("stream: {heartbeat_s: 1 fortnight}\n"),
         begin + "10:23:", "1 to 3600"},
        {"Y11 range", with("conversation: {coalesce_ms: 600001}\n"),
         begin + "10:29: conversation.coalesce_ms", "0 to 600000"},
        {"Y11 beyond 64 bits", with("limits: {body_bytes: 99999999999999999999999}\n"),
         begin + "10:22: limits.body_bytes", "1 to 1073741824"},
        {"Y14 unset", with("bus: {plugin: \"${TANDEM_TEST_UNSET}\"}\n"),
         begin + "10:15: bus.plugin", "TANDEM_TEST_UNSET to be set"},
        {"Y14 form", with("bus: {plugin: \"${a b}\"}\n"), begin + "10:15: bus.plugin",
         "${NAME:-default}"},
        {"Y14 open", with("bus: {plugin: \"${NAME\"}\n"), begin + "10:15: bus.plugin",
         "closing brace"},
        {"Y17 instance twice",
         with("").replace(with("").find("organizations"), 0, "  - {id: sandbox, plugin: twilio}\n"),
         begin + "6:10: providers[1].id", "`sandbox` is there already"},
        {"Y17 instance of a way to sign in",
         with("").replace(with("").find("organizations"), 0, "  - {id: jwt, plugin: twilio}\n"),
         begin + "6:10: providers[1].id", "`jwt` is there already"},
        {"Y17 instance of the storage",
         with("").replace(with("").find("organizations"), 0, "  - {id: sqlite, plugin: twilio}\n"),
         begin + "6:10: providers[1].id", "`sqlite` is there already"},
        {"Y17 path", with("bus: {plugin: ../evil}\n"), begin + "10:15: bus.plugin",
         "a plugin's name"},
        {"Y17 folder", with("plugins: {directories: [/usr/lib/../tmp]}\n"),
         begin + "10:25: plugins.directories[0]", "without `..`"},
        {"Y17 relative folder", with("plugins: {directories: [plugins]}\n"),
         begin + "10:25:", "absolute"},
        {"Y18 query", "server:\n  public_url: https://h/?a=1\n", begin + "2:15: server.public_url",
         "without query"},
        {"Y18 scheme", "server:\n  public_url: ftp://h\n", begin + "2:15: server.public_url",
         "http or https"},
        {"Y18 user", "server:\n  public_url: https://u:p@h\n", begin + "2:15:", "http or https"},
        {"missing plugin", "providers:\n  - id: sandbox\n", begin + "2:5: providers[0].plugin",
         "a plugin's name"},
        {"unknown instance", with("    voice: sandbx\n"), begin + "10:12: organizations[0].voice",
         "did you mean sandbox?"},
        {"organisation twice", with("  - {id: demo}\n"), begin + "10:10: organizations[1].id",
         "`demo` is there already"},
        {"section as text", with("log: info\n"), begin + "10:6: log", "a block of keys"},
        {"section as list", with("log: [info]\n"), begin + "10:6: log", "a block of keys"},
        {"list as block", with("").replace(with("").find("auth:"), 5, "auth: {plugin: jwt}\nx:"),
         begin + "2:7: auth", "a list of blocks"},
        {"text as block", with("log: {level: {a: 1}}\n"), begin + "10:14: log.level",
         "error, warn, info or debug"},
        {"outermost list", "- a\n- b\n", begin + "1:1: settings", "sections"},
        {"option as block", with("bus: {options: {url: {a: 1}}}\n"),
         begin + "10:22: bus.options.url", "a text, a number"},
        {"half a TLS", "server: {public_url: http://h, tls: {certificate: /c}}\n",
         begin + "1:37: server.tls.key", "go together"},
        {"bodies above the buffer", with("limits: {buffered_bytes: 1000, body_bytes: 1001}\n"),
         begin + "10:44: limits.body_bytes", "at most limits.buffered_bytes"},
        {"network", "server: {trusted_proxies: [10.0.0.0/33]}\n",
         begin + "1:28: server.trusted_proxies[0]", "networks"},
        {"word for yes", "server: {query_tokens: maybe}\n", begin + "1:24: server.query_tokens",
         "true or false"},
    };
}

}  // namespace

class RefusalsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RefusalsTest);
    CPPUNIT_TEST(bad_files_are_refused_with_place_key_and_what_was_expected);
    CPPUNIT_TEST(what_is_no_amount_of_money_is_told_with_its_key);
    CPPUNIT_TEST(every_error_is_told_at_once_in_file_order);
    CPPUNIT_TEST(many_unknown_keys_are_counted_not_listed);
    CPPUNIT_TEST(a_missing_file_a_folder_and_a_fifo_are_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void bad_files_are_refused_with_place_key_and_what_was_expected() {
        std::string failures;
        for (const Refused& one : refused()) {
            Workspace workspace;
            const Loaded loaded = workspace.load(one.text);
            const std::string lines = told(loaded, workspace);
            if (loaded.usable()) failures += std::string(one.name) + " passed\n";
            bool found = false;
            for (size_t at = 0; at < lines.size();) {
                const size_t end = lines.find('\n', at);
                const std::string line = lines.substr(at, end - at);
                found = found || (line.rfind(one.where_and_key, 0) == 0 &&
                                  line.find(one.expected) != std::string::npos);
                at = end + 1;
            }
            if (!found) failures += std::string(one.name) + " got:\n" + lines;
        }
        CPPUNIT_ASSERT_MESSAGE(failures, failures.empty());
    }

    void what_is_no_amount_of_money_is_told_with_its_key() {
        const std::string wanted =
            "tandem.yaml:11:16: organizations[0].prices.segment: an amount from 0 to 1000000 "
            "with at most six decimals, such as 0.0079";
        for (const char* text : {"-1", "+1", "1e3", "0x10", "1,5", ".5", "1.", "01", "0.0000001",
                                 "1000001", "1000000.000001", "99999999999999999999", "free",
                                 "\"1\"", "nan", "[1]", "{a: 1}", "1_000", "1:30"}) {
            Workspace workspace;
            const Loaded loaded =
                workspace.load(with("    prices:\n      segment: " + std::string(text) + "\n"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, wanted,
                                         told(loaded, workspace).substr(0, wanted.size()));
        }
    }

    void every_error_is_told_at_once_in_file_order() {
        Workspace workspace;
        const Loaded loaded = workspace.load(
            "server: {listen: nowhere, public_url: http://h}\n"
            "stream: {heartbeat_s: x}\n"
            "colour: red\n"
            "auth: [{plugin: jwt}]\n"
            "organizations:\n"
            "  - {id: a, channel: none, numbers: [\"1\", \"+15550001111\"]}\n");
        const std::string lines = told(loaded, workspace);
        const char* const begins[] = {
            "tandem.yaml:1:18: server.listen: ", "tandem.yaml:2:23: stream.heartbeat_s: ",
            "tandem.yaml:3:1: colour: ", "tandem.yaml:6:22: organizations[0].channel: ",
            "tandem.yaml:6:38: organizations[0].numbers[0]: "};
        size_t at = 0;
        for (const char* begin : begins) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(lines, at, lines.find(begin));
            at = lines.find('\n', at) + 1;
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(lines, lines.size(), at);
    }

    void many_unknown_keys_are_counted_not_listed() {
        Workspace workspace;
        const Loaded loaded = workspace.load(with(many_keys(900)));
        CPPUNIT_ASSERT(!loaded.usable());
        CPPUNIT_ASSERT_EQUAL(max_findings + 1, loaded.findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("and 800 more like these"),
                             loaded.findings.back().expected);
    }

    void a_missing_file_a_folder_and_a_fifo_are_refused() {
        Workspace workspace;
        CPPUNIT_ASSERT(!load(workspace.path("absent.yaml"), {}).usable());
        CPPUNIT_ASSERT(!load(workspace.path(""), {}).usable());
        const std::string fifo = workspace.path("fifo.yaml");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(fifo.c_str(), 0600));
        CPPUNIT_ASSERT(!load(fifo, {}).usable());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RefusalsTest);

}  // namespace tandem::settings
