#include "receive/record.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <map>
#include <memory>

namespace tandem::receive {

namespace {

using domain::Delivery;
using domain::OptWord;
using store::ChangeSet;

class FixedClock : public Clock {
public:
    Time now() const override { return Time{Milliseconds{1795324691135}}; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
};

template <typename Wanted>
std::vector<Wanted> all_of(const ChangeSet& change_set) {
    std::vector<Wanted> found;
    for (const auto& operation : change_set.operations)
        if (const auto* one = std::get_if<Wanted>(&operation)) found.push_back(*one);
    return found;
}

template <typename Wanted>
Wanted only(const ChangeSet& change_set) {
    const auto found = all_of<Wanted>(change_set);
    CPPUNIT_ASSERT_EQUAL(size_t{1}, found.size());
    return found.front();
}

template <typename Wanted>
std::optional<Wanted> required(const ChangeSet& change_set) {
    for (const auto& condition : change_set.preconditions)
        if (const auto* one = std::get_if<Wanted>(&condition)) return *one;
    return std::nullopt;
}

std::string types(const ChangeSet& change_set) {
    std::string list;
    for (const auto& event : all_of<domain::Event>(change_set)) list += event.type + " ";
    return list;
}

bool says(const ChangeSet& change_set, std::string_view type, const std::string& piece) {
    for (const auto& event : all_of<domain::Event>(change_set))
        if (event.type == type) return event.payload.find(piece) != std::string::npos;
    return false;
}

}  // namespace

class RecordTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RecordTest);
    CPPUNIT_TEST(a_first_text_makes_lead_conversation_message_event_and_turn);
    CPPUNIT_TEST(answers_will_come_from_the_number_that_was_written_to);
    CPPUNIT_TEST(a_known_customers_text_makes_no_second_lead);
    CPPUNIT_TEST(a_lead_without_a_conversation_is_kept);
    CPPUNIT_TEST(the_conversation_is_written_before_its_messages);
    CPPUNIT_TEST(while_a_human_holds_texts_wait_and_owe_no_turn);
    CPPUNIT_TEST(without_a_responder_a_human_is_asked_for_once);
    CPPUNIT_TEST(stop_words_close_and_are_not_answered);
    CPPUNIT_TEST(start_words_open_again_and_are_not_answered);
    CPPUNIT_TEST(yes_of_somebody_who_never_opted_out_is_an_answer);
    CPPUNIT_TEST(help_is_answered_by_the_provider);
    CPPUNIT_TEST(the_providers_own_word_wins);
    CPPUNIT_TEST(who_opted_out_gets_no_turn);
    CPPUNIT_TEST(addresses_that_take_no_texts_get_no_turn);
    CPPUNIT_TEST(yes_to_a_toll_free_number_opens_nothing);
    CPPUNIT_TEST(a_text_learnt_of_too_late_is_a_humans);
    CPPUNIT_TEST(a_late_text_of_a_held_conversation_waits_like_any_other);
    CPPUNIT_TEST(a_late_stop_closes_unless_a_newer_word_was_said);
    CPPUNIT_TEST(texts_are_stored_without_nul_and_broken_bytes);
    CPPUNIT_TEST(a_status_that_climbs_is_told);
    CPPUNIT_TEST(a_status_that_does_not_climb_is_only_remembered);
    CPPUNIT_TEST(an_unknown_word_is_only_remembered);
    CPPUNIT_TEST(a_status_may_tell_that_the_customer_opted_out);
    CPPUNIT_TEST(in_all_orders_of_six_statuses_none_goes_back);
    CPPUNIT_TEST(a_call_of_a_stranger_makes_a_lead_and_is_announced);
    CPPUNIT_TEST(a_call_that_was_announced_is_not_announced_again);
    CPPUNIT_TEST(a_webhook_before_the_providers_answer_announces_the_call);
    CPPUNIT_TEST(an_ended_call_keeps_its_turns_and_its_summary);
    CPPUNIT_TEST(an_end_without_a_beginning_makes_the_call);
    CPPUNIT_TEST(a_call_without_a_summary_keeps_the_last_one);
    CPPUNIT_TEST(repetitions_hash_alike_and_contradictions_do_not);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        shop_ = {"bici", "BICI", "US", {"+14155550100"}, "twilio", "eleven", "brain"};
        scope_ = {&shop_, "twilio", "+14155550100", "+14155550199", true};
        ids_ = std::make_unique<IdSource>(clock_);
        moment_ = {clock_.now(), ids_.get(), Milliseconds{1500}};
        text_ = {};
        text_.dedupe_key = "message:SM1";
        text_.provider_id = "SM1";
        text_.text = "Hello";
    }

    void answers_will_come_from_the_number_that_was_written_to() {
        scope_.business = "+14155550101";
        const auto set = record(text_, scope_, {}, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("+14155550101"),
                             all_of<domain::Conversation>(set).at(0).business_number);
    }

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
        text_.opt = OptWord::Stop;
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
        CPPUNIT_ASSERT(says(set, "customer_opted_out", "\"keyword\":\"STOP\""));
        text_.text = "yes";
        text_.opt = OptWord::Start;
        CPPUNIT_ASSERT_EQUAL(size_t{0},
                             all_of<store::Owe>(record(text_, scope_, known(), moment_)).size());
    }

    void who_opted_out_gets_no_turn() {
        const auto set = record(text_, scope_, opted_out(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
    }

    void addresses_that_take_no_texts_get_no_turn() {
        scope_.can_be_answered = false;
        const auto set = record(text_, scope_, known(), moment_);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        CPPUNIT_ASSERT_EQUAL(std::string("sms_received "), types(set));
    }

    void yes_to_a_toll_free_number_opens_nothing() {
        for (const char* word : {"YES", "START", "UNSTOP"}) {
            scope_.business = "+18005550100";
            text_.text = word;
            text_.opt = OptWord::None;
            const auto set = record(text_, scope_, opted_out(), moment_);
            const bool opens = std::string(word) != "YES";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(word, !opens, only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
        }
        // Where the provider says that it took it for consent, it is.
        text_.text = "YES";
        text_.opt = OptWord::Start;
        const auto set = record(text_, scope_, opted_out(), moment_);
        CPPUNIT_ASSERT(!only<domain::Conversation>(set).opted_out);
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

    void texts_are_stored_without_nul_and_broken_bytes() {
        text_.text = std::string("a\0b\xff", 4);
        text_.sender_name = "\xc0";
        const auto set = record(text_, scope_, {}, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("a\ufffdb\ufffd"), only<domain::Message>(set).content);
        CPPUNIT_ASSERT_EQUAL(std::string("\ufffd"), only<domain::Lead>(set).customer_name);
    }

    void a_status_that_climbs_is_told() {
        const auto set = status(Delivery::Queued, Delivery::Delivered);
        const auto written = only<store::Status>(set);
        CPPUNIT_ASSERT(!written.keep_delivery);
        CPPUNIT_ASSERT(written.delivery == Delivery::Delivered);
        CPPUNIT_ASSERT_EQUAL(std::string("SM9"), written.provider_id);
        CPPUNIT_ASSERT_EQUAL(std::string("sms_status_update "), types(set));
        CPPUNIT_ASSERT(says(set, "sms_status_update", "\"status\":\"delivered\""));
        CPPUNIT_ASSERT(says(set, "sms_status_update", "\"messageSid\":\"SM9\""));
        CPPUNIT_ASSERT(required<store::VersionIs>(set));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, all_of<domain::Conversation>(set).size());
    }

    void a_status_that_does_not_climb_is_only_remembered() {
        for (const auto& [current, next] : {std::pair{Delivery::Delivered, Delivery::Sent},
                                            {Delivery::Failed, Delivery::Queued},
                                            {Delivery::Sent, Delivery::Sent},
                                            {Delivery::Failed, Delivery::Delivered}}) {
            const auto set = status(current, next);
            CPPUNIT_ASSERT(only<store::Status>(set).keep_delivery);
            CPPUNIT_ASSERT(only<store::Status>(set).delivery == current);
            CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
            CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<domain::Conversation>(set).size());
        }
    }

    void an_unknown_word_is_only_remembered() {
        const auto set = status(Delivery::Queued, Delivery::Unknown, false);
        CPPUNIT_ASSERT(only<store::Status>(set).keep_delivery);
        CPPUNIT_ASSERT_EQUAL(std::string("banana"), only<store::Status>(set).provider_word);
        CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
    }

    // I11: whatever the order, each message ends where its best status is, and every event
    // that was published is higher than the one before.
    void a_status_may_tell_that_the_customer_opted_out() {
        MessageStatus event;
        event.dedupe_key = "status:SM9:failed:21610";
        event.provider_id = "SM9";
        event.delivery = Delivery::Failed;
        event.opted_out = true;
        domain::Message message;
        message.id = "m1";
        for (const auto& [current, told] :
             {std::pair{Delivery::Queued, "customer_opted_out sms_status_update "},
              std::pair{Delivery::Failed, "customer_opted_out "}}) {
            message.delivery = current;
            const auto set = record(event, scope_, known(), message, moment_);
            CPPUNIT_ASSERT(only<domain::Conversation>(set).opted_out);
            CPPUNIT_ASSERT_EQUAL(std::string(told), types(set));
        }
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             types(record(event, scope_, opted_out(), message, moment_)));
    }

    void in_all_orders_of_six_statuses_none_goes_back() {
        std::vector<Delivery> order{Delivery::Queued, Delivery::Sending,   Delivery::Sent,
                                    Delivery::Read,   Delivery::Delivered, Delivery::Undelivered};
        std::sort(order.begin(), order.end());
        int orders = 0;
        do {
            Delivery current = Delivery::Queued;
            bool was_read = false;
            for (const Delivery next : order) {
                const auto set = status(current, next);
                const auto written = only<store::Status>(set);
                CPPUNIT_ASSERT_EQUAL(written.keep_delivery, types(set).empty());
                CPPUNIT_ASSERT(written.keep_delivery || domain::climbs(current, next));
                current = written.delivery;
                was_read = was_read || current == Delivery::Read;
                CPPUNIT_ASSERT(!was_read || current == Delivery::Read);
            }
            CPPUNIT_ASSERT(current == Delivery::Read);
            ++orders;
        } while (std::next_permutation(order.begin(), order.end()));
        CPPUNIT_ASSERT_EQUAL(720, orders);
    }

    void a_call_of_a_stranger_makes_a_lead_and_is_announced() {
        CallStarted started;
        started.dedupe_key = "started:CA1";
        started.call_id = "CA1";
        const auto set = record(started, scope_, {}, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_auto_created call_initiated "), types(set));
        CPPUNIT_ASSERT(says(set, "call_initiated", "\"callType\":\"inbound\""));
        CPPUNIT_ASSERT(says(set, "call_initiated", "\"caller_type\":\"new_caller\""));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT(call.active);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), call.line_id);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, all_of<store::Owe>(set).size());
    }

    void a_call_that_was_announced_is_not_announced_again() {
        domain::Call placed;
        placed.id = "call-1";
        placed.direction = domain::CallDirection::Outbound;
        placed.conversation_id = "conv_1";
        CallStarted started;
        started.call_id = "CA1";
        const auto set = record(started, scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string(), types(set));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("call-1"), call.id);
        CPPUNIT_ASSERT_EQUAL(std::string("CA1"), call.line_id);
        CPPUNIT_ASSERT(call.direction == domain::CallDirection::Outbound);
    }

    void a_webhook_before_the_providers_answer_announces_the_call() {
        domain::Call placed;
        placed.id = "call-1";
        placed.direction = domain::CallDirection::Outbound;
        placed.active = true;
        placed.record_json = R"({"state":"starting","callReason":"test ride","initiatedBy":"ann"})";
        CallStarted started;
        started.call_id = "CA1";
        started.conversation_id = "conv_1";
        const auto begun = record(started, scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("call_initiated "), types(begun));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"conversationId\":\"conv_1\""));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"callReason\":\"test ride\""));
        CPPUNIT_ASSERT(says(begun, "call_initiated", "\"initiatedBy\":\"ann\""));

        const auto over = record(ended(), scope_, known(), placed, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("call_initiated call_ended "), types(over));
        // One that was given up is over for screens; only its end is told, late as it is.
        placed.active = false;
        CPPUNIT_ASSERT_EQUAL(std::string("call_ended "),
                             types(record(ended(), scope_, known(), placed, moment_)));
    }

    void an_ended_call_keeps_its_turns_and_its_summary() {
        domain::Call live;
        live.id = "call-1";
        live.active = true;
        live.started_at = moment_.now - std::chrono::seconds(60);
        const auto set = record(ended(), scope_, known(), live, moment_);
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT_EQUAL(std::string("call-1"), call.id);
        CPPUNIT_ASSERT(!call.active);
        CPPUNIT_ASSERT(call.ended_at == live.started_at + std::chrono::seconds(42));
        CPPUNIT_ASSERT_EQUAL(std::string("Wants a bike."), only<domain::Conversation>(set).summary);
        const auto turns = all_of<domain::Message>(set);
        CPPUNIT_ASSERT_EQUAL(size_t{3}, turns.size());
        for (const auto& turn : turns)
            CPPUNIT_ASSERT(turn.type == domain::MessageType::Voice && turn.provider_id.empty());
        CPPUNIT_ASSERT(turns[0].direction == domain::Direction::Outbound);
        CPPUNIT_ASSERT(turns[1].direction == domain::Direction::Inbound);
        CPPUNIT_ASSERT(turns[1].delivery == Delivery::Received);
        CPPUNIT_ASSERT(turns[1].at == live.started_at + std::chrono::seconds(5));
        CPPUNIT_ASSERT_EQUAL(std::string("call_ended "), types(set));
        CPPUNIT_ASSERT(says(set, "call_ended", "\"outcome\":\"success\""));
        CPPUNIT_ASSERT(says(set, "call_ended", "\"duration\":42"));
    }

    void an_end_without_a_beginning_makes_the_call() {
        auto event = ended();
        event.happened_at = moment_.now - std::chrono::seconds(100);
        const auto set = record(event, scope_, {}, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("lead_auto_created call_ended "), types(set));
        const auto call = only<domain::Call>(set);
        CPPUNIT_ASSERT(call.started_at == event.happened_at - std::chrono::seconds(42));
        CPPUNIT_ASSERT(call.ended_at == event.happened_at);
        CPPUNIT_ASSERT(!call.active);
    }

    void a_call_without_a_summary_keeps_the_last_one() {
        auto event = ended();
        event.summary.clear();
        auto snapshot = known();
        snapshot.conversation->summary = "Earlier.";
        const auto set = record(event, scope_, snapshot, std::nullopt, moment_);
        CPPUNIT_ASSERT_EQUAL(std::string("Earlier."), only<domain::Conversation>(set).summary);
    }

    void repetitions_hash_alike_and_contradictions_do_not() {
        const std::string key = "k";
        const std::string hash = body_hash(text_, key);
        CPPUNIT_ASSERT_EQUAL(size_t{64}, hash.size());
        // Without the key nobody can try texts against what is kept of an erased one.
        CPPUNIT_ASSERT(hash != body_hash(text_, "l"));
        CPPUNIT_ASSERT_EQUAL(hash, body_hash(text_, key));
        MessageReceived later = text_;
        later.happened_at = moment_.now;
        CPPUNIT_ASSERT_EQUAL(hash, body_hash(later, key));
        std::vector<MessageReceived> others(5, text_);
        others[0].text = "Hello!";
        others[1].customer_address = "+1";
        others[2].provider_id = "SM2";
        others[3].media.push_back({"https://example.com/a", ""});
        others[4].business_address = "+1";
        for (const auto& other : others) CPPUNIT_ASSERT(hash != body_hash(other, key));
        // No part runs into the next.
        MessageReceived shifted = text_;
        shifted.provider_id = "SM1H";
        shifted.text = "ello";
        CPPUNIT_ASSERT(hash != body_hash(shifted, key));
    }

