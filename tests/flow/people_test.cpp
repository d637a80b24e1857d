#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/http_client.h"

namespace tandem::flow {

namespace {

struct Said {
    int exit = -1;
    std::string out, err;

    std::vector<Json> lines() const {
        std::vector<Json> all;
        for (size_t at = 0; at < out.size();) {
            const size_t end = std::min(out.find('\n', at), out.size());
            all.push_back(Json::parse(out.substr(at, end - at)));
            at = end + 1;
        }
        return all;
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

/// The operator's verbs about people do the same while the gateway runs, by its socket, and
/// while it does not, in its storage.
class PeopleTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PeopleTest);
    CPPUNIT_TEST(leads_go_in_and_out);
    CPPUNIT_TEST(a_large_file_goes_in_batches);
    CPPUNIT_TEST(everything_said_is_exported_page_by_page);
    CPPUNIT_TEST(the_stream_is_followed);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        BikeStore store = answered_by_sandbox(twilio_.url());
        store.more = "conversation: {coalesce_ms: 50}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
    }

    void leads_go_in_and_out() {
        gateway_->folder().write("in.csv",
                                 "phoneNumber,customerName,email,attributes\r\n"
                                 "(555) 123-4567,\"Doe, Jane\",jane@example.org,\r\n"
                                 "nobody,No One,,\r\n"
                                 "+15557654321,Zoë,,\"{\"\"bike\"\":\"\"red\"\"}\"\r\n"
                                 "+15557654322,Odd,no-mail,\r\n");
        const Said dry = ctl({"leads", "import", file("in.csv"), "--dry-run"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            dry.err, std::string("it would be: 2 created, 0 changed, 0 as they were, 2 refused\n"),
            dry.out);
        CPPUNIT_ASSERT_EQUAL(65, dry.exit);
        const Said first = ctl({"leads", "import", file("in.csv")});
        CPPUNIT_ASSERT_EQUAL(std::string("2 created, 0 changed, 0 as they were, 2 refused\n"),
                             first.out);
        CPPUNIT_ASSERT_EQUAL(file("in.csv") + ":3: phoneNumber is not a possible phone number\n" +
                                 file("in.csv") + ":5: email is no e-mail address\n",
                             first.err);

        gateway_->stop();  // the rest is done in the storage
        gateway_->folder().write("more.jsonl",
                                 "{\"phoneNumber\":\"+15551234567\",\"leadStatus\":\"hot\"}\n\n"
                                 "{\"phoneNumber\":\"+15557654321\",\"customerName\":\"Zoë\"}\n"
                                 "{\"phoneNumber\":\"+15550000000\",\"shoes\":1}\n"
                                 "no json\n");
        const Said second = ctl({"leads", "import", file("more.jsonl")});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            second.err, std::string("0 created, 1 changed, 1 as they were, 2 refused\n"),
            second.out);
        CPPUNIT_ASSERT_MESSAGE(second.err, has(second.err, "more.jsonl:4: shoes "));
        CPPUNIT_ASSERT_MESSAGE(second.err, has(second.err, "more.jsonl:5: body "));

        const std::vector<Json> leads = ctl({"leads", "export", "-", "--format", "jsonl"}).lines();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, leads.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Zoë"), leads[0].value("customerName", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("red"), leads[0].at("attributes").value("bike", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("hot"), leads[1].value("leadStatus", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("jane@example.org"), leads[1].value("email", ""));

        // What goes out as CSV comes in again and changes nothing.
        CPPUNIT_ASSERT_EQUAL(0, ctl({"leads", "export", file("out.csv")}).exit);
        namespace fs = std::filesystem;
        CPPUNIT_ASSERT(fs::status(file("out.csv")).permissions() ==
                       (fs::perms::owner_read | fs::perms::owner_write));
        CPPUNIT_ASSERT_EQUAL(std::string("0 created, 0 changed, 2 as they were, 0 refused\n"),
                             ctl({"leads", "import", file("out.csv")}).out);
    }

    void a_large_file_goes_in_batches() {
        std::string text = "phoneNumber,customerName\n";
        for (int i = 0; i < 1500; ++i)
            text +=
                "+1555" + std::to_string(2000000 + i % 1200) + ",Name " + std::to_string(i) + '\n';
        gateway_->folder().write("many.csv", text);
        const Said said = ctl({"leads", "import", file("many.csv")});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            said.err, std::string("1200 created, 300 changed, 0 as they were, 0 refused\n"),
            said.out);
        const std::vector<Json> leads = ctl({"leads", "export", "-", "--format", "jsonl"}).lines();
        CPPUNIT_ASSERT_EQUAL(size_t{1200}, leads.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Name 1499"), name_of(leads, "+15552000299"));
    }

