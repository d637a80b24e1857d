#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <map>

#include "fixture.h"

namespace tandem::elevenlabs {

using namespace plugin;
using nlohmann::json;
using testing::Instance;
using testing::now;
using testing::recorded;

namespace {

constexpr tandem_time hour = 3'600'000;
const std::string place = "http://127.0.0.1:9/v1/convai/conversations";

json item(const std::string& id, tandem_time start, const std::string& status = "done") {
    return {{"agent_id", "agent_0001"},
            {"conversation_id", id},
            {"start_time_unix_secs", start / 1000},
            {"call_duration_secs", 20},
            {"message_count", 3},
            {"status", status},
            {"call_successful", "success"},
            {"direction", "inbound"},
            {"conversation_initiation_source", "twilio"}};
}

HttpResult answered(int status, const json& body) {
    HttpResult result;
    result.answered = true;
    result.status = status;
    result.body = body.dump();
    return result;
}

}  // namespace

class MissedTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MissedTest);
    CPPUNIT_TEST(conversations_since_the_watermark_are_told_oldest_first);
    CPPUNIT_TEST(what_is_fetched_is_what_the_webhook_said);
    CPPUNIT_TEST(a_call_that_was_busy_is_told_as_its_webhook_would);
    CPPUNIT_TEST(what_is_known_is_not_fetched);
    CPPUNIT_TEST(a_call_that_lasts_holds_the_watermark);
    CPPUNIT_TEST(a_call_that_never_ends_holds_it_for_a_day);
    CPPUNIT_TEST(pages_follow_their_cursor);
    CPPUNIT_TEST(calls_of_another_business_are_left_to_it);
    CPPUNIT_TEST(what_is_no_call_is_fetched_once_or_never);
    CPPUNIT_TEST(one_that_cannot_be_fetched_comes_next_time);
    CPPUNIT_TEST(one_that_makes_no_sense_holds_nobody_else_up);
    CPPUNIT_TEST(a_list_that_cannot_be_had_is_a_failure);
    CPPUNIT_TEST(the_deadline_and_a_host_that_stops_are_heeded);
    CPPUNIT_TEST(one_call_is_asked_for_by_its_conversation);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        instance_ = std::make_unique<Instance>();
        details_.clear();
        pages_ = {{"", answered(200, page({}))}};
        instance_->host.answer_http_by(
            [this](const HttpRequest& request) { return answer(request); });
        query_ = {};
        query_.deadline_ms = 60'000;
        query_.business_numbers = {"+14155550100"};
        query_.since = now - 3 * hour;
    }

    void conversations_since_the_watermark_are_told_oldest_first() {
        put("conv_0001", "inbound.json");
        put("conv_0002", "outbound.json");
        list({item("conv_0001", now - 2 * hour), item("conv_0002", now - hour)});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, sink_->events().size());
        CPPUNIT_ASSERT_EQUAL(std::string("conv_0001"), ended(0).conversation_id);
        CPPUNIT_ASSERT_EQUAL(std::string("conv_0002"), ended(1).conversation_id);
        CPPUNIT_ASSERT(sink_->complete_until() == now);
        // Three hours, the longest call of two, and one to spare.
        CPPUNIT_ASSERT_EQUAL(place +
                                 "?agent_id=agent_0001&call_start_after_unix=1699978400"
                                 "&sort_direction=asc&page_size=100",
                             requests().front().url);
    }

    void what_is_fetched_is_what_the_webhook_said() {
        for (const char* name : {"inbound.json", "outbound.json", "sip.json"}) {
            const CallEnded told = instance_->ended(testing::read(name));
            put(told.conversation_id, name);
            const CallEnded fetched = asked_for(told.conversation_id);
            CPPUNIT_ASSERT_EQUAL(told.dedupe_key, fetched.dedupe_key);
            CPPUNIT_ASSERT_EQUAL(told.business_address, fetched.business_address);
            CPPUNIT_ASSERT_EQUAL(told.customer_address, fetched.customer_address);
            CPPUNIT_ASSERT_EQUAL(told.happened_at, fetched.happened_at);
            CPPUNIT_ASSERT_EQUAL(told.call_id, fetched.call_id);
            CPPUNIT_ASSERT_EQUAL(told.our_call_id, fetched.our_call_id);
            CPPUNIT_ASSERT(told.outcome == fetched.outcome);
            CPPUNIT_ASSERT_EQUAL(told.duration_s, fetched.duration_s);
            CPPUNIT_ASSERT_EQUAL(told.summary, fetched.summary);
            CPPUNIT_ASSERT_EQUAL(told.analysis_json, fetched.analysis_json);
            CPPUNIT_ASSERT_EQUAL(told.turns.size(), fetched.turns.size());
            for (size_t i = 0; i < told.turns.size(); ++i) {
                CPPUNIT_ASSERT(told.turns[i].speaker == fetched.turns[i].speaker);
                CPPUNIT_ASSERT_EQUAL(told.turns[i].text, fetched.turns[i].text);
            }
        }
    }

    void a_call_that_was_busy_is_told_as_its_webhook_would() {
        const CallEnded told = instance_->ended(testing::read("busy.json"));
        details_["conv_0004"] = answered(200, recorded("conversation_busy.json"));
        const CallEnded fetched = asked_for("conv_0004");
        CPPUNIT_ASSERT_EQUAL(told.dedupe_key, fetched.dedupe_key);
        CPPUNIT_ASSERT(fetched.outcome == CallOutcome::NeverConnected);
        CPPUNIT_ASSERT_EQUAL(told.failure_reason, fetched.failure_reason);
        CPPUNIT_ASSERT_EQUAL(told.business_address, fetched.business_address);
        CPPUNIT_ASSERT_EQUAL(told.customer_address, fetched.customer_address);
        CPPUNIT_ASSERT_EQUAL(told.call_id, fetched.call_id);
        CPPUNIT_ASSERT_EQUAL(told.duration_s, fetched.duration_s);
        CPPUNIT_ASSERT_EQUAL(told.summary, fetched.summary);
        CPPUNIT_ASSERT_EQUAL(std::string("0190d2c4-0000-7000-8000-000000000008"),
                             fetched.our_call_id);
    }

    void what_is_known_is_not_fetched() {
        list({item("conv_0001", now - hour), item("conv_0004", now - hour)});
        sink_->know("post_call_transcription:conv_0001");
        sink_->know("call_initiation_failure:conv_0004");
        ask(false);
        CPPUNIT_ASSERT(sink_->events().empty());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, requests().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now);
    }

    void a_call_that_lasts_holds_the_watermark() {
        put("conv_0001", "inbound.json");
        put("conv_0002", "outbound.json");
        list({item("conv_0001", now - 2 * hour), item("conv_x", now - hour, "in-progress"),
              item("conv_0002", now - hour / 2)});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, sink_->events().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now - hour);
    }

    void a_call_that_never_ends_holds_it_for_a_day() {
        query_.since = now - 30 * hour;
        list({item("conv_x", now - 25 * hour, "initiated"),
              item("conv_y", now - 23 * hour, "processing")});
        ask();
        CPPUNIT_ASSERT(sink_->complete_until() == now - 23 * hour);
        setUp();
        query_.since = now - 30 * hour;
        list({item("conv_x", now - 25 * hour, "initiated")});
        ask();
        CPPUNIT_ASSERT(sink_->complete_until() == now);
    }

    void pages_follow_their_cursor() {
        put("conv_0001", "inbound.json");
        put("conv_0002", "outbound.json");
        json first = page({item("conv_0001", now - 2 * hour)});
        first["has_more"] = true;
        first["next_cursor"] = "a/b=";
        pages_[""] = answered(200, first);
        pages_["a%2Fb%3D"] = answered(200, page({item("conv_0002", now - hour)}));
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, sink_->events().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now);

        // A page that leads to itself is asked for once.
        setUp();
        json loop = page({item("conv_x", now - hour, "initiated")});
        loop["has_more"] = true;
        loop["next_cursor"] = "again";
        pages_[""] = pages_["again"] = answered(200, loop);
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, requests().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now - hour);

        // The second page is away: what the first one had is done, and no more.
        setUp();
        put("conv_0001", "inbound.json");
        pages_[""] = answered(200, first);
        pages_["a%2Fb%3D"] = answered(503, {});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink_->events().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now - 2 * hour);
    }

    void calls_of_another_business_are_left_to_it() {
        put("conv_0001", "inbound.json");
        list({item("conv_0001", now - hour)});
        query_.business_numbers = {"+14155550111"};
        ask();
        CPPUNIT_ASSERT(sink_->events().empty());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, requests().size());
        ask();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("it is remembered", size_t{3}, requests().size());
        query_.business_numbers = {"+14155550111", "+1 (415) 555-0100"};
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink_->events().size());
    }

    void what_is_no_call_is_fetched_once_or_never() {
        put("conv_0006", "own_turn.json");
        json turn = item("conv_0006", now - hour), widget = item("conv_0008", now - hour);
        turn.erase("direction");
        turn["conversation_initiation_source"] = "unknown";
        widget["direction"] = nullptr;
        widget["conversation_initiation_source"] = "widget";
        list({turn, widget});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{2}, requests().size());
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{3}, requests().size());
        CPPUNIT_ASSERT(sink_->events().empty());
        CPPUNIT_ASSERT(sink_->complete_until() == now);
    }

    void one_that_cannot_be_fetched_comes_next_time() {
        put("conv_0002", "outbound.json");
        details_["conv_0001"] = answered(500, {});
        list({item("conv_0001", now - 2 * hour), item("conv_gone", now - 2 * hour),
              item("conv_0002", now - hour)});
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink_->events().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now - 2 * hour);
        // Too many requests: the rest is not even tried.
        details_["conv_0001"] = answered(429, {});
        const size_t before = requests().size();
        ask();
        CPPUNIT_ASSERT_EQUAL(before + 2, requests().size());
        CPPUNIT_ASSERT(sink_->events().empty());
    }

    void one_that_makes_no_sense_holds_nobody_else_up() {
        put("conv_0001", "inbound.json");
        put("conv_0002", "outbound.json");
        const auto with_odd = [&](tandem_time start) {
            list({item("conv_0001", now - 2 * hour), item("conv_odd", start),
                  item("conv_0002", now - hour)});
            ask();
            CPPUNIT_ASSERT_EQUAL(size_t{2}, sink_->events().size());
            return sink_->complete_until();
        };
        for (const char* body : {R"({"a":1,"a":2})", "<html>", R"({"text":"\ud83d"})"}) {
            details_["conv_odd"] = answered(200, {});
            details_["conv_odd"].body = body;
            CPPUNIT_ASSERT(with_odd(now - 90 * 60'000) == now - 90 * 60'000);
        }
        // What makes no sense after a day never will.
        query_.since = now - 30 * hour;
        CPPUNIT_ASSERT(with_odd(now - 25 * hour) == now);
    }

    void a_list_that_cannot_be_had_is_a_failure() {
        const auto outcome = [this](HttpResult result) {
            pages_[""] = std::move(result);
            try {
                ask();
            } catch (const Failure& failure) {
                CPPUNIT_ASSERT(!sink_->complete_until());
                return failure.code();
            }
            return TANDEM_OK;
        };
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, outcome({}));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, outcome(answered(500, {})));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, outcome(answered(401, {})));
        CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, outcome(answered(429, {})));
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAVAILABLE, outcome(answered(200, json::object())));
    }

    void the_deadline_and_a_host_that_stops_are_heeded() {
        put("conv_0001", "inbound.json");
        put("conv_0002", "outbound.json");
        list({item("conv_0001", now - 2 * hour), item("conv_0002", now - hour)});
        takes_ms_ = 40'000;
        ask();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink_->events().size());
        CPPUNIT_ASSERT(sink_->complete_until() == now - 2 * hour);

        takes_ms_ = 0;
        sink_ = std::make_unique<plugin::testing::RecordedMissed>();
        sink_->reply(TANDEM_STOP);
        ask(false);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink_->events().size());
        CPPUNIT_ASSERT(!sink_->complete_until());
    }

    void one_call_is_asked_for_by_its_conversation() {
        json lasts = recorded("inbound.json")["data"];
        lasts["status"] = "processing";
        details_["conv_0001"] = answered(200, lasts);
        plugin::testing::RecordedMissed sink;
        instance_->plugin->call("conv_0001", 5000, sink.event_sink());
        CPPUNIT_ASSERT(sink.events().empty());
        try {
            instance_->plugin->call("conv_none", 5000, sink.event_sink());
            CPPUNIT_FAIL("it knows a call that is none");
        } catch (const Failure& failure) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_NOT_FOUND, failure.code());
        }
        details_["conv_0001"] = HttpResult();
        CPPUNIT_ASSERT_THROW(instance_->plugin->call("conv_0001", 5000, sink.event_sink()),
                             Failure);
        CPPUNIT_ASSERT_EQUAL(place + "/conv_0001", requests().back().url);
    }

