#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/load.h"

namespace {

namespace fs = std::filesystem;
using namespace tandem;
using deliver::Receipt;

/// What a plugin does wrong stays its own: the rooms see clean values or an error.
class ProxiesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProxiesTest);
    CPPUNIT_TEST(an_instance_has_a_port_for_each_of_its_kinds);
    CPPUNIT_TEST(verify_passes_for_nothing_but_ok);
    CPPUNIT_TEST(events_arrive_as_they_were_given);
    CPPUNIT_TEST(values_of_newer_plugins_become_other);
    CPPUNIT_TEST(a_struct_of_older_headers_is_read_to_its_end_only);
    CPPUNIT_TEST(text_is_repaired_and_garbage_times_are_dropped);
    CPPUNIT_TEST(an_answer_that_cannot_be_sent_is_an_error);
    CPPUNIT_TEST(context_is_rendered_from_all_variables);
    CPPUNIT_TEST(a_send_that_nobody_can_vouch_for_is_unknown);
    CPPUNIT_TEST(receipts_keep_their_kind);
    CPPUNIT_TEST(a_serial_plugin_is_called_by_one_thread_at_a_time);
    CPPUNIT_TEST(identities_are_one_or_none);
    CPPUNIT_TEST(replies_are_joined_bounded_and_never_empty);
    CPPUNIT_TEST(after_stop_ports_answer_that_their_instance_has_ended);
    CPPUNIT_TEST(two_instances_of_one_name_are_refused);
    CPPUNIT_TEST(a_renewed_instance_stands_behind_the_same_ports_and_loses_no_call);
    CPPUNIT_TEST(all_are_renewed_or_none);
    CPPUNIT_TEST(a_renewed_way_to_sign_in_must_be_able_to_judge);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = fs::temp_directory_path() / "tandem-proxies-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()));
        folder_ = pattern;
        fs::copy_file(ODD_PLUGIN, fs::path(folder_) / "tandem-odd.so");
        fs::permissions(fs::path(folder_) / "tandem-odd.so", fs::perms(0644));
        registry_ = load::make_registry({{folder_}, ::geteuid(), ""}, {});
        auto made = registry_->create({.id = "odd", .plugin = "odd", .options = {}, .where = ""});
        CPPUNIT_ASSERT_MESSAGE(made ? "" : made.error().text, bool(made));
        odd_ = *made;
        CPPUNIT_ASSERT(registry_->start());
    }

    void tearDown() override {
        registry_->stop();
        fs::remove_all(folder_);
    }

    void an_instance_has_a_port_for_each_of_its_kinds() {
        CPPUNIT_ASSERT(odd_.webhook && odd_.channel && odd_.responder && odd_.authenticator);
        CPPUNIT_ASSERT(!odd_.store && !odd_.voice);
        CPPUNIT_ASSERT_EQUAL(std::string("odd"), odd_.webhook->instance());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, odd_.webhook->routes().size());
        CPPUNIT_ASSERT(!odd_.webhook->routes()[0].internal);
        CPPUNIT_ASSERT(odd_.webhook->routes()[1].internal);
        // It did not say how long a text may be.
        CPPUNIT_ASSERT_EQUAL(160u, odd_.channel->max_text_units());
    }

    void verify_passes_for_nothing_but_ok() {
        CPPUNIT_ASSERT(odd_.webhook->verify(request("fine")));
        refused(odd_.webhook->verify(request("forged")), Code::Unauthorized,
                "odd: the signature differs");
        refused(odd_.webhook->verify(request("throw")), Code::Internal, "verify fell over");
        refused(odd_.webhook->verify(request("pending")), Code::Internal, "neither OK nor");
        refused(odd_.webhook->verify(request("silent")), Code::Unauthorized, "gave no reason");
        refused(odd_.webhook->verify(request("strange")), Code::Internal, "gave no reason");
    }

    void events_arrive_as_they_were_given() {
        const auto said = odd_.webhook->normalise(request("text:stop"));
        CPPUNIT_ASSERT(said);
        const auto& message = std::get<receive::MessageReceived>(said->events.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("stop"), message.text);
        CPPUNIT_ASSERT_EQUAL(std::string("key"), message.dedupe_key);
        CPPUNIT_ASSERT_EQUAL(std::string("+15550001111"), message.customer_address);
        CPPUNIT_ASSERT_EQUAL(std::string("https://media.example/1"), message.media.at(0).url);
        CPPUNIT_ASSERT(message.opt == domain::OptWord::Stop);
        CPPUNIT_ASSERT_EQUAL(int64_t{1'700'000'000'123},
                             int64_t{message.happened_at.time_since_epoch().count()});
        CPPUNIT_ASSERT_EQUAL(std::string("<Response/>"), said->answer.body);
        CPPUNIT_ASSERT_EQUAL(std::string("text/xml"), said->answer.content_type);

        const auto status = odd_.webhook->normalise(request("status"));
        const auto& delivered = std::get<receive::MessageStatus>(status->events.at(0));
        CPPUNIT_ASSERT(delivered.known_word);
        CPPUNIT_ASSERT(delivered.delivery == domain::Delivery::Delivered);
        refused(odd_.webhook->normalise(request("nonsense")), Code::Invalid, "makes no sense");
        refused(odd_.webhook->normalise(request("throw")), Code::Internal, "an exception");
    }

    void values_of_newer_plugins_become_other() {
        const auto word = odd_.webhook->normalise(request("new word"));
        const auto& status = std::get<receive::MessageStatus>(word->events.at(0));
        CPPUNIT_ASSERT(!status.known_word);
        CPPUNIT_ASSERT(status.delivery == domain::Delivery::Unknown);
        CPPUNIT_ASSERT_EQUAL(std::string("teleported"), status.provider_word);
        const auto call = odd_.webhook->normalise(request("call"));
        const auto& ended = std::get<receive::CallEnded>(call->events.at(0));
        CPPUNIT_ASSERT(ended.outcome == domain::CallOutcome::Unknown);
        CPPUNIT_ASSERT(ended.direction == domain::CallDirection::Outbound);
        CPPUNIT_ASSERT(ended.turns.at(0).speaker == domain::Author::Ai);
        CPPUNIT_ASSERT(ended.turns.at(1).speaker == domain::Author::System);
        const auto kind = odd_.webhook->normalise(request("new kind"));
        CPPUNIT_ASSERT(kind && kind->events.empty());
        const auto opt = odd_.webhook->normalise(request("text:hello"));
        CPPUNIT_ASSERT(std::get<receive::MessageReceived>(opt->events.at(0)).opt ==
                       domain::OptWord::None);
    }

    void a_struct_of_older_headers_is_read_to_its_end_only() {
        const auto said = odd_.webhook->normalise(request("old struct"));
        const auto& message = std::get<receive::MessageReceived>(said->events.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("old"), message.text);
        CPPUNIT_ASSERT(message.media.empty() && message.sender_name.empty());
    }

    void text_is_repaired_and_garbage_times_are_dropped() {
        const std::string bad(
            "text:a\xFF"
            "b\0c\xED\xA0\x80",
            13);
        const auto said = odd_.webhook->normalise(request(bad));
        CPPUNIT_ASSERT_EQUAL(std::string("a\uFFFDb\uFFFDc\uFFFD\uFFFD\uFFFD"),
                             std::get<receive::MessageReceived>(said->events.at(0)).text);
        const auto times = odd_.webhook->normalise(request("text:times"));
        CPPUNIT_ASSERT(std::get<receive::MessageReceived>(times->events.at(0)).happened_at ==
                       Time{});
        const auto flood = odd_.webhook->normalise(request("flood"));
        CPPUNIT_ASSERT_EQUAL(size_t{1000}, flood->events.size());
    }

    void an_answer_that_cannot_be_sent_is_an_error() {
        refused(odd_.webhook->normalise(request("status 999")), Code::Internal, "status 999");
        refused(odd_.webhook->normalise(request("split")), Code::Internal, "content type");
        refused(odd_.webhook->normalise(request("huge")), Code::Internal, "larger than 1 MiB");
    }

    void context_is_rendered_from_all_variables() {
        const auto answer =
            odd_.webhook->render_context(request(""), {{"name", "Zoë"}, {"empty", ""}});
        CPPUNIT_ASSERT(answer);
        CPPUNIT_ASSERT_EQUAL(std::string("name=Zoë;empty=;"), answer->body);
    }

    void a_send_that_nobody_can_vouch_for_is_unknown() {
        for (const char* words : {"throw", "fail", "silence", "twice", "new outcome", "no id"}) {
            const Receipt receipt = send(words);
            CPPUNIT_ASSERT_MESSAGE(words, receipt.kind == Receipt::Kind::Unknown);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("odd: the provider is gone"), send("fail").error_text);
    }

    void receipts_keep_their_kind() {
        const Receipt accepted = send("hello");
        CPPUNIT_ASSERT(accepted.kind == Receipt::Kind::Accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("SM1"), accepted.provider_id);
        CPPUNIT_ASSERT(accepted.delivery == domain::Delivery::Queued);
        const Receipt refused = send("refused");
        CPPUNIT_ASSERT(refused.kind == Receipt::Kind::Refused && refused.opted_out);
        CPPUNIT_ASSERT_EQUAL(std::string("21610"), refused.error_code);
        const Receipt later = send("later");
        CPPUNIT_ASSERT(later.kind == Receipt::Kind::NotSent);
        CPPUNIT_ASSERT(later.retry_after == std::chrono::hours(24));
    }

    void a_serial_plugin_is_called_by_one_thread_at_a_time() {
        std::atomic<int> met{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int round = 0; round < 10; ++round) {
                    met += send("together").kind != Receipt::Kind::Accepted;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(0, met.load());
    }

    void identities_are_one_or_none() {
        const auto ask = [&](const char* token) {
            return odd_.authenticator->authenticate(token, Time{});
        };
        const auto known = ask("right");
        CPPUNIT_ASSERT(known);
        CPPUNIT_ASSERT_EQUAL(std::string("org-1"), known->organization.text());
        CPPUNIT_ASSERT(known->may("conversations:read") && !known->may("admin"));
        CPPUNIT_ASSERT(known->expires_at == Time{Milliseconds{1'800'000'000'000}});
        CPPUNIT_ASSERT(!ask("for ever")->expires_at);
        refused(ask("other scheme"), Code::Unsupported, "no token of mine");
        refused(ask("wrong"), Code::Unauthorized, "the signature differs");
        refused(ask("nobody"), Code::Internal, "gave 0 identities");
        refused(ask("two people"), Code::Internal, "gave 2 identities");
        refused(ask("homeless"), Code::Unauthorized, "no organisation");
    }

    void replies_are_joined_bounded_and_never_empty() {
        const auto ask = [&](const char* text) {
            reply::Turn turn;
            turn.turn_id = "t";
            turn.text = text;
            return odd_.responder->respond(turn);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("Grüße"), ask("hello")->text);
        CPPUNIT_ASSERT_EQUAL(std::string("asked for"), ask("person")->needs_human);
        CPPUNIT_ASSERT(ask("endless")->text.size() <= 64 * 1024);
        refused(ask("nothing"), Code::Internal, "gave no answer");
        refused(ask("fail"), Code::Limited, "too many turns");
    }

    void after_stop_ports_answer_that_their_instance_has_ended() {
        registry_->stop();
        refused(odd_.webhook->verify(request("fine")), Code::Unavailable, "odd has ended");
        refused(odd_.webhook->normalise(request("fine")), Code::Unavailable, "odd has ended");
        CPPUNIT_ASSERT(send("hello").kind == Receipt::Kind::NotSent);
        refused(odd_.authenticator->authenticate("right", Time{}), Code::Unavailable, "ended");
        refused(odd_.responder->respond({}), Code::Unavailable, "ended");
    }

    void two_instances_of_one_name_are_refused() {
        const auto again =
            registry_->create({.id = "odd", .plugin = "odd", .options = {}, .where = ""});
        CPPUNIT_ASSERT(!again);
        CPPUNIT_ASSERT(again.error().code == Code::Conflict);
        CPPUNIT_ASSERT(
            registry_->create({.id = "even", .plugin = "odd", .options = {}, .where = ""}));
    }

    void a_renewed_instance_stands_behind_the_same_ports_and_loses_no_call() {
        std::atomic<bool> running{true};
        std::atomic<int> done{0}, lost{0};
        std::vector<std::thread> callers;
        for (int i = 0; i < 3; ++i)
            callers.emplace_back([&] {
                for (; running; ++done)
                    if (!odd_.webhook->verify(request("fine"))) ++lost;
            });
        for (int i = 0; i < 20; ++i) {
            const int before = done;
            auto renewed = registry_->renew({use("odd")});
            CPPUNIT_ASSERT_MESSAGE(renewed ? "" : renewed.error().text, bool(renewed));
            (*renewed)->replace();
            while (done == before) std::this_thread::yield();
        }
        running = false;
        for (std::thread& caller : callers) caller.join();
        CPPUNIT_ASSERT_EQUAL(0, lost.load());
        CPPUNIT_ASSERT(send("hello").kind == Receipt::Kind::Accepted);
        refused(registry_->renew({use("nobody")}), Code::Unsupported, "nobody");
        refused(registry_->renew({use("odd", "none")}), Code::NotFound, "none");
        CPPUNIT_ASSERT(odd_.webhook->verify(request("fine")));
    }

    void all_are_renewed_or_none() {
        const auto even = registry_->create(use("even"));
        CPPUNIT_ASSERT(even && registry_->start());
        const std::string first = which(odd_), second = which(*even);
        refused(registry_->renew({use("odd"), use("even", "none")}), Code::NotFound, "none");
        CPPUNIT_ASSERT_EQUAL(first, which(odd_));
        // Something else than plugins was wrong.
        CPPUNIT_ASSERT(registry_->renew({use("odd"), use("even")}));
        CPPUNIT_ASSERT_EQUAL(first, which(odd_));
        auto renewed = registry_->renew({use("odd"), use("even")});
        CPPUNIT_ASSERT(renewed);
        CPPUNIT_ASSERT_EQUAL(first, which(odd_));
        (*renewed)->replace();
        CPPUNIT_ASSERT(first != which(odd_) && second != which(*even));
    }

    void a_renewed_way_to_sign_in_must_be_able_to_judge() {
        const std::string first = which(odd_);
        CPPUNIT_ASSERT(odd_.authenticator->authenticate("be away", Time{}));
        refused(registry_->renew({use("odd")}), Code::Unavailable, "the issuer is away");
        CPPUNIT_ASSERT_EQUAL(first, which(odd_));
        CPPUNIT_ASSERT(odd_.authenticator->authenticate("be back", Time{}));
        auto renewed = registry_->renew({use("odd")});
        CPPUNIT_ASSERT(renewed);
        (*renewed)->replace();
        CPPUNIT_ASSERT(first != which(odd_));
    }

private:
    static settings::PluginUse use(const std::string& id, const std::string& plugin = "odd") {
        return {.id = id, .plugin = plugin};
    }

    static std::string which(const load::Instance& instance) {
        return instance.authenticator->authenticate("which one", Time{})->subject;
    }

    static receive::WebhookRequest request(const std::string& body) {
        receive::WebhookRequest made;
        made.method = "POST";
        made.path = "in";
        made.body = body;
        return made;
    }

    Receipt send(const std::string& text) {
        deliver::OutboundMessage message;
        message.message_id = "m";
        message.text = text;
        return odd_.channel->send(message);
    }

    template <typename Value>
    static void refused(const Result<Value>& result, Code code, const std::string& words) {
        CPPUNIT_ASSERT_MESSAGE(words, !result);
        CPPUNIT_ASSERT_MESSAGE(result.error().text, result.error().code == code);
        CPPUNIT_ASSERT_MESSAGE(result.error().text,
                               result.error().text.find(words) != std::string::npos);
    }

    std::string folder_;
    std::unique_ptr<load::Registry> registry_;
    load::Instance odd_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ProxiesTest);

}  // namespace
