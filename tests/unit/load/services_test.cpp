#include "load/services.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "listen/socket.h"
#include "tandem/abi/config.h"

namespace {

using namespace tandem;

/// Keeps what is written, one text a line.
class KeptLog : public observe::Log {
public:
    bool enabled(observe::Level level) const override { return level != observe::Level::Debug; }
    void write(observe::Level, std::string_view room, std::string_view text,
               std::initializer_list<observe::Field> fields) override {
        std::string line = std::string(room) + " " + std::string(text);
        for (const auto& [name, value] : fields) line += " " + std::string(name) + "=" + value;
        lines.push_back(line);
    }
    std::vector<std::string> lines;
};

class KeptEvents : public receive::EventIntake {
public:
    bool emit(const std::string& instance, receive::ProviderEvent event) override {
        kept.emplace_back(instance, std::move(event));
        return kept.size() < 2;
    }
    std::vector<std::pair<std::string, receive::ProviderEvent>> kept;
};

/// A provider on loopback that answers one request, if it has an answer, and hangs up.
class OneAnswer {
public:
    explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        ::bind(listener_.number(), reinterpret_cast<sockaddr*>(&name), size);
        ::listen(listener_.number(), 1);
        ::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&name), &size);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(name.sin_port)) + "/";
        thread_ = std::thread([this] { give(); });
    }
    ~OneAnswer() {
        ::shutdown(listener_.number(), SHUT_RDWR);
        thread_.join();
    }
    const std::string& url() const { return url_; }

private:
    void give() {
        const listen::Descriptor peer(
            ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        std::string request;
        char bytes[4096];
        while (request.find("\r\n\r\nquestion") == std::string::npos) {
            const ssize_t count = ::recv(peer.number(), bytes, sizeof bytes, 0);
            if (count <= 0) return;
            request.append(bytes, static_cast<size_t>(count));
        }
        ::send(peer.number(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }

    const std::string answer_;
    listen::Descriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::string url_;
    std::thread thread_;
};

/// Through the C tables, as a plugin calls them.
class ServicesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServicesTest);
    CPPUNIT_TEST(unknown_services_are_absent);
    CPPUNIT_TEST(log_lines_carry_plugin_and_instance_and_are_bounded);
    CPPUNIT_TEST(options_are_read_by_their_type);
    CPPUNIT_TEST(http_and_events_begin_with_start);
    CPPUNIT_TEST(an_http_answer_reaches_the_plugin_whole);
    CPPUNIT_TEST(an_http_failure_says_how_far_it_came);
    CPPUNIT_TEST(events_reach_the_intake_and_its_bound_is_told);
    CPPUNIT_TEST(nothing_works_after_the_end_and_the_caller_is_named);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        load::Description description;
        description.id = "com.example.acme";
        load::TypedOptions options;
        options["token"] = {.type = TANDEM_OPTION_TEXT, .text = "t"};
        options["port"] = {.type = TANDEM_OPTION_INTEGER, .text = "7", .integer = 7};
        options["strict"] = {.type = TANDEM_OPTION_YES_NO, .text = "true", .yes = true};
        options["list"] = {.type = TANDEM_OPTION_TEXT_LIST, .list = {"a", "b"}};
        const auto lent =
            std::make_shared<load::Services>(load::Services{&log_, &clock_, &events_});
        services_ = std::make_unique<load::InstanceServices>(lent, "acme-1", description, options);
    }

    void unknown_services_are_absent() {
        CPPUNIT_ASSERT(!table<tandem_host_log>("tandem.host.log/2"));
        CPPUNIT_ASSERT(!table<tandem_host_log>(""));
        CPPUNIT_ASSERT(table<tandem_host_log>(TANDEM_HOST_LOG));
    }

    void log_lines_carry_plugin_and_instance_and_are_bounded() {
        const auto* log = table<tandem_host_log>(TANDEM_HOST_LOG);
        CPPUNIT_ASSERT_EQUAL(1, log->enabled(self(), TANDEM_LOG_WARN));
        CPPUNIT_ASSERT_EQUAL(0, log->enabled(self(), TANDEM_LOG_DEBUG));
        const std::vector<tandem_pair> pairs(100, {host::view("n"), host::view("v\xFF")});
        log->write(self(), TANDEM_LOG_INFO, host::view("hello"), pairs.data(), 1);
        CPPUNIT_ASSERT_EQUAL(
            std::string("plugin hello plugin=com.example.acme instance=acme-1 n=v\uFFFD"),
            log_.lines.at(0));
        log->write(self(), TANDEM_LOG_INFO, host::view("many"), pairs.data(), pairs.size());
        CPPUNIT_ASSERT(log_.lines.at(1).size() < 200);
        log->write(self(), TANDEM_LOG_DEBUG, host::view("not wanted"), nullptr, 0);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, log_.lines.size());
    }

    void options_are_read_by_their_type() {
        const auto* config = table<tandem_host_config>(TANDEM_HOST_CONFIG);
        tandem_view text{};
        int64_t number = 0;
        int32_t yes = 0;
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, config->text(self(), host::view("token"), &text));
        CPPUNIT_ASSERT_EQUAL(std::string_view("t"), host::bytes(text));
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, config->integer(self(), host::view("port"), &number));
        CPPUNIT_ASSERT_EQUAL(int64_t{7}, number);
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, config->yes_no(self(), host::view("strict"), &yes));
        CPPUNIT_ASSERT_EQUAL(1, yes);
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, config->text_at(self(), host::view("list"), 1, &text));
        CPPUNIT_ASSERT_EQUAL(std::string_view("b"), host::bytes(text));
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND,
                             config->text_at(self(), host::view("list"), 2, &text));
        CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, config->text(self(), host::view("none"), &text));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, config->integer(self(), host::view("token"), &number));
        CPPUNIT_ASSERT_EQUAL(TANDEM_INVALID, config->text(self(), host::view("list"), &text));
    }

    void http_and_events_begin_with_start() {
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, send());
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, emit());
        services_->open();
        // No option names a URL, so nothing may be asked.
        CPPUNIT_ASSERT_EQUAL(TANDEM_FORBIDDEN, send());
    }

    void an_http_answer_reaches_the_plugin_whole() {
        OneAnswer provider(
            "HTTP/1.1 404 Not Found\r\nX-Reason: gone\r\nContent-Length: 4\r\n\r\nbody");
        const host::HttpResult result = ask(provider.url());
        CPPUNIT_ASSERT_MESSAGE(result.outcome.text, result.outcome.ok());
        CPPUNIT_ASSERT_EQUAL(404, result.status);
        CPPUNIT_ASSERT_EQUAL(std::string("body"), result.body);
        CPPUNIT_ASSERT_EQUAL(std::string("X-Reason"), result.headers.at(0).first);
        CPPUNIT_ASSERT_EQUAL(std::string("gone"), result.headers.at(0).second);
    }

    void an_http_failure_says_how_far_it_came() {
        std::string closed_port;
        {
            OneAnswer provider("");
            const host::HttpResult broken = ask(provider.url());
            CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, broken.outcome.status);
            CPPUNIT_ASSERT(!broken.outcome.text.empty());
            CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_HTTP_MAYBE_SENT}, broken.progress);
            closed_port = provider.url();
        }
        const host::HttpResult unheard = ask(closed_port);
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, unheard.outcome.status);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_HTTP_NOTHING_SENT}, unheard.progress);
    }

    void events_reach_the_intake_and_its_bound_is_told() {
        services_->open();
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, emit());
        CPPUNIT_ASSERT_EQUAL(std::string("acme-1"), events_.kept.at(0).first);
        CPPUNIT_ASSERT_EQUAL(std::string("hi"),
                             std::get<receive::MessageReceived>(events_.kept.at(0).second).text);
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, emit());
    }

    void nothing_works_after_the_end_and_the_caller_is_named() {
        services_->open();
        services_->close();
        CPPUNIT_ASSERT_EQUAL(TANDEM_CANCELLED, send());
        CPPUNIT_ASSERT_EQUAL(TANDEM_CANCELLED, emit());
        table<tandem_host_log>(TANDEM_HOST_LOG)
            ->write(self(), TANDEM_LOG_ERROR, host::view("late"), nullptr, 0);
        CPPUNIT_ASSERT(events_.kept.empty());
        CPPUNIT_ASSERT_EQUAL(size_t{3}, log_.lines.size());
        CPPUNIT_ASSERT_EQUAL(std::string("plugin a plugin called the host after its end "
                                         "plugin=com.example.acme instance=acme-1 service=http"),
                             log_.lines.at(0));
        // From here on the log itself may be gone.
        services_->abandon();
        CPPUNIT_ASSERT_EQUAL(TANDEM_CANCELLED, send());
        CPPUNIT_ASSERT_EQUAL(size_t{3}, log_.lines.size());
    }

