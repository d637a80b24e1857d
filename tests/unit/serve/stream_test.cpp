#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "unit/serve/server_fixture.h"

namespace tandem::serve {

namespace {

std::shared_ptr<const std::string> bytes(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}

/// Counts what it is told.
class Ear : public Stream::Listener {
public:
    void closed(Stream&) override { ++closed_; }
    void drained(Stream& stream) override {
        backlog_at_drained_ = stream.backlog();
        ++drained_;
    }

    std::atomic<int> closed_{0}, drained_{0};
    std::atomic<size_t> backlog_at_drained_{0};
};

}  // namespace

class StreamTest : public ServerFixture {
    CPPUNIT_TEST_SUITE(StreamTest);
    CPPUNIT_TEST(the_head_promises_no_length_and_the_end_of_the_connection);
    CPPUNIT_TEST(bytes_arrive_in_order_however_they_were_queued);
    CPPUNIT_TEST(drained_is_told_once_when_the_backlog_is_low);
    CPPUNIT_TEST(drained_is_told_later_when_there_is_no_backlog);
    CPPUNIT_TEST(closing_after_the_backlog_sends_all_of_it);
    CPPUNIT_TEST(closing_now_tells_the_listener_once);
    CPPUNIT_TEST(a_client_that_went_away_is_told_once);
    CPPUNIT_TEST(a_client_that_shut_its_sending_side_still_reads);
    CPPUNIT_TEST(a_reader_that_takes_nothing_is_cut);
    CPPUNIT_TEST(a_client_that_keeps_talking_is_cut);
    CPPUNIT_TEST(an_old_client_gets_a_stream_too);
    CPPUNIT_TEST(head_opens_no_stream);
    CPPUNIT_TEST(nothing_is_opened_for_a_client_that_is_gone);
    CPPUNIT_TEST(stop_closes_streams_and_post_is_dropped_then);
    CPPUNIT_TEST(drain_waits_for_streams_that_their_room_ends);
    CPPUNIT_TEST(posts_from_many_threads_all_arrive);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { ear_ = std::make_shared<Ear>(); }

    void the_head_promises_no_length_and_the_end_of_the_connection() {
        RawClient client(start());
        open(client);
        const auto head = client.answer(true);
        CPPUNIT_ASSERT_EQUAL(200, head->status);
        CPPUNIT_ASSERT(head->header("Content-Type") == "text/event-stream");
        CPPUNIT_ASSERT(head->header("Connection") == "close");
        CPPUNIT_ASSERT(head->header("Cache-Control") == "no-cache, no-transform");
        CPPUNIT_ASSERT(!head->header("Content-Length"));
        CPPUNIT_ASSERT(!head->header("Transfer-Encoding"));
    }