    void everything_said_is_exported_page_by_page() {
        constexpr int texts = 450;
        for (int i = 0; i < texts; ++i) {
            const Json got = twilio_.receive(customer, "text " + std::to_string(i));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(got.dump(), 200, got.at("status").get<int>());
        }
        twilio_.receive("+15557654321", "another one");
        const auto count = [](const Said& said) {
            std::set<std::string> ids, customers;
            for (const Json& line : said.lines()) {
                if (line.at("record") != "message" || line.at("sentBy") != "user") continue;
                CPPUNIT_ASSERT_MESSAGE("twice", ids.insert(line.at("id")).second);
                customers.insert(line.at("phoneNumber"));
            }
            return std::to_string(ids.size()) + " of " + std::to_string(customers.size());
        };
        CPPUNIT_ASSERT_EQUAL(std::string("451 of 2"), count(ctl({"conversations", "export"})));
        CPPUNIT_ASSERT_EQUAL(std::string("450 of 1"),
                             count(ctl({"conversations", "export", "--phone", "(555) 123-4567"})));
        CPPUNIT_ASSERT_EQUAL(66, ctl({"conversations", "export", "--phone", "5550001234"}).exit);
        CPPUNIT_ASSERT_EQUAL(
            73, exit_on_a_full_disk({"conversations", "export", "--phone", "+15557654321"}));
        CPPUNIT_ASSERT_EQUAL(73, exit_on_a_full_disk({"leads", "export", "-", "--format", "csv"}));
        gateway_->kill();
        CPPUNIT_ASSERT_EQUAL(std::string("451 of 2"), count(ctl({"conversations", "export"})));
    }

    void the_stream_is_followed() {
        twilio_.receive(customer, "before");
        CPPUNIT_ASSERT(twilio_.await_messages(1));
        const Said said = ctl({"conversations", "tail", "--last", "100", "--count", "1", "--types",
                               "sms_received", "--phone", "5551234567", "--json"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(said.err, 0, said.exit);
        CPPUNIT_ASSERT_EQUAL(std::string("before"), said.lines().at(0).value("message", ""));
        const std::string position = said.lines().at(0).at("position");
        CPPUNIT_ASSERT(has(position, "-"));

        // Still to come when it begins.
        CPPUNIT_ASSERT(await([&] { return streams_are_open(0); }));
        FILE* const tail = begun(
            {"conversations", "tail", "--last", "0", "--count", "1", "--types", "sms_received"});
        CPPUNIT_ASSERT(await([&] { return streams_are_open(1); }));
        twilio_.receive("+15557654321", "live \x1b[31mred");
        std::string line = rest_of(tail);
        CPPUNIT_ASSERT_MESSAGE(line, has(line, "  +15557654321  "));

        gateway_->kill();
        const Said stored =
            ctl({"conversations", "tail", "--types", "sms_received", "--last", "50"});
        CPPUNIT_ASSERT_MESSAGE(stored.out, has(stored.out, "live  [31mred\n"));
        CPPUNIT_ASSERT_MESSAGE(stored.err, has(stored.err, "no gateway runs"));
    }

private:
    std::string file(const std::string& name) const { return gateway_->folder().file(name); }

    static std::string name_of(const std::vector<Json>& leads, const std::string& phone) {
        for (const Json& lead : leads)
            if (lead.at("phoneNumber") == phone) return lead.value("customerName", "");
        return "none";
    }

    bool streams_are_open(int count) const {
        return has(HttpClient(gateway_->url()).get("/metrics").body,
                   "\ntandem_streams_open " + std::to_string(count) + "\n");
    }
    std::string command(const std::vector<std::string>& words) const {
        std::string line =
            "TEST_FOLDER=" + file("") + " " + Gateway::built_programs() + "/tandemctl";
        for (const std::string& word : words) line += " '" + word + "'";
        return line + " --config " + file("tandem.yaml");
    }
    int exit_on_a_full_disk(const std::vector<std::string>& words) const {
        const int status = std::system((command(words) + " >/dev/full 2>/dev/null").c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    FILE* begun(const std::vector<std::string>& words) const {
        FILE* const pipe = ::popen((command(words) + " 2>/dev/null").c_str(), "r");
        CPPUNIT_ASSERT(pipe);
        return pipe;
    }
    static std::string rest_of(FILE* pipe, int* exit = nullptr) {
        std::string text;
        std::array<char, 4096> part{};
        while (const size_t count = std::fread(part.data(), 1, part.size(), pipe))
            text.append(part.data(), count);
        const int status = ::pclose(pipe);
        if (exit) *exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return text;
    }
    Said ctl(const std::vector<std::string>& words) const {
        Said said;
        FILE* const pipe = ::popen((command(words) + " 2>" + file("err")).c_str(), "r");
        CPPUNIT_ASSERT(pipe);
        said.out = rest_of(pipe, &said.exit);
        std::ifstream err(file("err"));
        said.err.assign(std::istreambuf_iterator<char>(err), {});
        return said;
    }

    FakeTwilio twilio_;
    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PeopleTest);

}  // namespace tandem::flow
