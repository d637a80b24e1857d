#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <thread>

#include "observe/line.h"
#include "observe/logger.h"

namespace tandem::observe {

namespace {

using namespace std::chrono_literals;

/// Holds still unless told to move.
class HandClock : public Clock {
public:
    Time now() const override { return Time{Milliseconds{1795324691135}}; }
    std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{std::chrono::seconds{second.load()}};
    }
    std::atomic<int64_t> second{1000};
};

class Pipe {
public:
    Pipe() { CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends_, O_CLOEXEC)); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(ends_[0]);
        close_writing();
    }
    int writing() const { return ends_[1]; }
    void close_writing() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }
    /// All that is there now.
    std::string read() {
        std::string all;
        char buffer[65536];
        pollfd ready{ends_[0], POLLIN, 0};
        while (::poll(&ready, 1, 0) > 0) {
            const ssize_t got = ::read(ends_[0], buffer, sizeof buffer);
            if (got <= 0) break;
            all.append(buffer, static_cast<size_t>(got));
        }
        return all;
    }

private:
    int ends_[2];
};

size_t lines_in(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

LineParts parts(std::string_view text, std::initializer_list<Field> fields = {}) {
    return {Time{Milliseconds{1795324691135}}, Level::Warn, "serve", text, fields, 0};
}

}  // namespace

class LogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogTest);
    CPPUNIT_TEST(a_line_is_one_json_object_with_time_level_room_and_text);
    CPPUNIT_TEST(control_characters_quotes_and_broken_utf8_cannot_forge_a_line);
    CPPUNIT_TEST(a_field_cannot_take_the_place_of_a_reserved_one);
    CPPUNIT_TEST(long_values_are_cut);
    CPPUNIT_TEST(text_format_is_one_line_for_people);
    CPPUNIT_TEST(levels_below_the_chosen_one_are_not_written);
    CPPUNIT_TEST(repeated_lines_are_limited_for_each_site_and_counted);
    CPPUNIT_TEST(a_silent_site_still_tells_what_was_suppressed);
    CPPUNIT_TEST(a_blocked_reader_blocks_nobody_and_drops_are_counted);
    CPPUNIT_TEST(what_was_logged_is_written_before_the_log_goes);
    CPPUNIT_TEST(a_closed_reader_harms_nobody);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_line_is_one_json_object_with_time_level_room_and_text() {
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"({"time":"2026-11-22T05:18:11.135Z","level":"warn","room":"serve",)"
                        R"("text":"refused","route":"/api/leads"})"
                        "\n"),
            json_line(parts("refused", {{"route", "/api/leads"}})));
    }

    void control_characters_quotes_and_broken_utf8_cannot_forge_a_line() {
        const std::string line =
            json_line(parts("a\n{\"level\":\"error\"}\r\x1b[31m\x7f\\\xc2\x9b\xff\xe2\x80\xa8",
                            {{"na\"me", std::string("x\0y", 3)}}));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, lines_in(line));
        CPPUNIT_ASSERT_MESSAGE(
            line, line.find("\"text\":\"a\\n{\\\"level\\\":\\\"error\\\"}\\u000d\\u001b[31m\\u007f"
                            "\\\\\\u009b\xef\xbf\xbd\\u2028\"") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(line, line.find("\"na\\\"me\":\"x\\u0000y\"") != std::string::npos);
    }

    void a_field_cannot_take_the_place_of_a_reserved_one() {
        const std::string line = json_line(parts("t", {{"level", "x"}, {"text", "y"}}));
        CPPUNIT_ASSERT_MESSAGE(line,
                               line.find("\"level_\":\"x\",\"text_\":\"y\"") != std::string::npos);
    }

    void long_values_are_cut() {
        const std::string line = json_line(parts("t", {{"body", std::string(100000, 'x')}}));
        CPPUNIT_ASSERT(line.size() < max_text_bytes + 200);
    }

    void text_format_is_one_line_for_people() {
        CPPUNIT_ASSERT_EQUAL(
            std::string("2026-11-22T05:18:11.135Z warn serve: re\\nfused route=/x why=\"a b\"\n"),
            text_line(parts("re\nfused", {{"route", "/x"}, {"why", "a b"}})));
    }

    void levels_below_the_chosen_one_are_not_written() {
        Pipe pipe;
        HandClock clock;
        Logger log({.level = Level::Warn, .descriptor = pipe.writing()}, clock);
        log.info("room", "hidden");
        log.warn("room", "shown");
        log.level(Level::Debug);
        log.debug("room", "now shown");
        CPPUNIT_ASSERT(log.flush(10s));
        const std::string text = pipe.read();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(text, size_t{2}, lines_in(text));
        CPPUNIT_ASSERT(text.find("hidden") == std::string::npos);
    }

    void repeated_lines_are_limited_for_each_site_and_counted() {
        Pipe pipe;
        HandClock clock;
        Logger log({.descriptor = pipe.writing()}, clock);
        for (int i = 0; i < 100; ++i)
            log.error("deliver", "provider failed", {{"attempt", std::to_string(i)}});
        log.error("deliver", "another line");
        CPPUNIT_ASSERT(log.flush(10s));
        std::string text = pipe.read();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(text, size_t{11}, lines_in(text));
        ++clock.second;
        log.error("deliver", "provider failed");
        CPPUNIT_ASSERT(log.flush(10s));
        text = await(pipe, "\"suppressed\":\"90\"");
        CPPUNIT_ASSERT_MESSAGE(text, text.find("\"suppressed\":\"90\"") != std::string::npos);
    }

    void a_silent_site_still_tells_what_was_suppressed() {
        Pipe pipe;
        HandClock clock;
        Logger log({.descriptor = pipe.writing()}, clock);
        for (int i = 0; i < 15; ++i) log.warn("deliver", "provider failed");
        ++clock.second;
        const std::string text = await(pipe, "\"suppressed\":\"5\"");
        CPPUNIT_ASSERT_MESSAGE(text, text.find("\"suppressed\":\"5\"") != std::string::npos);
    }

    void a_blocked_reader_blocks_nobody_and_drops_are_counted() {
        Pipe pipe;  // nobody reads
        HandClock clock;
        const auto begin = std::chrono::steady_clock::now();
        {
            Logger log(
                {.level = Level::Debug, .descriptor = pipe.writing(), .queue_bytes = 64 << 10},
                clock);
            const std::string long_value(1000, 'x');
            for (int i = 0; i < 2000; ++i) log.debug("room", "line", {{"value", long_value}});
            CPPUNIT_ASSERT(log.dropped() > 1000);
            // Once there is room again the log tells of its loss.
            std::string text = pipe.read();
            log.flush(10s);
            text += await(pipe, "log lines dropped");
            CPPUNIT_ASSERT(text.find("log lines dropped") != std::string::npos);
            for (int i = 0; i < 1000; ++i) log.debug("room", "line", {{"value", long_value}});
        }
        // The farewell is bounded as well.
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < 60s);
    }

    void what_was_logged_is_written_before_the_log_goes() {
        Pipe pipe;
        HandClock clock;
        {
            Logger log({.level = Level::Debug, .descriptor = pipe.writing()}, clock);
            for (int i = 0; i < 100; ++i) log.debug("room", "line");
        }
        CPPUNIT_ASSERT_EQUAL(size_t{100}, lines_in(pipe.read()));
    }

    void a_closed_reader_harms_nobody() {
        int ends[2];
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
        ::close(ends[0]);
        HandClock clock;
        {
            Logger log({.descriptor = ends[1]}, clock);
            log.error("room", "lost");
            CPPUNIT_ASSERT(log.flush(10s));
        }
        ::close(ends[1]);
    }

private:
    static std::string await(Pipe& pipe, const std::string& wanted) {
        std::string text;
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (text.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < end) {
            text += pipe.read();
            std::this_thread::sleep_for(5ms);
        }
        return text;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogTest);

}  // namespace tandem::observe
