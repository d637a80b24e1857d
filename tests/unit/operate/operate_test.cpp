#include "operate/operate.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <sstream>

#include "operate/verb.h"
#include "unit/settings/workspace.h"

namespace tandem::operate {

namespace {

constexpr const char* secret = "0123456789abcdef0123456789abcdef";

struct Answer {
    int exit;
    std::string out, err;
};

Answer call(const std::vector<std::string>& words, const settings::Environment& environment = {}) {
    std::ostringstream out, err;
    const int exit = run(words, environment, out, err);
    return {exit, out.str(), err.str()};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string decoded(const std::string& token) {
    const size_t begin = token.find('.') + 1;
    const std::string part = token.substr(begin, token.rfind('.') - begin);
    static const std::string letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0, held = 0;
    for (const char c : part) {
        bits = bits << 6 | static_cast<unsigned>(letters.find(c));
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> held & 255);
    }
    return out;
}

}  // namespace

class OperateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OperateTest);
    CPPUNIT_TEST(help_lists_every_verb_and_its_options);
    CPPUNIT_TEST(a_wrong_verb_gets_the_nearest_and_64);
    CPPUNIT_TEST(wrong_options_get_64_and_the_usage);
    CPPUNIT_TEST(a_token_carries_what_was_asked);
    CPPUNIT_TEST(a_token_needs_settings_a_secret_and_an_organization);
    CPPUNIT_TEST(settings_errors_are_told_with_78);
    CPPUNIT_TEST(doctor_fails_where_something_is_wrong);
    CPPUNIT_TEST(version_is_text_or_json);
    CPPUNIT_TEST_SUITE_END();

