#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "serve/server.h"
#include "unit/serve/raw_client.h"

namespace tandem::serve {

namespace {

/// All that the socket at `path` answers to one request.
std::string asked(const std::string& path, const std::string& request) {
    const listen::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), name.sun_path);
    if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return "nobody listens";
    CPPUNIT_ASSERT(::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) ==
                   static_cast<ssize_t>(request.size()));
    const timeval patience{20, 0};
    setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string all;
    char part[4096];
    for (ssize_t count = 0; (count = recv(socket.number(), part, sizeof part, 0)) > 0;)
        all.append(part, static_cast<size_t>(count));
    return all;
}

constexpr const char* who = "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

class ControlTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ControlTest);
    CPPUNIT_TEST(a_request_tells_by_which_door_it_came);
    CPPUNIT_TEST(the_socket_is_its_owners_alone);
    CPPUNIT_TEST(what_a_killed_process_left_is_taken_away);
    CPPUNIT_TEST(a_socket_in_use_and_other_files_stay);
    CPPUNIT_TEST(it_lets_in_when_all_seats_are_taken);
    CPPUNIT_TEST(it_is_served_when_the_queue_and_the_buffer_are_full);
    CPPUNIT_TEST(it_is_gone_after_the_end);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        char folder[] = "/tmp/tandem-control-XXXXXX";
        CPPUNIT_ASSERT(mkdtemp(folder) != nullptr);
        folder_ = folder;
        path_ = folder_ + "/control.sock";
    }
    void tearDown() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }

    void a_request_tells_by_which_door_it_came() {
        start();
        CPPUNIT_ASSERT(has(asked(path_, who), "\r\n\r\ncontrol control"));
        RawClient client(server_->port());
        client.send("GET /who HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: control\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("network 127.0.0.1"), client.answer()->body);
    }

    void the_socket_is_its_owners_alone() {
        start();
        struct stat found {};
        CPPUNIT_ASSERT_EQUAL(0, lstat(path_.c_str(), &found));
        CPPUNIT_ASSERT(S_ISSOCK(found.st_mode));
        CPPUNIT_ASSERT_EQUAL(0600u, found.st_mode & 0777u);
    }

    void what_a_killed_process_left_is_taken_away() {
        { const listen::Descriptor left = listen::open_local(path_); }
        CPPUNIT_ASSERT(std::filesystem::exists(path_));
        start();
        CPPUNIT_ASSERT(has(asked(path_, who), "control"));
    }

    void a_socket_in_use_and_other_files_stay() {
        start();
        CPPUNIT_ASSERT_THROW(listen::open_local(path_), std::runtime_error);
        CPPUNIT_ASSERT(has(asked(path_, who), "control"));
        const std::string file = folder_ + "/file";
        std::filesystem::create_directory(file);
        CPPUNIT_ASSERT_THROW(listen::open_local(file), std::runtime_error);
        CPPUNIT_ASSERT(std::filesystem::is_directory(file));
        CPPUNIT_ASSERT_THROW(listen::open_local(folder_ + '/' + std::string(200, 'x')),
                             std::runtime_error);
    }

    void it_lets_in_when_all_seats_are_taken() {
        options_.connections = 1;
        start();
        RawClient stranger(server_->port());
        stranger.send("GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(200, stranger.answer()->status);
        CPPUNIT_ASSERT_EQUAL(503, RawClient(server_->port()).answer()->status);
        CPPUNIT_ASSERT(has(asked(path_, who), "\r\n\r\ncontrol control"));
    }

    void it_is_served_when_the_queue_and_the_buffer_are_full() {
        options_.workers = 1;
        options_.queued_requests = 1;
        options_.buffered_bytes = 200;
        std::mutex gate;
        std::unique_lock held(gate);
        Route& busy = more_.emplace_back();
        busy = {.method = "GET", .pattern = "/busy", .access = Access::Open};
        busy.handler = [&gate](Request, Responder responder) {
            const std::lock_guard wait(gate);
            responder.answer({.status = 204});
        };
        start();
        // One in hand, one in the queue, and one too many: each is 31 bytes.
        const auto ask = [](RawClient& client) {
            client.send("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
        };
        RawClient first(server_->port()), second(server_->port()), third(server_->port());
        ask(first);
        ask(second);
        ask(third);
        const auto full = [&] {
            const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
            while (std::chrono::steady_clock::now() < end)
                for (RawClient* one : {&first, &second, &third})
                    if (const auto answer = one->answer(false, std::chrono::milliseconds(100)))
                        return answer->status == 503;
            return false;
        };
        CPPUNIT_ASSERT(full());
        // The largest header that the room has no place for.
        const std::string long_one =
            "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " +
            std::string(400, 'x') + "\r\n\r\n";
        auto answer = std::async(std::launch::async, [&] { return asked(path_, long_one); });
        // It waits behind the others, and is not sent away.
        CPPUNIT_ASSERT(answer.wait_for(std::chrono::milliseconds(200)) ==
                       std::future_status::timeout);
        held.unlock();
        CPPUNIT_ASSERT(has(answer.get(), "\r\n\r\ncontrol control"));
    }

    void it_is_gone_after_the_end() {
        start();
        server_->drain(std::chrono::seconds{5});
        server_->stop();
        CPPUNIT_ASSERT(!std::filesystem::exists(path_));
        CPPUNIT_ASSERT_EQUAL(std::string("nobody listens"), asked(path_, who));
    }

private:
    void start() {
        options_.listen = {"127.0.0.1:0"};
        options_.control = path_;
        options_.loops = 2;
        Route route{.method = "GET", .pattern = "/who", .access = Access::Open};
        route.handler = [](Request request, Responder responder) {
            responder.answer(
                {.content_type = "text/plain",
                 .body = (request.control ? "control " : "network ") + request.client});
        };
        std::vector<Route> routes = more_;
        routes.push_back(route);
        server_ = std::make_unique<Server>(options_, routes, Furniture{});
        server_->start();
    }

    ServerOptions options_{.workers = 2};
    std::vector<Route> more_;
    std::string folder_, path_;
    std::unique_ptr<Server> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ControlTest);

}  // namespace tandem::serve