private:
    template <typename Table>
    const Table* table(const char* id) {
        const tandem_host* host = services_->table();
        return static_cast<const Table*>(host->service(host->self, host::view(id)));
    }
    void* self() { return services_->table()->self; }

    tandem_status send() {
        auto request = host::sized<tandem_http_request>();
        request.method = host::view("GET");
        request.url = host::view("https://api.example.com/");
        auto sink = host::sized<tandem_http_sink>();
        sink.response = [](void*, const tandem_http_response*) {};
        auto error = host::sized<tandem_error>();
        return table<tandem_host_http>(TANDEM_HOST_HTTP)->send(self(), &request, &sink, &error);
    }

    host::HttpResult ask(const std::string& url) {
        load::TypedOptions options;
        options["url"] = {.type = TANDEM_OPTION_TEXT, .text = url, .written = true};
        load::InstanceServices services(
            std::make_shared<load::Services>(load::Services{&log_, &clock_, &events_}), "acme-1",
            {}, options);
        services.open();
        return services.send({"POST", url, {{"X-A", "b"}}, "question", 20'000});
    }

    tandem_status emit() {
        auto event = host::sized<tandem_message_received>();
        event.event.kind = TANDEM_EVENT_MESSAGE_RECEIVED;
        event.text = host::view("hi");
        return table<tandem_host_events>(TANDEM_HOST_EVENTS)->emit(self(), &event.event);
    }

    KeptLog log_;
    SystemClock clock_;
    KeptEvents events_;
    std::unique_ptr<load::InstanceServices> services_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServicesTest);

}  // namespace
