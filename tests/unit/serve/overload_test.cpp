#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <mutex>

#include "unit/serve/server_fixture.h"

namespace tandem::serve {

namespace {

/// The process can open nothing more.
class FewDescriptors {
public:
    FewDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{3, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;

private:
    rlimit before_{};
};

}  // namespace

/// What is more than there is room for is refused, and costs the others nothing.
class OverloadTest : public ServerFixture {
    CPPUNIT_TEST_SUITE(OverloadTest);
    CPPUNIT_TEST(a_full_house_answers_like_any_other);
    CPPUNIT_TEST(too_many_queued_requests_are_refused);
    CPPUNIT_TEST(all_buffered_bytes_together_are_bounded);
    CPPUNIT_TEST(a_body_counts_while_it_waits_though_its_client_went_away);
    CPPUNIT_TEST(without_a_descriptor_for_anything_it_waits_and_does_not_spin);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_full_house_answers_like_any_other() {
        options_.connections = 1;
        add("GET", "/health", [](Request, Responder r) { r.answer(text("fine")); });
        const uint16_t port = start();
        RawClient seated(port);
        seated.send(get("/health"));
        CPPUNIT_ASSERT_EQUAL(200, seated.answer()->status);
        std::string ids[2];
        for (std::string& id : ids) {
            RawClient late(port);
            const auto refused = late.answer();
            CPPUNIT_ASSERT_EQUAL(503, refused->status);
            CPPUNIT_ASSERT(refused->header("Retry-After") == "5");
            CPPUNIT_ASSERT(refused->header("Connection") == "close");
            CPPUNIT_ASSERT(refused->body.find("\"code\":\"OVERLOADED\"") != std::string::npos);
            id = refused->header("X-Request-Id").value_or("");
            CPPUNIT_ASSERT_MESSAGE(refused->body,
                                   refused->body.ends_with("\"requestId\":\"" + id + "\"}"));
            CPPUNIT_ASSERT(late.closed());
        }
        CPPUNIT_ASSERT(!ids[0].empty() && ids[0] != ids[1]);
    }

    void too_many_queued_requests_are_refused() {
        options_.workers = 1;
        options_.queued_requests = 1;
        std::mutex gate;
        std::unique_lock held(gate);
        std::atomic<int> running{0};
        add("GET", "/busy", [&](Request, Responder r) {
            ++running;
            const std::lock_guard wait(gate);
            r.answer(text("done"));
        });
        const uint16_t port = start();
        RawClient first(port), second(port), third(port);
        first.send(get("/busy"));
        await([&] { return running == 1; });
        // One waits; whichever of the two comes later finds the queue full.
        second.send(get("/busy"));
        third.send(get("/busy"));
        std::optional<Answer> early, refused;
        await([&] {
            refused = early = third.answer(false, 10ms);
            if (!refused) refused = second.answer(false, 10ms);
            return refused.has_value();
        });
        CPPUNIT_ASSERT_EQUAL(503, refused->status);
        CPPUNIT_ASSERT(refused->header("Retry-After").has_value());
        CPPUNIT_ASSERT(refused->body.find("OVERLOADED") != std::string::npos);
        held.unlock();
        CPPUNIT_ASSERT_EQUAL(200, first.answer()->status);
        CPPUNIT_ASSERT_EQUAL(200, (early ? second : third).answer()->status);
    }

