#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>

#include "tandem/plugin/auth.hpp"
#include "tandem/plugin/channel.hpp"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/responder.hpp"
#include "tandem/plugin/testing.hpp"
#include "tandem/plugin/voice.hpp"
#include "tandem/plugin/webhook.hpp"

namespace tandem::plugin {

namespace {

/// Has every stable capability, and fails as its option says.
class Everything : public Plugin,
                   public Webhook,
                   public Channel,
                   public Voice,
                   public Responder,
                   public Auth {
public:
    explicit Everything(Host host) : host_(std::move(host)) {
        fails_ = host_.config().find_text("fails").value_or("");
        trip("create");
        living += 1;
    }
    ~Everything() override { living -= 1; }

    static Description describe() {
        Description description;
        description.id = "com.example.everything";
        description.name = "n";
        description.version = "v";
        description.vendor = "w";
        description.licence = "l";
        description.homepage = "h";
        description.options = {{"fails", TANDEM_OPTION_TEXT, 0, {}, "where"},
                               {"list", TANDEM_OPTION_TEXT_LIST,
                                TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET, "x", "many"}};
        description.serial = true;
        return description;
    }

    void start() override { trip("start"); }
    void stop() override { trip("stop"); }

    std::vector<Route> routes() override {
        trip("routes");
        return {Route{"POST", "in"}, Route{"GET", "inner", true}};
    }
    void verify(const WebhookRequest&) override { trip("verify"); }
    void normalise(const WebhookRequest& request, WebhookSink& sink) override {
        trip("normalise");
        MessageReceived event;
        event.text = std::string(request.body);
        more_wanted = sink.event(event);
        sink.answer({201, "t", "b"});
    }
    Receipt send(const OutboundMessage& message) override {
        trip("send");
        return Receipt::accepted("id-" + std::string(message.message_id));
    }
    std::uint32_t max_text_units() override {
        trip("limits");
        return 160;
    }
    Receipt start_call(const OutboundCall& call) override {
        trip("start_call");
        return Receipt::accepted("call-" + std::string(call.call_id));
    }
    void respond(const Turn& turn, ReplySink& sink) override {
        trip("respond");
        if (sink.text("you said ")) sink.text(turn.text);
        sink.needs_human("asked");
    }
    Identity authenticate(std::string_view token, tandem_time now) override {
        trip("authenticate");
        Identity identity;
        identity.subject = std::string(token);
        identity.expires_at = now + 1;
        return identity;
    }

    static inline int living = 0;
    static inline bool more_wanted = false;

private:
    void trip(const std::string& where) const {
        if (fails_ == where) throw std::runtime_error("tripped in " + where);
    }

    Host host_;
    std::string fails_;
};

class OnlyAuth : public Plugin, public Auth {
public:
    explicit OnlyAuth(const Host&) {}
    static Description describe() { return {}; }
    Identity authenticate(std::string_view, tandem_time) override { return {}; }
};

class Indescribable : public Plugin {
public:
    explicit Indescribable(const Host&) {}
    static Description describe() { throw std::runtime_error("no words"); }
};

/// An instance made and ended as a host does it.
class Living {
public:
    explicit Living(const std::string& fails = "") {
        if (!fails.empty()) fake.option("fails", fails);
        status = descriptor->create(fake.raw(), view("one"), &instance, &error);
    }
    ~Living() {
        if (instance != nullptr) descriptor->destroy(instance);
    }
    Living(const Living&) = delete;
    Living& operator=(const Living&) = delete;

    template <typename Table>
    const Table* table(const char* id) const {
        return static_cast<const Table*>(instance->extension(instance->self, view(id)));
    }
    void* self() const { return instance->self; }
    /// The words of a failure.
    std::string words() const { return error_text(error); }