public:
    void help_lists_every_verb_and_its_options() {
        const Answer all = call({"help"});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(success), all.exit);
        for (const Verb& verb : verbs()) {
            CPPUNIT_ASSERT_MESSAGE(all.out, has(all.out, std::string(verb.name)));
            const std::string name(verb.name);
            const size_t blank = name.find(' ');
            std::vector<std::string> words{"help", name.substr(0, blank)};
            if (blank != std::string::npos) words.push_back(name.substr(blank + 1));
            const Answer one = call(words);
            CPPUNIT_ASSERT_EQUAL(static_cast<int>(success), one.exit);
            for (const Option& option : verb.options)
                CPPUNIT_ASSERT_MESSAGE(one.out, has(one.out, std::string(option.name)));
        }
        CPPUNIT_ASSERT_EQUAL(call({"help", "token"}).out, call({"token", "--help"}).out);
        CPPUNIT_ASSERT_EQUAL(all.out, call({"--help"}).out);
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_usage), call({}).exit);
    }

    void a_wrong_verb_gets_the_nearest_and_64() {
        const std::pair<std::vector<std::string>, const char*> wrong[] = {
            {{"tokn"}, "did you mean token?"},   {{"config", "chek"}, "did you mean config check?"},
            {{"config"}, "needs one more word"}, {{"help", "docter"}, "did you mean doctor?"},
            {{"zzz"}, "no such verb"},           {{""}, "empty"}};
        for (const auto& [words, expected] : wrong) {
            const Answer answer = call(words);
            CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_usage), answer.exit);
            CPPUNIT_ASSERT_MESSAGE(answer.err, has(answer.err, expected));
            CPPUNIT_ASSERT_EQUAL(std::string(), answer.out);
        }
    }

    void wrong_options_get_64_and_the_usage() {
        const std::pair<std::vector<std::string>, const char*> wrong[] = {
            {{"token", "--orgg", "x"}, "did you mean --org?"},
            {{"token", "--org"}, "needs a value"},
            {{"token", "--org", "a", "--org=b"}, "twice"},
            {{"token", "extra"}, "unexpected: extra"},
            {{"doctor", "--json=yes"}, "takes no value"},
            {{"token", "--ttl", "soon"}, "--ttl"},
            {{"token", "--ttl", "99999999999d"}, "--ttl"},
            {{"plugins", "check"}, "missing: FILE.so"}};
        for (const auto& [words, expected] : wrong) {
            const Answer answer = call(words);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.err, static_cast<int>(wrong_usage), answer.exit);
            CPPUNIT_ASSERT_MESSAGE(answer.err, has(answer.err, expected));
        }
    }

    void a_token_carries_what_was_asked() {
        settings::Workspace workspace;
        const std::string file = workspace.write("tandem.yaml", settings::smallest());
        const settings::Environment environment{{"SECRET", secret}};
        const Answer answer =
            call({"token", "--config", file, "--org", "demo", "--sub=alice", "--permissions",
                  "conversations:read,leads:write", "--ttl", "2h", "--name", "Alice"},
                 environment);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.err, static_cast<int>(success), answer.exit);
        CPPUNIT_ASSERT_EQUAL(std::string(), answer.err);
        const std::string claims = decoded(answer.out);
        CPPUNIT_ASSERT_MESSAGE(claims,
                               has(claims, R"("sub":"alice","organizationId":"demo","permissions":)"
                                           R"(["conversations:read","leads:write"],"iat":)"));
        const auto number = [&claims](const std::string& name) {
            return std::stoll(claims.substr(claims.find("\"" + name + "\":") + name.size() + 3));
        };
        CPPUNIT_ASSERT_EQUAL(7200LL, number("exp") - number("iat"));
        CPPUNIT_ASSERT(has(claims, R"("name":"Alice")"));
        const Answer expired = call({"token", "--config", file, "--ttl", "-60"}, environment);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(expired.err, static_cast<int>(success), expired.exit);
    }

    void a_token_needs_settings_a_secret_and_an_organization() {
        settings::Workspace workspace;
        const std::string file = workspace.write("tandem.yaml", settings::smallest());
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_settings),
                             call({"token", "--config", workspace.path("absent")}).exit);
        const Answer weak = call({"token", "--config", file}, {{"SECRET", "canary"}});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_settings), weak.exit);
        CPPUNIT_ASSERT(has(weak.err, "32 bytes") && !has(weak.err, "canary"));
        const Answer unknown =
            call({"token", "--config", file, "--org", "demmo", "--permissions", "leads:red"},
                 {{"SECRET", secret}});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(success), unknown.exit);
        CPPUNIT_ASSERT(has(unknown.err, "did you mean demo?"));
        CPPUNIT_ASSERT(has(unknown.err, "did you mean leads:read?"));
        workspace.write("conf.d/two.yaml", "organizations:\n  - {id: two}\n");
        const Answer which = call({"token", "--config", file}, {{"SECRET", secret}});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_usage), which.exit);
        CPPUNIT_ASSERT(has(which.err, "one of: demo two"));
    }

    void settings_errors_are_told_with_78() {
        settings::Workspace workspace;
        const std::string file = workspace.write("tandem.yaml", "colour: red\n");
        for (const char* verb : {"check", "show"}) {
            const Answer answer = call({"config", verb, "--config", file});
            CPPUNIT_ASSERT_EQUAL(static_cast<int>(wrong_settings), answer.exit);
            CPPUNIT_ASSERT_MESSAGE(answer.err, has(answer.err, file + ":1:1: colour: a known key"));
            CPPUNIT_ASSERT_EQUAL(std::string(), answer.out);
        }
    }

    void doctor_fails_where_something_is_wrong() {
        settings::Workspace workspace;
        const std::string file = workspace.write("tandem.yaml", "colour: red\n", 0666);
        const Answer answer = call({"doctor", "--config", file});
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(failure), answer.exit);
        CPPUNIT_ASSERT_MESSAGE(answer.out, has(answer.out, "problem  settings: "));
        CPPUNIT_ASSERT_MESSAGE(answer.out, has(answer.out, "chmod go-w"));
        const Answer as_json = call({"doctor", "--json", "--config", file});
        CPPUNIT_ASSERT(has(as_json.out, R"({"check":"settings","state":"problem","text":")"));
    }

    void version_is_text_or_json() {
        CPPUNIT_ASSERT(has(call({"--version"}).out, "tandemctl 0."));
        CPPUNIT_ASSERT(has(call({"version", "--json"}).out, R"({"version":"0.)"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OperateTest);

}  // namespace tandem::operate