    void all_buffered_bytes_together_are_bounded() {
        options_.buffered_bytes = 300'000;
        furniture_.metrics = &metrics_;
        routes_.push_back({"POST", "/big", Access::Open, "", 1024 * 1024, false,
                           [](Request request, Responder r) {
                               r.answer(text(std::to_string(request.body.size())));
                           }});
        const uint16_t port = start();
        const std::string whole = post("/big", 250'000);
        const std::string begin = whole.substr(0, whole.size() - 50'000);
        RawClient first(port), second(port);
        first.send(begin);
        // Only when the first has its bytes in can the second be the one too many.
        await([&] { return measured("tandem_http_buffered_bytes") >= 200'000; });
        second.send(begin);
        const auto refused = second.answer();
        CPPUNIT_ASSERT(refused);
        CPPUNIT_ASSERT_EQUAL(503, refused->status);
        CPPUNIT_ASSERT(refused->header("Retry-After").has_value());
        first.send(std::string(50'000, 'x'));
        CPPUNIT_ASSERT_EQUAL(std::string("250000"), first.answer()->body);
    }

    void a_body_counts_while_it_waits_though_its_client_went_away() {
        options_.workers = 1;
        options_.buffered_bytes = 300'000;
        furniture_.metrics = &metrics_;
        std::mutex gate;
        std::unique_lock held(gate);
        std::atomic<int> running{0};
        routes_.push_back(
            {"POST", "/busy", Access::Open, "", 250'000, false, [&](Request, Responder r) {
                 ++running;
                 const std::lock_guard wait(gate);
                 r.answer(text("done"));
             }});
        const uint16_t port = start();
        RawClient first(port), gone(port), late(port);
        first.send(post("/busy", 1));
        await([&] { return running == 1; });
        gone.send(post("/busy", 200'000));
        await([&] { return measures("tandem_http_requests_waiting 1"); });
        gone.reset();
        await([&] { return measures("tandem_http_connections{state=\"open\"} 2"); });
        late.send(post("/busy", 200'000));
        const auto refused = late.answer(false, 20s);
        held.unlock();
        CPPUNIT_ASSERT(refused);
        CPPUNIT_ASSERT_EQUAL(503, refused->status);
        CPPUNIT_ASSERT_EQUAL(200, first.answer()->status);
        await([&] { return measures("tandem_http_buffered_bytes 0"); });
        RawClient again(port);
        again.send(post("/busy", 200'000));
        CPPUNIT_ASSERT_EQUAL(200, again.answer()->status);
    }

    void without_a_descriptor_for_anything_it_waits_and_does_not_spin() {
        furniture_.metrics = &metrics_;
        add("GET", "/health", [](Request, Responder r) { r.answer(text("fine")); });
        const uint16_t port = start();
        listen::Descriptor late(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        bool connected = false;
        // A sanitizer opens something to know a type that it has not seen: so all of it is done
        // once before, and nothing is asserted meanwhile.
        RawClient early(port);
        early.send(get("/health"));
        CPPUNIT_ASSERT_EQUAL(200, early.answer()->status);
        unsigned long times = turned_away();
        std::chrono::steady_clock::duration took{};
        {
            // Below every number that is open, so that the spare one's is of no use either.
            const FewDescriptors few;
            sockaddr_in name{};
            name.sin_family = AF_INET;
            name.sin_port = htons(port);
            name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            const auto begin = std::chrono::steady_clock::now();
            connected =
                connect(late.number(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
            for (int i = 0; i < 10'000 && turned_away() == 0; ++i) std::this_thread::sleep_for(1ms);
            std::this_thread::sleep_for(500ms);
            times = turned_away();
            took = std::chrono::steady_clock::now() - begin;
        }
        CPPUNIT_ASSERT(connected);
        // It rests for 100 ms.
        const auto most = static_cast<unsigned long>(5 + took / 100ms);
        CPPUNIT_ASSERT_MESSAGE(std::to_string(times), times >= 1 && times <= most);
        RawClient waiting(std::move(late));
        waiting.send(get("/health"));
        CPPUNIT_ASSERT_EQUAL(200, waiting.answer()->status);
    }

private:
    /// How often there was no descriptor.
    unsigned long turned_away() const {
        return measured("tandem_http_rejected_total{reason=\"descriptors\"}");
    }
    unsigned long measured(const std::string& series) const {
        const std::string text = metrics_.text();
        const std::string name = '\n' + series + ' ';
        const size_t at = text.find(name);
        return at == std::string::npos ? 0 : std::stoul(text.substr(at + name.size()));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OverloadTest);

}  // namespace tandem::serve
