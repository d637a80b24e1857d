#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "tandem/host/auth.hpp"
#include "tandem/host/channel.hpp"
#include "tandem/host/instance.hpp"
#include "tandem/host/reconcile.hpp"
#include "tandem/host/responder.hpp"
#include "tandem/host/services.hpp"
#include "tandem/host/voice.hpp"
#include "tandem/host/webhook.hpp"
#include "unit/sdk/mirror.h"

namespace tandem {

namespace {

void same_head(const host::EventHead& head, const std::string& key) {
    CPPUNIT_ASSERT_EQUAL(key, head.dedupe_key);
    CPPUNIT_ASSERT_EQUAL("business " + key, head.business_address);
    CPPUNIT_ASSERT_EQUAL("customer " + key, head.customer_address);
    CPPUNIT_ASSERT_EQUAL(tandem_time{4711}, head.happened_at);
}

}  // namespace

/// The author's classes below the host's: each record crosses with a value of its own in every
/// member, so that a member lost or exchanged on either side is seen.
class AcrossTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AcrossTest);
    CPPUNIT_TEST(services_cross);
    CPPUNIT_TEST(webhooks_cross);
    CPPUNIT_TEST(messages_and_their_status_cross);
    CPPUNIT_TEST(calls_cross);
    CPPUNIT_TEST(sending_crosses);
    CPPUNIT_TEST(calling_crosses);
    CPPUNIT_TEST(looking_up_crosses);
    CPPUNIT_TEST(what_was_missed_crosses);
    CPPUNIT_TEST(websockets_cross);
    CPPUNIT_TEST(turns_and_replies_cross);
    CPPUNIT_TEST(identities_cross);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        const tandem_descriptor* descriptor = plugin::Entry<Mirror>::descriptor();
        CPPUNIT_ASSERT(instance_.create(*descriptor, table_.get(), "name").ok());
    }

    void services_cross() {
        CPPUNIT_ASSERT_EQUAL(std::string(), instance_.start().text);
        CPPUNIT_ASSERT_EQUAL(std::string("[name][words][-5][1][second][nothing][1000][2000][207]"
                                         "[answer body][yes]"),
                             seen);
        CPPUNIT_ASSERT_EQUAL(std::string("2a linenamevalue"), services_.line);
        CPPUNIT_ASSERT_EQUAL(std::string("PUTurlnvrequest body55"), services_.asked);
    }

    void webhooks_cross() {
        const auto webhook = capability<host::Webhook>(TANDEM_WEBHOOK);
        std::vector<host::WebhookRoute> routes;
        CPPUNIT_ASSERT(webhook.routes(routes).ok());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, routes.size());
        CPPUNIT_ASSERT_EQUAL(std::string("POST"), routes[0].method);
        CPPUNIT_ASSERT_EQUAL(std::string("b"), routes[1].path);
        CPPUNIT_ASSERT(!routes[0].internal && routes[1].internal);

        const host::WebhookRequest request{
            "method", "public", "target", "path", {{"a", "b"}, {"c", "d"}}, "body", 88};
        const host::Outcome outcome = webhook.verify(request);
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNAUTHORIZED}, outcome.status);
        CPPUNIT_ASSERT_EQUAL(std::string("forged"), outcome.text);
        CPPUNIT_ASSERT_EQUAL(uint32_t{3}, outcome.retry_after_ms);
        CPPUNIT_ASSERT_EQUAL(std::string("[method][public][target][path][body][88][c][d]"), seen);

        host::Normalised rendered;
        CPPUNIT_ASSERT(webhook.render_context(request, {{"n", "v"}}, rendered).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[n][v]"), seen);
        CPPUNIT_ASSERT_EQUAL(std::string("rendered"), rendered.answer->body);
    }

    void messages_and_their_status_cross() {
        const host::Normalised normalised = normalise();
        const auto& message = std::get<host::MessageReceived>(normalised.events.at(0));
        same_head(message, "received");
        CPPUNIT_ASSERT_EQUAL(std::string("provider id"), message.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("text"), message.text);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, message.media.size());
        CPPUNIT_ASSERT_EQUAL(std::string("url 2"), message.media[1].url);
        CPPUNIT_ASSERT_EQUAL(std::string("type 2"), message.media[1].content_type);
        CPPUNIT_ASSERT_EQUAL(std::string("sender"), message.sender_name);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_OPT_START}, message.opt);

        const auto& status = std::get<host::MessageStatus>(normalised.events.at(1));
        same_head(status, "status");
        CPPUNIT_ASSERT_EQUAL(std::string("provider id"), status.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("message id"), status.message_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_DELIVERY_READ}, status.delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("word"), status.provider_word);
        CPPUNIT_ASSERT_EQUAL(std::string("code"), status.error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("error"), status.error_text);

        CPPUNIT_ASSERT_EQUAL(int32_t{202}, normalised.answer->status);
        CPPUNIT_ASSERT_EQUAL(std::string("type"), normalised.answer->content_type);
        CPPUNIT_ASSERT_EQUAL(std::string("body"), normalised.answer->body);
    }

    void calls_cross() {
        const host::Normalised normalised = normalise();
        const auto& started = std::get<host::CallStarted>(normalised.events.at(2));
        same_head(started, "started");
        CPPUNIT_ASSERT_EQUAL(std::string("call"), started.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string("conversation"), started.conversation_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_CALL_OUTBOUND}, started.direction);
        CPPUNIT_ASSERT(started.asks_context);
        CPPUNIT_ASSERT_EQUAL(std::string("ours"), started.our_call_id);

        const auto& ended = std::get<host::CallEnded>(normalised.events.at(3));
        same_head(ended, "ended");
        CPPUNIT_ASSERT_EQUAL(std::string("call"), ended.call_id);
        CPPUNIT_ASSERT_EQUAL(std::string("conversation"), ended.conversation_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_CALL_OUTBOUND}, ended.direction);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_OUTCOME_FAILURE}, ended.outcome);
        CPPUNIT_ASSERT_EQUAL(uint32_t{12}, ended.duration_s);
        CPPUNIT_ASSERT_EQUAL(std::string("reason"), ended.failure_reason);
        CPPUNIT_ASSERT_EQUAL(std::string("summary"), ended.summary);
        CPPUNIT_ASSERT_EQUAL(std::string("{\"a\":1}"), ended.analysis_json);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, ended.turns.size());
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_SPEAKER_HUMAN}, ended.turns[1].speaker);
        CPPUNIT_ASSERT_EQUAL(uint32_t{2}, ended.turns[1].seconds);
        CPPUNIT_ASSERT_EQUAL(std::string("two"), ended.turns[1].text);
        CPPUNIT_ASSERT_EQUAL(std::string("ours too"), ended.our_call_id);

        const auto& line = std::get<host::CallStatus>(normalised.events.at(4));
        same_head(line, "line");
        CPPUNIT_ASSERT_EQUAL(std::string("call"), line.call_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_LINE_NO_ANSWER}, line.line);
        CPPUNIT_ASSERT_EQUAL(uint32_t{7}, line.duration_s);
        CPPUNIT_ASSERT_EQUAL(std::string("no-answer"), line.provider_word);
        CPPUNIT_ASSERT_EQUAL(std::string("13224"), line.error_code);
    }

    void sending_crosses() {
        const auto channel = capability<host::Channel>(TANDEM_CHANNEL);
        host::OutboundMessage message;
        message.message_id = "id";
        message.from = "from";
        message.to = "to";
        message.text = "text";
        message.status_url = "url";
        message.deadline_ms = 77;
        host::Receipt receipt;
        CPPUNIT_ASSERT(channel.send(message, receipt).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[77][id][from][to][text][url]"), seen);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_SEND_REFUSED}, receipt.outcome);
        CPPUNIT_ASSERT_EQUAL(std::string("provider id"), receipt.provider_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_DELIVERY_FAILED}, receipt.delivery);
        CPPUNIT_ASSERT_EQUAL(uint32_t{66}, receipt.retry_after_ms);
        CPPUNIT_ASSERT_EQUAL(std::string("code"), receipt.error_code);
        CPPUNIT_ASSERT_EQUAL(std::string("error"), receipt.error_text);
        CPPUNIT_ASSERT(receipt.opted_out);
        CPPUNIT_ASSERT(receipt.account_refused);
        CPPUNIT_ASSERT_EQUAL(std::string("line"), receipt.line_id);
        CPPUNIT_ASSERT_EQUAL(uint32_t{3}, receipt.segments);
        CPPUNIT_ASSERT_EQUAL(uint32_t{321}, channel.max_text_units());
    }

    void calling_crosses() {
        const auto voice = capability<host::Voice>(TANDEM_VOICE);
        host::OutboundCall call;
        call.call_id = "id";
        call.from = "from";
        call.to = "to";
        call.variables = {{"n", "v"}};
        call.deadline_ms = 78;
        call.ring_s = 25;
        host::Receipt receipt;
        CPPUNIT_ASSERT(voice.start_call(call, receipt).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[78][id][from][to][n][v][25]"), seen);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_SEND_ACCEPTED}, receipt.outcome);
        CPPUNIT_ASSERT_EQUAL(std::string("provider call"), receipt.provider_id);
        CPPUNIT_ASSERT(voice.hang_up("line").ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[line]"), seen);
        CPPUNIT_ASSERT(voice.transfer("line", "phone").ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[line][phone]"), seen);
    }

    void looking_up_crosses() {
        host::OutboundMessage message;
        message.message_id = "id";
        message.to = "to";
        host::Receipt receipt;
        const auto channel = capability<host::Channel>(TANDEM_CHANNEL);
        CPPUNIT_ASSERT(channel.look_up(message, 4711, receipt).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[id][to][4711]"), seen);
        CPPUNIT_ASSERT_EQUAL(std::string("found"), receipt.provider_id);
        // This plugin's voice cannot be asked, and a table of older headers has no such
        // function: both are the same to the host.
        const auto voice = capability<host::Voice>(TANDEM_VOICE);
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNSUPPORTED},
                             voice.look_up({}, 4711, receipt).status);
        auto old = host::known_part<tandem_channel>(instance_.extension(TANDEM_CHANNEL));
        old.size = offsetof(tandem_channel, look_up);
        const host::Channel older(instance_.self(), &old);
        CPPUNIT_ASSERT(older.complete());
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNSUPPORTED},
                             older.look_up(message, 4711, receipt).status);
    }

    void what_was_missed_crosses() {
        const auto reconcile = capability<host::Reconcile>(TANDEM_RECONCILE);
        std::vector<std::string> keys;
        bool wants_more = true;
        host::MissedTaker taker;
        taker.known = [](std::string_view key) { return key == "old"; };
        taker.event = [&](host::Event&& event) -> tandem_status {
            std::visit([&](const auto& known) { keys.push_back(known.dedupe_key); }, event);
            return wants_more ? TANDEM_OK : TANDEM_STOP;
        };
        host::MissedAnswer answer;
        CPPUNIT_ASSERT(reconcile.missed({{"+1", "+2"}, 33, 44}, taker, answer).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[44][+2][33][1][0]"), seen);
        CPPUNIT_ASSERT(keys == (std::vector<std::string>{"first", "second"}));
        CPPUNIT_ASSERT_EQUAL(tandem_time{99}, answer.complete_until.value());

        wants_more = false;
        host::MissedAnswer stopped;
        CPPUNIT_ASSERT(reconcile.missed({{"+1", "+2"}, 33, 44}, taker, stopped).ok());
        CPPUNIT_ASSERT_EQUAL(size_t{3}, keys.size());
        CPPUNIT_ASSERT(!stopped.complete_until);

        CPPUNIT_ASSERT(reconcile.call("conversation", 55, taker, stopped).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[conversation][55]"), seen);
        CPPUNIT_ASSERT_EQUAL(std::string("over"), keys.back());
    }

    void websockets_cross() {
        const plugin::Host host(table_.get(), "name");
        std::vector<std::string> closed;
        services_.line_of_closes = &closed;
        {
            const auto connection = host.websocket().open({"wss://x/y", {{"n", "v"}}, 66});
            CPPUNIT_ASSERT_EQUAL(std::string("wss://x/ynv66"), services_.asked);
            connection->send("hello");
            const plugin::Received message = connection->receive(7);
            CPPUNIT_ASSERT(message.kind == plugin::Received::Kind::Message);
            CPPUNIT_ASSERT_EQUAL(std::string("hello after 7"), message.text);
            CPPUNIT_ASSERT(connection->receive(0).kind == plugin::Received::Kind::Nothing);
            const plugin::Received end = connection->receive(1000);
            CPPUNIT_ASSERT(end.kind == plugin::Received::Kind::Closed);
            CPPUNIT_ASSERT_EQUAL(std::uint32_t{1013}, end.close_code);
            CPPUNIT_ASSERT_EQUAL(std::string("later"), end.reason);
            CPPUNIT_ASSERT_THROW(connection->send("broken"), plugin::Failure);
        }
        CPPUNIT_ASSERT(closed == std::vector<std::string>{"1001"});
        try {
            host.websocket().open({"wss://forbidden", {}, 1});
            CPPUNIT_FAIL("it opened");
        } catch (const plugin::Failure& failure) {
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_FORBIDDEN}, failure.code());
            CPPUNIT_ASSERT_EQUAL(std::string("403"), std::string(failure.what()));
        }
    }

    void turns_and_replies_cross() {
        host::Turn turn;
        turn.turn_id = "id";
        turn.customer = "customer";
        turn.text = "text";
        turn.variables = {{"n", "v"}};
        turn.deadline_ms = 79;
        host::Reply reply;
        CPPUNIT_ASSERT(capability<host::Responder>(TANDEM_RESPONDER).respond(turn, reply).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[79][id][customer][text][n][v]"), seen);
        CPPUNIT_ASSERT_EQUAL(std::string("one two"), reply.text);
        CPPUNIT_ASSERT(reply.asked_for_human);
        CPPUNIT_ASSERT_EQUAL(std::string("reason"), reply.needs_human);
    }

    void identities_cross() {
        host::Identity identity;
        CPPUNIT_ASSERT(
            capability<host::Auth>(TANDEM_AUTH).authenticate("token", 90, identity).ok());
        CPPUNIT_ASSERT_EQUAL(std::string("[token][90]"), seen);
        CPPUNIT_ASSERT_EQUAL(std::string("subject"), identity.subject);
        CPPUNIT_ASSERT_EQUAL(std::string("organization"), identity.organization);
        CPPUNIT_ASSERT_EQUAL(std::string("name"), identity.name);
        CPPUNIT_ASSERT_EQUAL(std::string("email"), identity.email);
        CPPUNIT_ASSERT(identity.permissions == (std::vector<std::string>{"p", "q"}));
        CPPUNIT_ASSERT_EQUAL(tandem_time{12}, identity.issued_at);
        CPPUNIT_ASSERT_EQUAL(tandem_time{34}, identity.expires_at);
        CPPUNIT_ASSERT_EQUAL(std::string("credential"), identity.credential_id);
    }

private:
    template <typename Known>
    Known capability(const char* id) const {
        const void* table = instance_.extension(id);
        CPPUNIT_ASSERT_MESSAGE(id, table != nullptr);
        return Known(instance_.self(), table);
    }

    host::Normalised normalise() const {
        host::Normalised normalised;
        const host::Outcome outcome =
            capability<host::Webhook>(TANDEM_WEBHOOK).normalise({}, normalised);
        CPPUNIT_ASSERT_EQUAL(std::string(), outcome.text);
        CPPUNIT_ASSERT_EQUAL(size_t{5}, normalised.events.size());
        return normalised;
    }

    Remembering services_;
    host::HostTable table_{services_};
    host::Instance instance_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AcrossTest);

}  // namespace tandem
