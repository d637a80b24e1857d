#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "observe/registry.h"
#include "serve/server.h"
#include "unit/serve/raw_client.h"

/// A server with a test's own routes and bounds, on a free port, and what is said to it.
namespace tandem::serve {

using namespace std::chrono_literals;

inline Response text(std::string body) {
    return {.content_type = "text/plain", .body = std::move(body)};
}

inline std::string get(const std::string& path, const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

inline std::string post(const std::string& path, size_t bytes) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n\r\n" + std::string(bytes, 'x');
}

class ServerFixture : public CppUnit::TestFixture {
public:
    void tearDown() override { server_.reset(); }

protected:
    ServerFixture() {
        options_.listen = {"127.0.0.1:0"};
        options_.workers = 4;
    }

    void add(std::string method, std::string pattern, Handler handler) {
        routes_.push_back({std::move(method), std::move(pattern), Access::Open, "", 0, false,
                           std::move(handler)});
    }

    uint16_t start() {
        server_ = std::make_unique<Server>(options_, routes_, furniture_);
        server_->start();
        return server_->port();
    }

    bool measures(const std::string& line) const {
        return metrics_.text().find('\n' + line + '\n') != std::string::npos;
    }

    template <typename Condition>
    void await(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            CPPUNIT_ASSERT_MESSAGE("waited too long", std::chrono::steady_clock::now() < end);
            std::this_thread::sleep_for(1ms);
        }
    }

    ServerOptions options_;
    std::vector<Route> routes_;
    observe::MetricRegistry metrics_;
    Furniture furniture_;
    std::unique_ptr<Server> server_;
};

}  // namespace tandem::serve