    const tandem_descriptor* descriptor = Entry<Everything>::descriptor();
    testing::FakeHost fake;
    const tandem_instance* instance = nullptr;
    tandem_error error = sized<tandem_error>();
    tandem_status status = TANDEM_OK;
};

tandem_receipt_sink receipt_sink(std::string* provider_id) {
    auto sink = sized<tandem_receipt_sink>();
    sink.context = provider_id;
    sink.receipt = [](void* context, const tandem_receipt* receipt) {
        *static_cast<std::string*>(context) += text(receipt->provider_id);
    };
    return sink;
}

}  // namespace

class EntryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EntryTest);
    CPPUNIT_TEST(the_descriptor_is_constant_and_says_what_describe_says);
    CPPUNIT_TEST(kinds_follow_from_the_base_classes);
    CPPUNIT_TEST(extensions_are_found_by_exact_id_and_equal_the_kinds);
    CPPUNIT_TEST(describing_that_throws_gives_no_descriptor);
    CPPUNIT_TEST(instances_come_and_go_in_any_number);
    CPPUNIT_TEST(a_constructor_that_throws_fails_create_with_its_words);
    CPPUNIT_TEST(every_operation_reaches_the_class);
    CPPUNIT_TEST(whatever_an_operation_throws_becomes_a_status_with_text);
    CPPUNIT_TEST(a_sink_that_wants_no_more_is_told_to_the_plugin);
    CPPUNIT_TEST(short_structs_of_an_older_host_are_respected);
    CPPUNIT_TEST(what_a_class_does_not_write_is_unsupported);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_descriptor_is_constant_and_says_what_describe_says() {
        const tandem_descriptor* descriptor = Entry<Everything>::descriptor();
        CPPUNIT_ASSERT(descriptor == Entry<Everything>::descriptor());
        CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof *descriptor), descriptor->size);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_ABI_MINOR}, descriptor->abi_minor_built);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_ABI_MINOR}, descriptor->abi_minor_required);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_PLUGIN_SERIAL}, descriptor->flags);
        CPPUNIT_ASSERT(text(descriptor->id) == "com.example.everything");
        CPPUNIT_ASSERT(text(descriptor->name) == "n");
        CPPUNIT_ASSERT(text(descriptor->version) == "v");
        CPPUNIT_ASSERT(text(descriptor->vendor) == "w");
        CPPUNIT_ASSERT(text(descriptor->licence) == "l");
        CPPUNIT_ASSERT(text(descriptor->homepage) == "h");
        CPPUNIT_ASSERT_EQUAL(size_t{2}, descriptor->option_count);
        const tandem_option& first = *descriptor->options[0];
        CPPUNIT_ASSERT(first.default_value.data == nullptr);
        const tandem_option& second = *descriptor->options[1];
        CPPUNIT_ASSERT_EQUAL(static_cast<uint32_t>(sizeof second), second.size);
        CPPUNIT_ASSERT_EQUAL(uint32_t{TANDEM_OPTION_TEXT_LIST}, second.type);
        CPPUNIT_ASSERT_EQUAL(TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET, second.flags);
        CPPUNIT_ASSERT(text(second.name) == "list");
        CPPUNIT_ASSERT(text(second.default_value) == "x");
        CPPUNIT_ASSERT(text(second.description) == "many");
    }

    void kinds_follow_from_the_base_classes() {
        CPPUNIT_ASSERT(kinds(Entry<Everything>::descriptor()) ==
                       (std::set<std::string>{TANDEM_WEBHOOK, TANDEM_CHANNEL, TANDEM_VOICE,
                                              TANDEM_RESPONDER, TANDEM_AUTH}));
        CPPUNIT_ASSERT(kinds(Entry<OnlyAuth>::descriptor()) == std::set<std::string>{TANDEM_AUTH});
    }

    void extensions_are_found_by_exact_id_and_equal_the_kinds() {
        Living living;
        for (const std::string& kind : kinds(living.descriptor)) {
            const auto* table = living.table<tandem_channel>(kind.c_str());
            CPPUNIT_ASSERT(table != nullptr);
            CPPUNIT_ASSERT(table == living.table<tandem_channel>(kind.c_str()));
            CPPUNIT_ASSERT(living.table<void>((kind + "0").c_str()) == nullptr);
            CPPUNIT_ASSERT(living.table<void>(kind.substr(1).c_str()) == nullptr);
        }
        CPPUNIT_ASSERT(living.table<void>("") == nullptr);
        CPPUNIT_ASSERT(living.table<void>("tandem.store/1") == nullptr);
        CPPUNIT_ASSERT(Entry<OnlyAuth>::extension(nullptr, view(TANDEM_CHANNEL)) == nullptr);
    }

    void describing_that_throws_gives_no_descriptor() {
        CPPUNIT_ASSERT(Entry<Indescribable>::descriptor() == nullptr);
    }

    void instances_come_and_go_in_any_number() {
        {
            Living first;
            Living second;
            CPPUNIT_ASSERT_EQUAL(2, Everything::living);
            CPPUNIT_ASSERT(first.self() != second.self());
            CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_OK},
                                 first.instance->start(first.self(), &first.error));
            first.instance->stop(first.self());
        }
        CPPUNIT_ASSERT_EQUAL(0, Everything::living);
    }

    void a_constructor_that_throws_fails_create_with_its_words() {
        Living living("create");
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL}, living.status);
        CPPUNIT_ASSERT_EQUAL(std::string("tripped in create"), living.words());
        CPPUNIT_ASSERT(living.instance == nullptr);
        CPPUNIT_ASSERT_EQUAL(0, Everything::living);
    }

    void every_operation_reaches_the_class() {
        Living living;
        tandem_error& error = living.error;
        std::string routes;
        auto route_sink = sized<tandem_webhook_route_sink>();
        route_sink.context = &routes;
        route_sink.route = [](void* context, const tandem_webhook_route* route) {
            *static_cast<std::string*>(context) += std::string(text(route->method)) + " " +
                                                   std::string(text(route->path)) +
                                                   std::to_string(route->flags) + ";";
            return tandem_status{TANDEM_OK};
        };
        const auto* webhook = living.table<tandem_webhook>(TANDEM_WEBHOOK);
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, webhook->routes(living.self(), &route_sink, &error));
        CPPUNIT_ASSERT_EQUAL(std::string("POST in0;GET inner1;"), routes);

        auto request = sized<tandem_webhook_request>();
        request.body = view("hello");
        testing::RecordedWebhook said;
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, webhook->verify(living.self(), &request, &error));
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK,
                             webhook->normalise(living.self(), &request, said.raw(), &error));
        CPPUNIT_ASSERT_EQUAL(std::string("hello"),
                             std::get<MessageReceived>(said.events().at(0)).text);
        CPPUNIT_ASSERT_EQUAL(int32_t{201}, said.answer()->status);

        std::string ids;
        const tandem_receipt_sink receipts = receipt_sink(&ids);
        auto message = sized<tandem_outbound_message>();
        message.message_id = view("1,");
        living.table<tandem_channel>(TANDEM_CHANNEL)
            ->send(living.self(), &message, &receipts, &error);
        auto call = sized<tandem_outbound_call>();
        call.call_id = view("2");
        living.table<tandem_voice>(TANDEM_VOICE)
            ->start_call(living.self(), &call, &receipts, &error);
        CPPUNIT_ASSERT_EQUAL(std::string("id-1,call-2"), ids);

        auto limits = sized<tandem_channel_limits>();
        living.table<tandem_channel>(TANDEM_CHANNEL)->limits(living.self(), &limits);
        CPPUNIT_ASSERT_EQUAL(uint32_t{160}, limits.max_text_units);

        std::string subject;
        auto identities = sized<tandem_identity_sink>();
        identities.context = &subject;
        identities.identity = [](void* context, const tandem_identity* identity) {
            *static_cast<std::string*>(context) =
                std::string(text(identity->subject)) + std::to_string(identity->expires_at);
        };
        living.table<tandem_auth>(TANDEM_AUTH)
            ->authenticate(living.self(), view("token"), 41, &identities, &error);
        CPPUNIT_ASSERT_EQUAL(std::string("token42"), subject);

        auto turn = sized<tandem_turn>();
        turn.text = view("hi");
        testing::RecordedReply reply;
        living.table<tandem_responder>(TANDEM_RESPONDER)
            ->respond(living.self(), &turn, reply.raw(), &error);
        CPPUNIT_ASSERT_EQUAL(std::string("you said hi"), reply.whole());
        CPPUNIT_ASSERT_EQUAL(std::string("asked"), reply.human_asked().value());
    }

    void whatever_an_operation_throws_becomes_a_status_with_text() {
        expect_trip("start", [](Living& living) {
            return living.instance->start(living.self(), &living.error);
        });
        expect_trip("routes", [](Living& living) {
            const auto sink = sized<tandem_webhook_route_sink>();
            return living.table<tandem_webhook>(TANDEM_WEBHOOK)
                ->routes(living.self(), &sink, &living.error);
        });
        const auto request = sized<tandem_webhook_request>();
        testing::RecordedWebhook said;
        expect_trip("verify", [&](Living& living) {
            return living.table<tandem_webhook>(TANDEM_WEBHOOK)
                ->verify(living.self(), &request, &living.error);
        });
        expect_trip("normalise", [&](Living& living) {
            return living.table<tandem_webhook>(TANDEM_WEBHOOK)
                ->normalise(living.self(), &request, said.raw(), &living.error);
        });
        std::string ids;
        const tandem_receipt_sink receipts = receipt_sink(&ids);
        expect_trip("send", [&](Living& living) {
            const auto message = sized<tandem_outbound_message>();
            return living.table<tandem_channel>(TANDEM_CHANNEL)
                ->send(living.self(), &message, &receipts, &living.error);
        });
        expect_trip("start_call", [&](Living& living) {
            const auto call = sized<tandem_outbound_call>();
            return living.table<tandem_voice>(TANDEM_VOICE)
                ->start_call(living.self(), &call, &receipts, &living.error);
        });
        expect_trip("respond", [](Living& living) {
            const auto turn = sized<tandem_turn>();
            testing::RecordedReply reply;
            return living.table<tandem_responder>(TANDEM_RESPONDER)
                ->respond(living.self(), &turn, reply.raw(), &living.error);
        });
        expect_trip("authenticate", [](Living& living) {
            const auto sink = sized<tandem_identity_sink>();
            return living.table<tandem_auth>(TANDEM_AUTH)
                ->authenticate(living.self(), view("t"), 0, &sink, &living.error);
        });
        CPPUNIT_ASSERT_EQUAL(std::string(), ids);

        Living stopping("stop");
        stopping.instance->stop(stopping.self());
        Living limited("limits");
        auto limits = sized<tandem_channel_limits>();
        limited.table<tandem_channel>(TANDEM_CHANNEL)->limits(limited.self(), &limits);
        CPPUNIT_ASSERT_EQUAL(uint32_t{0}, limits.max_text_units);
    }

    void a_sink_that_wants_no_more_is_told_to_the_plugin() {
        Living living;
        const auto* webhook = living.table<tandem_webhook>(TANDEM_WEBHOOK);
        const auto request = sized<tandem_webhook_request>();
        testing::RecordedWebhook said;
        webhook->normalise(living.self(), &request, said.raw(), &living.error);
        CPPUNIT_ASSERT(Everything::more_wanted);
        said.reply(TANDEM_STOP);
        webhook->normalise(living.self(), &request, said.raw(), &living.error);
        CPPUNIT_ASSERT(!Everything::more_wanted);
        said.reply(TANDEM_INVALID);
        CPPUNIT_ASSERT_EQUAL(
            tandem_status{TANDEM_INVALID},
            webhook->normalise(living.self(), &request, said.raw(), &living.error));
    }

    void short_structs_of_an_older_host_are_respected() {
        Living living;
        tandem_channel_limits limits{offsetof(tandem_channel_limits, max_text_units), 7};
        living.table<tandem_channel>(TANDEM_CHANNEL)->limits(living.self(), &limits);
        CPPUNIT_ASSERT_EQUAL(uint32_t{7}, limits.max_text_units);

        testing::RecordedWebhook said;
        tandem_webhook_sink sink = *said.raw();
        sink.size = offsetof(tandem_webhook_sink, answer);
        const auto request = sized<tandem_webhook_request>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNSUPPORTED},
                             living.table<tandem_webhook>(TANDEM_WEBHOOK)
                                 ->normalise(living.self(), &request, &sink, &living.error));
        CPPUNIT_ASSERT_EQUAL(0, said.answers());

        testing::RecordedReply reply;
        tandem_reply_sink replies = *reply.raw();
        replies.size = offsetof(tandem_reply_sink, needs_human);
        const auto turn = sized<tandem_turn>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_OK},
                             living.table<tandem_responder>(TANDEM_RESPONDER)
                                 ->respond(living.self(), &turn, &replies, &living.error));
        CPPUNIT_ASSERT(!reply.human_asked());
    }

    void what_a_class_does_not_write_is_unsupported() {
        Living living;
        const auto* voice = living.table<tandem_voice>(TANDEM_VOICE);
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNSUPPORTED},
                             voice->hang_up(living.self(), view("x"), &living.error));
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_UNSUPPORTED},
                             voice->transfer(living.self(), view("x"), view("y"), &living.error));
        const auto request = sized<tandem_webhook_request>();
        testing::RecordedWebhook said;
        CPPUNIT_ASSERT_EQUAL(
            tandem_status{TANDEM_UNSUPPORTED},
            living.table<tandem_webhook>(TANDEM_WEBHOOK)
                ->render_context(living.self(), &request, nullptr, 0, said.raw(), &living.error));
        CPPUNIT_ASSERT(living.error.text_size > 0);
    }

private:
    static std::set<std::string> kinds(const tandem_descriptor* descriptor) {
        std::set<std::string> kinds;
        for (size_t i = 0; i < descriptor->kind_count; ++i) {
            kinds.emplace(text(descriptor->kinds[i]));
        }
        return kinds;
    }

    template <typename Operation>
    static void expect_trip(const std::string& where, Operation&& operation) {
        Living living(where);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where, tandem_status{TANDEM_INTERNAL}, operation(living));
        CPPUNIT_ASSERT_EQUAL("tripped in " + where, living.words());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EntryTest);

}  // namespace tandem::plugin
