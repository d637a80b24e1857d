#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>

#include "flow/bike_store.h"
#include "flow/fake.h"
#include "flow/screen.h"

namespace tandem::flow {

namespace {

constexpr std::chrono::seconds patience{150};

/// What the agent, or the way to it, does with one customer's text, and what the customer
/// gets in the end; nothing: a human is called.
struct Fault {
    const char* name;
    std::vector<const char*> url;      // how the next requests for a signed URL are answered
    std::vector<const char*> socket;   // and the next handshakes
    std::vector<const char*> replies;  // what the agent does
    const char* answer;
};

const std::vector<Fault> faults{
    {"well", {}, {}, {R"({"text": "Yes."})"}, "Yes."},
    {"no signed URL at first",
     {R"({"form": "status", "status": 500})"},
     {},
     {R"({"text": "Yes."})"},
     "Yes."},
    {"no signed URL at all",
     {R"({"form": "status", "status": 500})", R"({"form": "status", "status": 500})"},
     {},
     {},
     nullptr},
    {"a URL that is garbage", {R"({"form": "garbage"})"}, {}, {R"({"text": "Yes."})"}, "Yes."},
    {"reset instead of a URL", {R"({"form": "reset"})"}, {}, {R"({"text": "Yes."})"}, "Yes."},
    {"a handshake refused",
     {},
     {R"({"form": "status", "status": 503})"},
     {R"({"text": "Yes."})"},
     "Yes."},
    {"a handshake reset", {}, {R"({"form": "reset"})"}, {R"({"text": "Yes."})"}, "Yes."},
    {"the model fails once",
     {},
     {},
     {R"({"error": {"error_type": "llm_error", "code": 1002}})", R"({"text": "Yes."})"},
     "Yes."},
    {"the server fails once",
     {},
     {},
     {R"({"error": {"error_type": "unknown_websocket_crash", "code": 1011}})",
      R"({"text": "Yes."})"},
     "Yes."},
    {"closed without a word", {}, {}, {R"({"close": 1000})", R"({"text": "Yes."})"}, "Yes."},
    {"the line breaks", {}, {}, {R"({"reset": true})", R"({"text": "Yes."})"}, "Yes."},
    {"the line breaks twice", {}, {}, {R"({"reset": true})", R"({"reset": true})"}, nullptr},
    {"slow", {}, {}, {R"({"delay_ms": 4000, "text": "Yes."})"}, "Yes."},
    {"corrected", {}, {}, {R"({"text": "Yes, and", "correction": "Yes."})"}, "Yes."},
    {"a greeting that comes late",
     {},
     {},
     {R"({"tentative": "Hello! How can I help you today?", "text": "Yes."})"},
     "Yes."},
    {"two answers about a tool",
     {},
     {},
     {R"({"tool": "stock", "texts": ["Let me see.", "Yes."], "complete": true})"},
     "Let me see.\nYes."},
    {"long",
     {},
     {},
     {R"({"text": "Zwölf Räder stehen hier: rot, grün und blau 🚲."})"},
     "Zwölf Räder stehen hier: rot, grün und blau 🚲."},
    {"silent, then not", {}, {}, {R"({"silence": true})", R"({"text": "Yes."})"}, "Yes."},
    // Its owner has to enable the event; to ask again would not help.
    {"parts, never the whole", {}, {}, {R"({"text": "Yes", "parts_only": true})"}, nullptr},
};

std::string customer_of(size_t number) {
    return "+1" + std::to_string(5557600000ULL + number);
}

}  // namespace

/// However the agent fails, a customer is answered once, or a human is called.
class AgentFaultsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgentFaultsTest);
    CPPUNIT_TEST(every_text_is_answered_once_or_calls_a_human);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_text_is_answered_once_or_calls_a_human() {
        BikeStore store = answered_by_agent(twilio_.url(), elevenlabs_.settings());
        store.more = "conversation: {coalesce_ms: 50}\n";
        gateway_ = std::make_unique<Gateway>(settings(store));
        gateway_->start();
        twilio_.calls(*gateway_, "twilio");
        elevenlabs_.calls(*gateway_, "elevenlabs");
        elevenlabs_.order("agent", {{"post_call", true}});
        Screen screen(*gateway_);
        screen.events();
        std::string wrong;
        for (size_t i = 0; i < faults.size(); ++i) wrong += judged(screen, faults[i], i);
        CPPUNIT_ASSERT_EQUAL(std::string(), wrong);
        CPPUNIT_ASSERT_EQUAL(std::string(), twilio_.violations());
        CPPUNIT_ASSERT_EQUAL(std::string(), elevenlabs_.violations());
        // The text conversations were told of by webhook; they are no calls.
        CPPUNIT_ASSERT(screen.events("call_ended").empty());
        CPPUNIT_ASSERT(screen.events("call_initiated").empty());
    }

private:
    /// What is not as it should be; empty: nothing. One at a time: the agent's replies are
    /// in one line.
    std::string judged(Screen& screen, const Fault& fault, size_t number) {
        const auto add = [&](const char* endpoint, const std::vector<const char*>& moods) {
            for (const char* text : moods) {
                Json mood = Json::parse(text);
                mood["endpoint"] = endpoint;
                elevenlabs_.mood(mood);
            }
        };
        add("signed_url", fault.url);
        add("socket", fault.socket);
        for (const char* reply : fault.replies) elevenlabs_.order("reply", Json::parse(reply));
        const std::string phone = customer_of(number);
        const Json got = twilio_.receive(phone, "Is the red one in stock?");
        CPPUNIT_ASSERT_EQUAL(200, got.at("status").get<int>());

        const auto begin = std::chrono::steady_clock::now();
        await([&] { return !sent_to(phone).empty() || human_called(screen, phone); }, patience);
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - begin);
        elevenlabs_.calm();
        std::string said;
        for (const std::string& text : sent_to(phone)) said += (said.empty() ? "" : "|") + text;
        const bool human = human_called(screen, phone);
        const bool good = fault.answer ? said == fault.answer && !human : said.empty() && human;
        std::cerr << (good ? "" : "WRONG ") << fault.name << ": " << said
                  << (human ? "a human is called" : "") << " after " << waited.count() << " s\n";
        return good ? "" : std::string(fault.name) + ": " + said + (human ? ", human" : "") + '\n';
    }

    std::vector<std::string> sent_to(const std::string& phone) {
        std::vector<std::string> texts;
        for (const Json& message : twilio_.messages())
            if (message.at("to") == phone) texts.push_back(message.at("body"));
        return texts;
    }

    static bool human_called(Screen& screen, const std::string& phone) {
        for (const Json& event : screen.events("needs_human"))
            if (event.at("phoneNumber") == phone) return true;
        return false;
    }

    FakeTwilio twilio_;
    FakeElevenLabs elevenlabs_;
    std::unique_ptr<Gateway> gateway_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AgentFaultsTest);

}  // namespace tandem::flow
