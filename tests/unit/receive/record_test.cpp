#include <algorithm>

#include "unit/receive/recorded.h"

namespace tandem::receive {

/// What a text writes.
class RecordTest : public Shop {
    CPPUNIT_TEST_SUITE(RecordTest);
    CPPUNIT_TEST(a_first_text_makes_lead_conversation_message_event_and_turn);
    CPPUNIT_TEST(answers_will_come_from_the_number_that_was_written_to);
    CPPUNIT_TEST(a_known_customers_text_makes_no_second_lead);
    CPPUNIT_TEST(a_lead_without_a_conversation_is_kept);
    CPPUNIT_TEST(the_conversation_is_written_before_its_messages);
    CPPUNIT_TEST(while_a_human_holds_texts_wait_and_owe_no_turn);
    CPPUNIT_TEST(without_a_responder_a_human_is_asked_for_once);
    CPPUNIT_TEST(addresses_that_take_no_texts_get_no_turn);
    CPPUNIT_TEST(a_text_learnt_of_too_late_is_a_humans);
    CPPUNIT_TEST(a_late_text_of_a_held_conversation_waits_like_any_other);
    CPPUNIT_TEST(texts_are_stored_without_nul_and_broken_bytes);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_first_text_makes_lead_conversation_message_event_and_turn() {
        text_.sender_name = "Zoë";
        text_.media.push_back({"https://example.com/a.jpg", "image/jpeg"});
        const auto set = record(text_, scope_, {}, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("bici"), set.organization.text());
        const auto dedupe = std::get<store::DedupeNew>(set.preconditions[dedupe_precondition]);
        CPPUNIT_ASSERT_EQUAL(std::string("twilio"), dedupe.scope);
        CPPUNIT_ASSERT_EQUAL(std::string("message:SM1"), dedupe.key);
        CPPUNIT_ASSERT_EQUAL(dedupe.body_hash, only<store::Dedupe>(set).body_hash);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, required<store::VersionIs>(set)->version);

