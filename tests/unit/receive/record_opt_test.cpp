#include "unit/receive/recorded.h"

namespace tandem::receive {

/// Texts by which a customer stops all texts, or opens them again.
class RecordOptTest : public Shop {
    CPPUNIT_TEST_SUITE(RecordOptTest);
    CPPUNIT_TEST(stop_words_close_and_are_not_answered);
    CPPUNIT_TEST(start_words_open_again_and_are_not_answered);
    CPPUNIT_TEST(yes_of_somebody_who_never_opted_out_is_an_answer);
    CPPUNIT_TEST(help_is_answered_by_the_provider);
    CPPUNIT_TEST(the_providers_own_word_wins);
    CPPUNIT_TEST(who_opted_out_gets_no_turn);
    CPPUNIT_TEST(yes_to_a_toll_free_number_opens_nothing);
    CPPUNIT_TEST(a_late_stop_closes_unless_a_newer_word_was_said);
    CPPUNIT_TEST(lost_words_end_as_they_were_written_in_any_order);
    CPPUNIT_TEST(only_a_text_that_opts_in_outweighs_a_stop);
    CPPUNIT_TEST_SUITE_END();

public:
    void stop_words_close_and_are_not_answered() {
        for (const char* word : {"STOP", " stop. ", "Unsubscribe", "cancel", "QUIT", "end"}) {
            text_.text = word;
            const auto set = record(text_, scope_, known(), moment_);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, std::string("sms_received customer_opted_out "),
                                         types(set));
            CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        }
        CPPUNIT_ASSERT(says(record(text_, scope_, known(), moment_), "customer_opted_out",
                            "\"keyword\":\"END\""));
        // A second STOP changes nothing.
        const auto again = record(text_, scope_, opted_out(), moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(again));
        CPPUNIT_ASSERT(only<domain::Conversation>(again).opted_out);
        text_.text = "please stop";
        CPPUNIT_ASSERT(
            !only<domain::Conversation>(record(text_, scope_, known(), moment_)).opted_out);
    }

    void start_words_open_again_and_are_not_answered() {
        for (const char* word : {"START", "unstop", "Yes"}) {
            text_.text = word;
            const auto set = record(text_, scope_, opted_out(), moment_);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, std::string("sms_received customer_opted_in "),
                                         types(set));
            CPPUNIT_ASSERT(!only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        }
        text_.text = "START";
        const auto again = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(again));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(again).size());
    }

    void yes_of_somebody_who_never_opted_out_is_an_answer() {
        for (const char* word : {"YES", "yes!", "Yes."}) {
            text_.text = word;
            const auto set = record(text_, scope_, known(), moment_);
            CPPUNIT_ASSERT_EQUAL(size_t{1}, all_of<store::Owe>(set).size());
            CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
        }
    }

    void help_is_answered_by_the_provider() {
        for (const char* word : {"HELP", "info"}) {
            text_.text = word;
            const auto set = record(text_, scope_, known(), moment_);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
            CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
        }
    }

    void the_providers_own_word_wins() {
        text_.text = "ARRET";
        text_.opt = domain::OptWord::Stop;
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
        CPPUNIT_ASSERT(says(set, "customer_opted_out", "\"keyword\":\"STOP\""));
        text_.text = "yes";
        text_.opt = domain::OptWord::Start;
        CPPUNIT_ASSERT_EQUAL(size_t{0},
                             all_of<store::Owe>(record(text_, scope_, known(), moment_)).size());
    }

    void who_opted_out_gets_no_turn() {
        const auto set = record(text_, scope_, opted_out(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
    }

    void yes_to_a_toll_free_number_opens_nothing() {
        for (const char* word : {"YES", "START", "UNSTOP"}) {
            scope_.business = "+18005550100";
            text_.text = word;
            text_.opt = domain::OptWord::None;
            const auto set = record(text_, scope_, opted_out(), moment_);
            const bool opens = std::string(word) != "YES";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, !opens, only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        }
        // Where the provider says that it took it for consent, it is.
        text_.text = "YES";
        text_.opt = domain::OptWord::Start;
        const auto set = record(text_, scope_, opted_out(), moment_);
        CPPUNIT_ASSERT(!only<domain::Conversation>(set).opted_out);
    }

    void a_late_stop_closes_unless_a_newer_word_was_said() {
        text_.happened_at = moment_.now - std::chrono::hours(3);
        auto snapshot = known();
        snapshot.messages.emplace_back();
        snapshot.messages[0].content = "START";
        text_.text = "STOP";
        for (const bool newer : {true, false}) {
            snapshot.messages[0].at =
                text_.happened_at + (newer ? std::chrono::hours(1) : std::chrono::hours(-1));
            const auto set = record(text_, scope_, snapshot, moment_);
            CPPUNIT_ASSERT_EQUAL(!newer, only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        }
        // And a START from before the STOP opens nothing.
        snapshot.conversation->opted_out = true;
        snapshot.messages[0].content = "stop";
        snapshot.messages[0].at = moment_.now;
        text_.text = "START";
        const auto set = record(text_, scope_, snapshot, moment_);
        CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
    }

    void lost_words_end_as_they_were_written_in_any_order() {
        const Milliseconds minute{60'000};
        const auto written = [&](const char* word, int minutes_ago) {
            MessageReceived event = text(word);
            event.happened_at = moment_.now - minutes_ago * minute;
            return event;
        };
        // All of it is learnt of within minutes, which is not late.
        for (const bool stop_is_last : {true, false})
            for (const bool in_order : {true, false}) {
                const auto first = written(stop_is_last ? "START" : "STOP", 6);
                const auto last = written(stop_is_last ? "STOP" : "START", 4);
                auto snapshot = stop_is_last ? opted_out() : known();
                for (const auto& event : {in_order ? first : last, in_order ? last : first}) {
                    const auto set = record(event, scope_, snapshot, moment_);
                    snapshot.conversation = only<domain::Conversation>(set);
                    snapshot.messages.push_back(only<domain::Message>(set));
                }
                CPPUNIT_ASSERT_EQUAL(stop_is_last, snapshot.conversation->opted_out);
            }
        CPPUNIT_ASSERT(messages_needed(written("STOP", 1)) > 0);
        CPPUNIT_ASSERT_EQUAL(0U, messages_needed(text("STOP")));
        CPPUNIT_ASSERT_EQUAL(0U, messages_needed(written("Hello", 1)));
    }

    void only_a_text_that_opts_in_outweighs_a_stop() {
        text_.text = "STOP";
        text_.happened_at = moment_.now - std::chrono::hours(1);
        auto snapshot = known();
        domain::Message& yes = snapshot.messages.emplace_back();
        yes.content = "Yes.";
        yes.at = moment_.now;
        const auto closes = [&] {
            return only<domain::Conversation>(record(text_, scope_, snapshot, moment_)).opted_out;
        };
        CPPUNIT_ASSERT(!closes());
        yes.type = domain::MessageType::Voice;
        CPPUNIT_ASSERT(closes());
        yes.type = domain::MessageType::Text;
        scope_.business = "+18005550100";
        CPPUNIT_ASSERT(closes());
        yes.content = "Start";
        CPPUNIT_ASSERT(!closes());
    }

private:
    MessageReceived text_ = text("Hello");
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordOptTest);

}  // namespace tandem::receive