private:
    store::Snapshot known() const {
        store::Snapshot snapshot;
        snapshot.lead.emplace();
        snapshot.lead->id = "lead-1";
        snapshot.lead->address = scope_.customer;
        snapshot.conversation.emplace();
        snapshot.conversation->address = scope_.customer;
        snapshot.conversation->lead_id = "lead-1";
        snapshot.conversation->version = 7;
        snapshot.conversation->control_epoch = 3;
        return snapshot;
    }

    store::Snapshot opted_out() const {
        auto snapshot = known();
        snapshot.conversation->opted_out = true;
        return snapshot;
    }

    ChangeSet status(Delivery current, Delivery next, bool known_word = true) {
        MessageStatus event;
        event.dedupe_key = "status:SM9:x:";
        event.provider_id = "SM9";
        event.delivery = next;
        event.known_word = known_word;
        event.provider_word = known_word ? "word" : "banana";
        domain::Message message;
        message.id = "m1";
        message.delivery = current;
        return record(event, scope_, known(), message, moment_);
    }

    CallEnded ended() const {
        CallEnded event;
        event.dedupe_key = "ended:CA1";
        event.call_id = "CA1";
        event.outcome = domain::CallOutcome::Success;
        event.duration_s = 42;
        event.summary = "Wants a bike.";
        event.turns = {{domain::Author::Ai, 0, "Hello"},
                       {domain::Author::Customer, 5, "Hi"},
                       {domain::Author::Human, 9, "I take over"}};
        return event;
    }

    FixedClock clock_;
    domain::Organization shop_;
    Scope scope_;
    std::unique_ptr<IdSource> ids_;
    Moment moment_;
    MessageReceived text_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordTest);

}  // namespace tandem::receive
