#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "observe/readiness.h"
#include "observe/registry.h"
#include "observe/routes.h"

namespace tandem::observe {

namespace {

class HandClock : public Clock {
public:
    Time now() const override { return {}; }
    std::chrono::steady_clock::time_point steady() const override { return time; }
    std::chrono::steady_clock::time_point time{std::chrono::hours{1}};
};

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

class MetricsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MetricsTest);
    CPPUNIT_TEST(counters_add_up_from_many_threads);
    CPPUNIT_TEST(the_same_name_and_labels_are_the_same_series_in_any_order);
    CPPUNIT_TEST(labels_and_help_are_escaped);
    CPPUNIT_TEST(histograms_are_cumulative_and_end_with_infinity);
    CPPUNIT_TEST(gauges_are_asked_at_each_scrape_and_may_fail_alone);
    CPPUNIT_TEST(a_name_keeps_its_type_and_its_form);
    CPPUNIT_TEST(series_are_bounded);
    CPPUNIT_TEST(the_text_tells_of_the_build_and_the_process_and_each_family_once);
    CPPUNIT_TEST(readiness_asks_each_part_once_a_second);
    CPPUNIT_TEST(what_only_degrades_is_told_with_200);
    CPPUNIT_TEST(a_part_that_throws_is_not_ready_and_tells_nothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void counters_add_up_from_many_threads() {
        MetricRegistry metrics;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&metrics] {
                Counter& counter = metrics.counter("tandem_x_total", "X.", {{"a", "b"}});
                for (int n = 0; n < 10000; ++n) counter.add();
            });
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT(has_line(metrics.text(), "tandem_x_total{a=\"b\"} 40000"));
        CPPUNIT_ASSERT(has_line(metrics.text(), "# TYPE tandem_x_total counter"));
    }

    void the_same_name_and_labels_are_the_same_series_in_any_order() {
        MetricRegistry metrics;
        Counter& one = metrics.counter("x_total", "X.", {{"a", "1"}, {"b", "2"}});
        CPPUNIT_ASSERT(&one == &metrics.counter("x_total", "X.", {{"b", "2"}, {"a", "1"}}));
        CPPUNIT_ASSERT(&one != &metrics.counter("x_total", "X.", {{"b", "2"}, {"a", "3"}}));
    }

    void labels_and_help_are_escaped() {
        MetricRegistry metrics;
        metrics.counter("x_total", "a\nb\\c", {{"l", "q\"b\\n\n\xff"}}).add(0.5);
        const std::string text = metrics.text();
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "# HELP x_total a\\nb\\\\c"));
        CPPUNIT_ASSERT_MESSAGE(text,
                               has_line(text, "x_total{l=\"q\\\"b\\\\n\\n\xef\xbf\xbd\"} 0.5"));
    }

    void histograms_are_cumulative_and_end_with_infinity() {
        MetricRegistry metrics;
        Histogram& histogram = metrics.histogram("d_seconds", "D.", {{"r", "x"}});
        for (const double seconds : {0.0001, 0.001, 0.02, 100.0}) histogram.observe(seconds);
        const std::string text = metrics.text();
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "d_seconds_bucket{r=\"x\",le=\"0.0005\"} 1"));
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "d_seconds_bucket{r=\"x\",le=\"0.001\"} 2"));
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "d_seconds_bucket{r=\"x\",le=\"10\"} 3"));
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "d_seconds_bucket{r=\"x\",le=\"+Inf\"} 4"));
        CPPUNIT_ASSERT_MESSAGE(text, has_line(text, "d_seconds_count{r=\"x\"} 4"));
    }

    void gauges_are_asked_at_each_scrape_and_may_fail_alone() {
        MetricRegistry metrics;
        double value = 1;
        metrics.gauge("g", "G.", {}, [&value] { return value; });
        metrics.gauge("h", "H.", {}, []() -> double { throw std::runtime_error("away"); });
        CPPUNIT_ASSERT(has_line(metrics.text(), "g 1"));
        value = 2.5;
        CPPUNIT_ASSERT(has_line(metrics.text(), "g 2.5"));
        CPPUNIT_ASSERT(has_line(metrics.text(), "h NaN"));
    }

    void a_name_keeps_its_type_and_its_form() {
        MetricRegistry metrics;
        metrics.counter("x_total", "X.", {});
        CPPUNIT_ASSERT_THROW(metrics.histogram("x_total", "X.", {}), std::logic_error);
        CPPUNIT_ASSERT_THROW(metrics.counter("x-total", "X.", {}), std::logic_error);
        CPPUNIT_ASSERT_THROW(metrics.counter("y_total", "Y.", {{"a b", "c"}}), std::logic_error);
    }

    void series_are_bounded() {
        MetricRegistry metrics;
        for (size_t i = 0; i < 2 * max_series; ++i)
            metrics.counter("x_total", "X.", {{"id", std::to_string(i)}}).add();
        const std::string text = metrics.text();
        size_t lines = 0;
        for (size_t at = 0; (at = text.find("\nx_total{", at)) != std::string::npos; ++at) ++lines;
        CPPUNIT_ASSERT(lines <= max_series);
        CPPUNIT_ASSERT(text.find("x_total{overflow=\"true\"} 200") != std::string::npos);
    }

    void the_text_tells_of_the_build_and_the_process_and_each_family_once() {
        MetricRegistry metrics;
        metrics.counter("x_total", "X.", {{"a", "1"}});
        metrics.counter("x_total", "X.", {{"a", "2"}});
        std::istringstream text(metrics.text());
        std::set<std::string> families;
        double threads = 0, memory = 0, started = 0;
        for (std::string line; std::getline(text, line);) {
            if (line.rfind("# TYPE ", 0) == 0)
                CPPUNIT_ASSERT_MESSAGE(line, families.insert(line).second);
            if (line.rfind("process_threads ", 0) == 0) threads = std::stod(line.substr(16));
            if (line.rfind("process_resident_memory_bytes ", 0) == 0)
                memory = std::stod(line.substr(30));
            if (line.rfind("process_start_time_seconds ", 0) == 0)
                started = std::stod(line.substr(27));
        }
        CPPUNIT_ASSERT(families.count("# TYPE tandem_build_info gauge") == 1);
        CPPUNIT_ASSERT(families.count("# TYPE process_cpu_seconds_total counter") == 1);
        CPPUNIT_ASSERT(threads >= 1);
        CPPUNIT_ASSERT(memory > 100000);
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const double seconds = std::chrono::duration<double>(now).count();
        CPPUNIT_ASSERT(started > seconds - 3600 && started < seconds + 60);
    }

    void readiness_asks_each_part_once_a_second() {
        HandClock clock;
        Readiness readiness(clock);
        int asked = 0;
        std::string answer;
        readiness.watch("storage", [&] { return ++asked, answer; });
        CPPUNIT_ASSERT(readiness.failures().empty());
        answer = "no answer";
        CPPUNIT_ASSERT(readiness.failures().empty());
        CPPUNIT_ASSERT_EQUAL(1, asked);
        clock.time += std::chrono::seconds{1};
        CPPUNIT_ASSERT_EQUAL(size_t{1}, readiness.failures().size());
        CPPUNIT_ASSERT_EQUAL(std::string("storage"), readiness.failures()[0].part);
        CPPUNIT_ASSERT_EQUAL(2, asked);
    }

    void what_only_degrades_is_told_with_200() {
        HandClock clock;
        Readiness readiness(clock);
        MetricRegistry metrics;
        std::string storage;
        readiness.watch(
            "delivery", [] { return "twilio does \"not\" work"; }, Health::Weight::Degrades);
        readiness.watch("storage", [&] { return storage; });
        serve::Response answer = asked(metrics, readiness);
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT(answer.body.find(R"("status":"degraded","parts":[{"part":"delivery",)"
                                        R"("reason":"twilio does \"not\" work"}])") !=
                       std::string::npos);
        storage = "away";
        clock.time += std::chrono::seconds{1};
        answer = asked(metrics, readiness);
        CPPUNIT_ASSERT_EQUAL(503, answer.status);
        CPPUNIT_ASSERT(answer.body.find("STORAGE_UNAVAILABLE") != std::string::npos);
        CPPUNIT_ASSERT(answer.body.find("Not ready: storage") != std::string::npos);
    }

    void a_part_that_throws_is_not_ready_and_tells_nothing() {
        HandClock clock;
        Readiness readiness(clock);
        readiness.watch("bus", []() -> std::string { throw std::runtime_error("password is x"); });
        CPPUNIT_ASSERT_EQUAL(std::string("does not answer"), readiness.failures()[0].reason);
    }

private:
    static serve::Response asked(const Metrics& metrics, Readiness& readiness) {
        struct Heard : serve::Responder::Exchange {
            void answer(serve::Response response) override { heard = std::move(response); }
            void stream(serve::Response,
                        std::function<void(std::shared_ptr<serve::Stream>)>) override {}
            serve::Response heard;
        };
        const auto exchange = std::make_shared<Heard>();
        for (const serve::Route& route : routes(metrics, readiness))
            if (route.pattern == "/readyz") route.handler({}, serve::Responder(exchange));
        return exchange->heard;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MetricsTest);

}  // namespace tandem::observe
