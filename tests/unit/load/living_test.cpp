#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/proxies.h"
#include "tandem/abi/config.h"
#include "unit/fetch/websocket_server.h"

namespace {

using namespace tandem;
using test::WebSocketServer;

constexpr std::chrono::seconds patience{20};

std::string option(const tandem_host& host, const char* name) {
    const auto* config = static_cast<const tandem_host_config*>(
        host.service(host.self, host::view(TANDEM_HOST_CONFIG)));
    tandem_view value{};
    const tandem_status status = config->text(host.self, host::view(name), &value);
    return status == TANDEM_OK ? std::string(host::bytes(value)) : std::to_string(status);
}

const std::string not_found = std::to_string(TANDEM_NOT_FOUND);

/// A plugin that reads its token once more when it is destroyed.
struct Reader {
    static inline std::string read_at_its_end;
    static inline const tandem_host* lent = nullptr;

    static tandem_descriptor descriptor() {
        auto made = host::sized<tandem_descriptor>();
        made.create = [](const tandem_host* host, tandem_view, const tandem_instance** instance,
                         tandem_error*) -> tandem_status {
            static const tandem_instance one{
                sizeof one,
                0,
                nullptr,
                [](void*, tandem_view) -> const void* { return nullptr; },
                [](void*, tandem_error*) -> tandem_status { return TANDEM_OK; },
                [](void*) {}};
            lent = host;
            *instance = &one;
            return TANDEM_OK;
        };
        made.destroy = [](const tandem_instance*) { read_at_its_end = option(*lent, "token"); };
        return made;
    }
};

/// What is left of an instance once it has ended: its services are kept for ever.
class LivingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LivingTest);
    CPPUNIT_TEST(connections_end_with_their_instance);
    CPPUNIT_TEST(options_last_until_destroy_has_returned);
    CPPUNIT_TEST(an_instance_that_was_never_made_leaves_no_options);
    CPPUNIT_TEST_SUITE_END();

public:
    void connections_end_with_their_instance() {
        WebSocketServer server([](auto&, const auto&) {});
        server.answer("served");
        const std::string url = "http://" + server.authority() + "/";
        ask(url);  // what is opened once and for all
        const auto before = descriptors();
        for (int i = 0; i < 10; ++i) ask(url);
        CPPUNIT_ASSERT_EQUAL(11u, server.connections());
        // The server's ends are this process's, too.
        const auto limit = std::chrono::steady_clock::now() + patience;
        while (descriptors() > before && std::chrono::steady_clock::now() < limit)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        CPPUNIT_ASSERT(descriptors() <= before);
    }

    void options_last_until_destroy_has_returned() {
        const tandem_descriptor descriptor = Reader::descriptor();
        load::Living living("acme-1", "com.example.acme", false, services("a secret"));
        const tandem_host& host = *living.services().table();
        CPPUNIT_ASSERT(living.instance().create(descriptor, &host, "acme-1").ok());
        CPPUNIT_ASSERT_EQUAL(std::string("a secret"), option(host, "token"));
        CPPUNIT_ASSERT(living.end(patience));
        CPPUNIT_ASSERT_EQUAL(std::string("a secret"), Reader::read_at_its_end);
        CPPUNIT_ASSERT_EQUAL(not_found, option(host, "token"));
    }

    void an_instance_that_was_never_made_leaves_no_options() {
        const auto kept = services("a secret");
        load::Living("acme-1", "com.example.acme", false, kept);
        CPPUNIT_ASSERT_EQUAL(not_found, option(*kept->table(), "token"));
    }

private:
    std::shared_ptr<load::InstanceServices> services(const std::string& token) {
        load::TypedOptions options;
        options["token"] = {.type = TANDEM_OPTION_TEXT, .text = token, .written = true};
        kept_.push_back(std::make_shared<load::InstanceServices>(
            std::make_shared<load::Services>(), "acme-1", load::Description(), options));
        return kept_.back();
    }

    /// One request of an instance that ends then.
    void ask(const std::string& url) {
        load::Living living("acme-1", "com.example.acme", false, services(url));
        living.services().open();
        const host::HttpResult result = living.services().send({"GET", url, {}, "", 20'000});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.outcome.text, std::string("served"), result.body);
        CPPUNIT_ASSERT(living.end(patience));
    }

    static std::ptrdiff_t descriptors() {
        const std::filesystem::directory_iterator open("/proc/self/fd");
        return std::distance(begin(open), end(open));
    }

    std::vector<std::shared_ptr<load::InstanceServices>> kept_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LivingTest);

}  // namespace