    void bytes_arrive_in_order_however_they_were_queued() {
        RawClient client(start(), 4096);
        const auto stream = open(client);
        std::string all;
        for (int i = 0; i < 20'000; ++i) all += "event " + std::to_string(i) + "\n\n";
        on_loop(stream, [&] {
            for (int i = 0; i < 20'000; ++i)
                stream->send(bytes("event " + std::to_string(i) + "\n\n"));
            CPPUNIT_ASSERT(stream->backlog() > 0);
        });
        client.answer(true);
        CPPUNIT_ASSERT(client.take(all.size()) == all);
        on_loop(stream, [&] { CPPUNIT_ASSERT_EQUAL(size_t{0}, stream->backlog()); });
    }

    void drained_is_told_once_when_the_backlog_is_low() {
        RawClient client(start(), 4096);
        const auto stream = open(client);
        const auto piece = bytes(std::string(100'000, 'x'));
        on_loop(stream, [&] {
            for (int i = 0; i < 40; ++i) stream->send(piece);
            stream->notify_below(50'000);
        });
        CPPUNIT_ASSERT_EQUAL(0, ear_->drained_.load());
        client.answer(true);
        CPPUNIT_ASSERT_EQUAL(size_t{4'000'000}, client.take(4'000'000).size());
        await([&] { return ear_->drained_ == 1; });
        CPPUNIT_ASSERT(ear_->backlog_at_drained_ <= 50'000);
        on_loop(stream, [&] { stream->send(piece); });
        client.take(100'000);
        CPPUNIT_ASSERT_EQUAL(1, ear_->drained_.load());
    }

    void drained_is_told_later_when_there_is_no_backlog() {
        RawClient client(start());
        const auto stream = open(client);
        on_loop(stream, [&] {
            stream->notify_below(0);
            CPPUNIT_ASSERT_EQUAL(0, ear_->drained_.load());
        });
        await([&] { return ear_->drained_ == 1; });
    }

    void closing_after_the_backlog_sends_all_of_it() {
        RawClient client(start(), 4096);
        const auto stream = open(client);
        on_loop(stream, [&] {
            stream->send(bytes(std::string(3'000'000, 'x')));
            stream->close(Stream::Ending::AfterBacklog);
            stream->send(bytes("too late"));
        });
        client.answer(true);
        const std::string all = client.take(4'000'000);
        CPPUNIT_ASSERT_EQUAL(size_t{3'000'000}, all.size());
        CPPUNIT_ASSERT_EQUAL('x', all.back());
        await([&] { return ear_->closed_ == 1; });
    }

    void closing_now_tells_the_listener_once() {
        RawClient client(start());
        const auto stream = open(client);
        on_loop(stream, [&] {
            stream->close(Stream::Ending::Now);
            CPPUNIT_ASSERT_EQUAL(0, ear_->closed_.load());  // never within the call
            stream->close(Stream::Ending::Now);
        });
        CPPUNIT_ASSERT(client.closed());
        await([&] { return ear_->closed_ == 1; });
        on_loop(stream, [&] { stream->send(bytes("nobody")); });
        CPPUNIT_ASSERT_EQUAL(1, ear_->closed_.load());
    }

    void a_client_that_went_away_is_told_once() {
        const uint16_t port = start();
        RawClient abrupt(port);
        open(abrupt);
        abrupt.reset();
        await([&] { return ear_->closed_ == 1; });

        RawClient polite(port);
        const auto stream = open(polite);
        polite.close();
        // Its end alone may be half of one; what is sent then brings the news.
        await([&] {
            on_loop(stream, [&] { stream->send(bytes("still there?")); });
            return ear_->closed_ == 2;
        });
    }

    void a_client_that_shut_its_sending_side_still_reads() {
        RawClient client(start());
        const auto stream = open(client);
        client.shut_writing();
        client.answer(true);
        for (int i = 0; i < 20; ++i) {
            on_loop(stream, [&] { stream->send(bytes("event")); });
            CPPUNIT_ASSERT_EQUAL(std::string("event"), client.take(5));
        }
        CPPUNIT_ASSERT_EQUAL(0, ear_->closed_.load());
    }

    void a_reader_that_takes_nothing_is_cut() {
        options_.write_time = 300ms;
        RawClient client(start(), 4096);
        const auto stream = open(client);
        on_loop(stream, [&] { stream->send(bytes(std::string(8'000'000, 'x'))); });
        await([&] { return ear_->closed_ == 1; });
    }

    void a_client_that_keeps_talking_is_cut() {
        RawClient client(start());
        open(client);
        client.answer(true);
        const auto end = std::chrono::steady_clock::now() + RawClient::patience;
        while (client.send(std::string(1000, 'x')) && std::chrono::steady_clock::now() < end) {
        }
        await([&] { return ear_->closed_ == 1; });
    }

    void an_old_client_gets_a_stream_too() {
        RawClient client(start());
        client.send("GET /stream HTTP/1.0\r\n\r\n");
        const auto stream = opened();
        CPPUNIT_ASSERT_EQUAL(200, client.answer(true)->status);
        on_loop(stream, [&] {
            stream->send(bytes("event"));
            stream->close(Stream::Ending::AfterBacklog);
        });
        CPPUNIT_ASSERT_EQUAL(std::string("event"), client.take(100));
    }

    void head_opens_no_stream() {
        RawClient client(start());
        client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(200, client.answer(true)->status);
        CPPUNIT_ASSERT(client.closed());
        CPPUNIT_ASSERT_EQUAL(0, opened_.load());
    }

    void nothing_is_opened_for_a_client_that_is_gone() {
        hold_ = true;
        RawClient client(start());
        client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        Responder responder = held_.get_future().get();
        client.reset();
        // A later connection's answer shows that the loop has seen the reset before it.
        await([&] {
            RawClient other(server_->port());
            other.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
            return other.answer()->status == 404;
        });
        answer_with_stream(std::move(responder));
        CPPUNIT_ASSERT(server_->drain(20s));
        CPPUNIT_ASSERT_EQUAL(0, opened_.load());
    }

    void stop_closes_streams_and_post_is_dropped_then() {
        RawClient client(start());
        const auto stream = open(client);
        server_->stop();
        CPPUNIT_ASSERT_EQUAL(1, ear_->closed_.load());
        CPPUNIT_ASSERT(client.closed());
        bool ran = false;
        stream->post([&] { ran = true; });
        server_.reset();
        stream->post([&] { ran = true; });
        CPPUNIT_ASSERT(!ran);
    }

    void drain_waits_for_streams_that_their_room_ends() {
        std::shared_ptr<Stream> stream;
        furniture_.on_drain = [&] {
            stream->post([&] {
                stream->send(bytes("goodbye"));
                stream->close(Stream::Ending::AfterBacklog);
            });
        };
        RawClient client(start());
        stream = open(client);
        CPPUNIT_ASSERT(server_->drain(20s));
        client.answer(true);
        CPPUNIT_ASSERT_EQUAL(std::string("goodbye"), client.take(100));
    }

    void posts_from_many_threads_all_arrive() {
        RawClient client(start());
        const auto stream = open(client);
        client.answer(true);
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i) stream->post([stream] { stream->send(bytes("x")); });
            });
        for (auto& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(std::string(4000, 'x'), client.take(4000));
    }

private:
    uint16_t start() {
        Route route{"GET", "/stream", Access::Open, "", 0, false, [this](Request, Responder r) {
                        if (hold_)
                            held_.set_value(std::move(r));
                        else
                            answer_with_stream(std::move(r));
                    }};
        routes_ = {route};
        return ServerFixture::start();
    }

    void answer_with_stream(Responder responder) {
        responder.stream({.content_type = "text/event-stream",
                          .headers = {{"Cache-Control", "no-cache, no-transform"}}},
                         [this](std::shared_ptr<Stream> stream) {
                             stream->listener(ear_);
                             ++opened_;
                             const std::lock_guard lock(mutex_);
                             stream_ = std::move(stream);
                             arrived_.notify_all();
                         });
    }

    std::shared_ptr<Stream> open(RawClient& client) {
        client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        return opened();
    }

    std::shared_ptr<Stream> opened() {
        std::unique_lock lock(mutex_);
        CPPUNIT_ASSERT(arrived_.wait_for(lock, 20s, [this] { return stream_ != nullptr; }));
        return std::exchange(stream_, nullptr);
    }

    // Runs on the stream's loop; what an assertion throws there comes back here.
    void on_loop(const std::shared_ptr<Stream>& stream, std::function<void()> work) {
        auto done = std::make_shared<std::promise<void>>();
        auto result = done->get_future();
        stream->post([done, work = std::move(work)] {
            try {
                work();
                done->set_value();
            } catch (...) {
                done->set_exception(std::current_exception());
            }
        });
        CPPUNIT_ASSERT(result.wait_for(20s) == std::future_status::ready);
        result.get();
    }

    std::shared_ptr<Ear> ear_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::shared_ptr<Stream> stream_;  // guarded by mutex_
    std::atomic<int> opened_{0};
    std::atomic<bool> hold_{false};
    std::promise<Responder> held_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StreamTest);

}  // namespace tandem::serve