private:
    HttpResult answer(const HttpRequest& request) {
        instance_->host.advance(takes_ms_);
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), request.method);
        const std::string rest = request.url.substr(place.size());
        if (rest.front() == '/') {
            const auto found = details_.find(rest.substr(1));
            return found == details_.end() ? answered(404, {{"detail", "none"}}) : found->second;
        }
        const size_t cursor = rest.find("&cursor=");
        const std::string key = cursor == std::string::npos ? "" : rest.substr(cursor + 8);
        CPPUNIT_ASSERT(pages_.count(key) == 1);
        return pages_[key];
    }

    static json page(const std::vector<json>& items) {
        return {{"conversations", items}, {"has_more", false}, {"next_cursor", nullptr}};
    }
    void list(const std::vector<json>& items) { pages_[""] = answered(200, page(items)); }
    void put(const std::string& id, const std::string& name) {
        details_[id] = answered(200, recorded(name)["data"]);
    }

    void ask(bool anew = true) {
        if (anew) sink_ = std::make_unique<plugin::testing::RecordedMissed>();
        instance_->plugin->missed(query_, sink_->sink());
    }
    CallEnded ended(size_t index) { return std::get<CallEnded>(sink_->events().at(index)); }
    CallEnded asked_for(const std::string& id) {
        plugin::testing::RecordedMissed sink;
        instance_->plugin->call(id, 5000, sink.event_sink());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, sink.events().size());
        return std::get<CallEnded>(sink.events().front());
    }
    const std::vector<HttpRequest>& requests() { return instance_->host.requests(); }

    std::unique_ptr<Instance> instance_;
    std::unique_ptr<plugin::testing::RecordedMissed> sink_ =
        std::make_unique<plugin::testing::RecordedMissed>();
    std::map<std::string, HttpResult> details_;
    std::map<std::string, HttpResult> pages_;  // by the cursor
    MissedQuery query_;
    std::int64_t takes_ms_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MissedTest);

}  // namespace tandem::elevenlabs
