#include "sandbox.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "tandem/plugin/testing.hpp"

namespace tandem::sandbox {

namespace {

using namespace tandem::plugin;

/// A host that can be waited for: the events come from the plugin's own thread.
class Emissions {
public:
    Emissions() {
        host_ = plugin::sized<tandem_host>();
        host_.abi_minor = TANDEM_ABI_MINOR;
        host_.self = this;
        host_.service = &Emissions::service;
    }

    Host host() { return Host(&host_, "sandbox"); }

    std::vector<AnyEvent> wait_for(size_t count) {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, std::chrono::seconds(30),
                                            [&] { return events_.size() >= count; });
        CPPUNIT_ASSERT_MESSAGE("the events did not come", came);
        return events_;
    }
    void refuse_next(unsigned count) {
        const std::lock_guard lock(mutex_);
        refusals_ = count;
    }

private:
    static const void* service(void*, tandem_view id) {
        static constexpr tandem_host_events events{sizeof(tandem_host_events), 0, &emit};
        static constexpr tandem_host_config config{
            sizeof(tandem_host_config), 0, &config_text, &config_integer, nullptr, nullptr};
        static constexpr tandem_host_log log{sizeof(tandem_host_log), 0, &enabled, nullptr};
        if (text(id) == TANDEM_HOST_EVENTS) return &events;
        if (text(id) == TANDEM_HOST_CONFIG) return &config;
        if (text(id) == TANDEM_HOST_LOG) return &log;
        return nullptr;
    }
    static std::int32_t enabled(void*, std::int32_t) { return 0; }
    static tandem_status config_text(void*, tandem_view, tandem_view*) { return TANDEM_NOT_FOUND; }
    static tandem_status config_integer(void*, tandem_view name, std::int64_t* value) {
        *value = text(name) == "delay_ms" ? 1 : 60000;
        return TANDEM_OK;
    }
    static tandem_status emit(void* context, const tandem_event* event) {
        auto& self = *static_cast<Emissions*>(context);
        const std::lock_guard lock(self.mutex_);
        if (self.refusals_ > 0) {
            --self.refusals_;
            return TANDEM_LIMITED;
        }
        self.events_.push_back(*plugin::testing::to_record(event));
        self.changed_.notify_all();
        return TANDEM_OK;
    }

    tandem_host host_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned refusals_ = 0;
    std::vector<AnyEvent> events_;
};

}  // namespace

class SandboxTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SandboxTest);
    CPPUNIT_TEST(the_ai_answers_by_the_rules_of_the_readme);
    CPPUNIT_TEST(an_echo_is_cut_between_characters);
    CPPUNIT_TEST(a_customers_message_is_read_and_answered);
    CPPUNIT_TEST(a_call_begins_and_ends_with_its_turns);
    CPPUNIT_TEST(what_makes_no_sense_is_invalid);
    CPPUNIT_TEST(nothing_comes_in_from_outside);
    CPPUNIT_TEST(an_accepted_text_is_sent_and_then_delivered);
    CPPUNIT_TEST(events_that_found_the_host_full_come_again);
    CPPUNIT_TEST(misfortunes_are_asked_for_by_a_word);
    CPPUNIT_TEST(a_placed_call_plays_out);
    CPPUNIT_TEST(stop_ends_a_slow_answer_and_all_that_waits);
    CPPUNIT_TEST(a_slow_answer_ends_at_its_deadline);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        emissions_ = std::make_unique<Emissions>();
        sandbox_ = std::make_unique<Sandbox>(emissions_->host());
        sandbox_->start();
    }
    void tearDown() override { sandbox_->stop(); }

    void the_ai_answers_by_the_rules_of_the_readme() {
        const auto answer = [](const char* text, const char* name = "Customer") {
            return reply_to(text, name, "BICI").text;
        };
        CPPUNIT_ASSERT_EQUAL(std::string("Hello, this is BICI. How can I help?"), answer("Hi!"));
        CPPUNIT_ASSERT_EQUAL(std::string("Hello Zoë, this is BICI. How can I help?"),
                             answer("oh, HELLO there", "Zoë"));
        CPPUNIT_ASSERT_EQUAL(std::string("We are open Monday to Saturday from 9 to 18."),
                             answer("What are your hours?"));
        CPPUNIT_ASSERT_EQUAL(std::string("You wrote: this history"), answer("this history"));
        CPPUNIT_ASSERT_EQUAL(std::string("You wrote: "), answer(""));
        const Reply human = reply_to("I want a HUMAN, please", "", "");
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), human.needs_human);
        CPPUNIT_ASSERT(!human.text.empty());
        CPPUNIT_ASSERT(reply_to("fail now", "", "").fails);
        CPPUNIT_ASSERT(!reply_to("do not fail", "", "").fails);
        CPPUNIT_ASSERT(reply_to("Slow hello", "", "").slow);
        CPPUNIT_ASSERT(!reply_to("not slow", "", "").slow);
    }

    void an_echo_is_cut_between_characters() {
        std::string smiles;
        for (int i = 0; i < 200; ++i) smiles += "😀";
        const std::string text = reply_to(smiles, "", "").text;
        CPPUNIT_ASSERT_EQUAL(std::string("You wrote: ").size() + 300, text.size());
        CPPUNIT_ASSERT(text.ends_with("😀"));
    }

    void a_customers_message_is_read_and_answered() {
        const auto said = read("messages", R"({"id": "1", "from": "+14155550199",
            "to": "+14155550100", "text": "Hello", "mediaUrl": "https://example.com/a.jpg"})");
        const auto& message = std::get<MessageReceived>(said->events().at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("SB1"), message.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("message:SB1"), message.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), message.text);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, message.media.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"({"from":"+14155550199","messageSid":"SB1","to":"+14155550100"})"),
            said->answer()->body);
    }

    void a_call_begins_and_ends_with_its_turns() {
        const auto said = read("calls", R"({"id": "1", "from": "+14155550199", "to": "+1415",
            "turns": [{"role": "user", "message": "Hi"}, {"role": "agent", "message": "Yes?"}]})");
        CPPUNIT_ASSERT_EQUAL(size_t{2}, said->events().size());
        const auto& started = std::get<CallStarted>(said->events()[0]);
        const auto& ended = std::get<CallEnded>(said->events()[1]);
        CPPUNIT_ASSERT_EQUAL(started.call_id, ended.call_id);
        CPPUNIT_ASSERT(started.dedupe_key != ended.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ended.turns.size());
        CPPUNIT_ASSERT(ended.turns[1].speaker == Speaker::Ai);
        CPPUNIT_ASSERT_EQUAL(5u, ended.turns[1].seconds);
        CPPUNIT_ASSERT_EQUAL(10u, ended.duration_s);
    }

    void what_makes_no_sense_is_invalid() {
        for (const char* body : {"", "[]", "{", R"({"id": "1"})", R"({"id": 1, "from": "a"})"}) {
            CPPUNIT_ASSERT_THROW(read("messages", body), Failure);
            CPPUNIT_ASSERT_THROW(read("calls", body), Failure);
        }
        CPPUNIT_ASSERT_THROW(read("messages", std::string(100000, '[').c_str()), Failure);
        CPPUNIT_ASSERT_THROW(
            read("calls", R"({"id":"1","from":"a","to":"b","turns":[{"role":"god"}]})"), Failure);
        CPPUNIT_ASSERT_THROW(read("other", "{}"), Failure);
    }

    void nothing_comes_in_from_outside() {
        for (const Route& route : sandbox_->routes()) CPPUNIT_ASSERT(route.internal);
        CPPUNIT_ASSERT_THROW(sandbox_->verify(WebhookRequest{}), Failure);
    }

    void an_accepted_text_is_sent_and_then_delivered() {
        const Receipt receipt = send("Hello");
        CPPUNIT_ASSERT(receipt.outcome == SendOutcome::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("SBm1"), receipt.provider_id);
        const auto events = emissions_->wait_for(2);
        const auto& sent = std::get<MessageStatus>(events[0]);
        const auto& delivered = std::get<MessageStatus>(events[1]);
        CPPUNIT_ASSERT(sent.delivery == Delivery::Sent);
        CPPUNIT_ASSERT(delivered.delivery == Delivery::Delivered);
        CPPUNIT_ASSERT_EQUAL(std::string("m1"), sent.message_id);
        CPPUNIT_ASSERT_EQUAL(receipt.provider_id, sent.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550100"), sent.business_address);
        CPPUNIT_ASSERT(sent.dedupe_key != delivered.dedupe_key);
    }

    void events_that_found_the_host_full_come_again() {
        emissions_->refuse_next(2);
        send("Hello");
        CPPUNIT_ASSERT_EQUAL(size_t{2}, emissions_->wait_for(2).size());
    }

    void misfortunes_are_asked_for_by_a_word() {
        CPPUNIT_ASSERT(send("!refuse").outcome == SendOutcome::Refused);
        CPPUNIT_ASSERT(send("!optedout").opted_out);
        CPPUNIT_ASSERT(send("!notsent").outcome == SendOutcome::NotSent);
        CPPUNIT_ASSERT(send("!unknown").outcome == SendOutcome::Unknown);
        CPPUNIT_ASSERT(send("!undelivered").outcome == SendOutcome::Accepted);
        const auto events = emissions_->wait_for(2);
        CPPUNIT_ASSERT(std::get<MessageStatus>(events[1]).delivery == Delivery::Undelivered);
    }

    void a_placed_call_plays_out() {
        OutboundCall call;
        call.call_id = "c1";
        call.from = "+14155550100";
        call.to = "+14155550199";
        const Receipt receipt = sandbox_->start_call(call);
        const auto events = emissions_->wait_for(2);
        CPPUNIT_ASSERT_EQUAL(receipt.provider_id, std::get<CallStarted>(events[0]).conversation_id);
        const auto& ended = std::get<CallEnded>(events[1]);
        CPPUNIT_ASSERT(ended.direction == Direction::Outbound);
        CPPUNIT_ASSERT(!ended.summary.empty());
    }

    void stop_ends_a_slow_answer_and_all_that_waits() {
        Turn turn;
        turn.text = "slow";
        std::thread answering([&] {
            plugin::testing::RecordedReply reply;
            CPPUNIT_ASSERT_THROW(sandbox_->respond(turn, reply.sink()), Failure);
        });
        sandbox_->stop();
        answering.join();
        send("Hello");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, emissions_->wait_for(0).size());
    }

    void a_slow_answer_ends_at_its_deadline() {
        Turn turn;
        turn.text = "slow";
        turn.deadline_ms = 5;
        plugin::testing::RecordedReply reply;
        try {
            sandbox_->respond(turn, reply.sink());
            CPPUNIT_FAIL("answered");
        } catch (const Failure& failure) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_TIMEOUT, static_cast<int>(failure.code()));
        }
    }

private:
    std::unique_ptr<plugin::testing::RecordedWebhook> read(const char* path, const char* body) {
        WebhookRequest request;
        request.path = path;
        request.body = body;
        auto said = std::make_unique<plugin::testing::RecordedWebhook>();
        sandbox_->normalise(request, said->sink());
        return said;
    }

    Receipt send(const char* text) {
        OutboundMessage message;
        message.message_id = "m1";
        message.from = "+14155550100";
        message.to = "+14155550199";
        message.text = text;
        return sandbox_->send(message);
    }

    std::unique_ptr<Emissions> emissions_;
    std::unique_ptr<Sandbox> sandbox_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SandboxTest);

}  // namespace tandem::sandbox