        const auto lead = only<domain::Lead>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("Zoë"), lead.customer_name);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550199"), lead.address);
        CPPUNIT_ASSERT_EQUAL(std::string(), lead.status);
        const auto conversation = only<domain::Conversation>(set);
        CPPUNIT_ASSERT_EQUAL(lead.id, conversation.lead_id);
        CPPUNIT_ASSERT(conversation.last_activity_at == moment_.now);
        const auto message = only<domain::Message>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), message.content);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, message.media.size());
        CPPUNIT_ASSERT(message.delivery == Delivery::Received);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_auto_created sms_received "), types(set));
        CPPUNIT_ASSERT(says(set, "sms_received", "\"isNewLead\":true"));
        CPPUNIT_ASSERT(says(set, "sms_received", "\"queueDepth\":0"));

        const auto turn = only<store::Owe>(set).owed;
        CPPUNIT_ASSERT(turn.kind == store::OwedKind::AiTurn);
        CPPUNIT_ASSERT_EQUAL(std::string("brain"), turn.instance);
        CPPUNIT_ASSERT_EQUAL(message.id, turn.subject_id);
        CPPUNIT_ASSERT_EQUAL(std::string("turn:+14155550199"), turn.merge_key);
        CPPUNIT_ASSERT(turn.due_at == moment_.now + Milliseconds{1500});
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, turn.control_epoch);
        // A conversation that is not there yet has no epoch to be asked for.
        CPPUNIT_ASSERT(!required<store::EpochIs>(set));
    }

    void answers_will_come_from_the_number_that_was_written_to() {
        scope_.business = "+14155550101";
        const auto set = record(text_, scope_, {}, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550101"),
                             all_of<domain::Conversation>(set).at(0).business_number);
    }

    void a_known_customers_text_makes_no_second_lead() {
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<domain::Lead>(set).size());
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
        CPPUNIT_ASSERT(says(set, "sms_received", "\"isNewLead\":false"));
        CPPUNIT_ASSERT_EQUAL(int64_t{7}, required<store::VersionIs>(set)->version);
        CPPUNIT_ASSERT_EQUAL(int64_t{3}, required<store::EpochIs>(set)->control_epoch);
        CPPUNIT_ASSERT_EQUAL(int64_t{3}, only<store::Owe>(set).owed.control_epoch);
        CPPUNIT_ASSERT_EQUAL(std::string("lead-1"), only<domain::Conversation>(set).lead_id);
    }

    void a_lead_without_a_conversation_is_kept() {
        auto snapshot = known();
        snapshot.conversation.reset();
        const auto set = record(text_, scope_, snapshot, moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<domain::Lead>(set).size());
        CPPUNIT_ASSERT_EQUAL(std::string("lead-1"), only<domain::Conversation>(set).lead_id);
        CPPUNIT_ASSERT_EQUAL(int64_t{0}, required<store::VersionIs>(set)->version);
    }

    void the_conversation_is_written_before_its_messages() {
        for (const auto& snapshot : {store::Snapshot{}, known()}) {
            const auto set = record(text_, scope_, snapshot, moment_);
            const auto place = [&](size_t kind) {
                return std::find_if(set.operations.begin(), set.operations.end(),
                                    [&](const auto& one) { return one.index() == kind; });
            };
            const auto conversation = place(store::Operation(domain::Conversation{}).index());
            const auto message = place(store::Operation(domain::Message{}).index());
            const auto lead = place(store::Operation(domain::Lead{}).index());
            CPPUNIT_ASSERT(conversation < message);
            if (!snapshot.lead) CPPUNIT_ASSERT(lead < conversation);
        }
    }

    void while_a_human_holds_texts_wait_and_owe_no_turn() {
        auto snapshot = known();
        snapshot.session.emplace();
        snapshot.conversation->waiting = 2;
        const auto set = record(text_, scope_, snapshot, moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT_EQUAL(int64_t{3}, only<domain::Conversation>(set).waiting);
        // What the provider answers itself waits for nobody.
        text_.text = "HELP";
        CPPUNIT_ASSERT_EQUAL(
            int64_t{2},
            only<domain::Conversation>(record(text_, scope_, snapshot, moment_)).waiting);
        CPPUNIT_ASSERT(says(set, "sms_received", "\"queueDepth\":3"));
        CPPUNIT_ASSERT(says(set, "sms_received", "\"underHumanControl\":true"));
    }

    void without_a_responder_a_human_is_asked_for_once() {
        shop_.responder.clear();
        auto snapshot = known();
        const auto first = record(text_, scope_, snapshot, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received needs_human "), types(first));
        CPPUNIT_ASSERT(says(first, "needs_human", "\"reason\":\"no_responder\""));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(first).size());
        const auto conversation = only<domain::Conversation>(first);
        CPPUNIT_ASSERT_EQUAL(std::string("no_responder"), conversation.needs_human);
        snapshot.conversation = conversation;
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "),
                             types(record(text_, scope_, snapshot, moment_)));
    }

    void addresses_that_take_no_texts_get_no_turn() {
        scope_.can_be_answered = false;
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
    }

    void a_text_learnt_of_too_late_is_a_humans() {
        text_.happened_at = moment_.now - moment_.late;
        CPPUNIT_ASSERT_EQUAL(size_t{1},
                             all_of<store::Owe>(record(text_, scope_, known(), moment_)).size());
        text_.happened_at -= Milliseconds{1};
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received needs_human "), types(set));
        CPPUNIT_ASSERT(says(set, "needs_human", "\"reason\":\"late\""));
        CPPUNIT_ASSERT_EQUAL(std::string("late"), only<domain::Conversation>(set).needs_human);
        CPPUNIT_ASSERT(only<domain::Message>(set).at == text_.happened_at);
        CPPUNIT_ASSERT(only<domain::Conversation>(set).last_activity_at == moment_.now);
        // Who opted out is not called for, nor is anybody who takes no texts.
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "),
                             types(record(text_, scope_, opted_out(), moment_)));
    }

    void a_late_text_of_a_held_conversation_waits_like_any_other() {
        text_.happened_at = moment_.now - std::chrono::hours(3);
        auto snapshot = known();
        snapshot.session.emplace();
        const auto set = record(text_, scope_, snapshot, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, only<domain::Conversation>(set).waiting);
    }

    void texts_are_stored_without_nul_and_broken_bytes() {
        text_.text = std::string("a\0b\xff", 4);
        text_.sender_name = "\xc0";
        const auto set = record(text_, scope_, {}, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("a\ufffdb\ufffd"), only<domain::Message>(set).content);
        CPPUNIT_ASSERT_EQUAL(std::string("\ufffd"), only<domain::Lead>(set).customer_name);
    }

private:
    MessageReceived text_ = text("Hello");
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordTest);

}  // namespace tandem::receive
