#include "load/store_proxy.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "load/store_records.h"
#include "tandem/host/instance.hpp"
#include "tandem/host/placeholder_services.hpp"

extern "C" const tandem_descriptor* tandem_plugin_v1(void);

namespace tandem::load {

namespace {

// Gives every member of our data a value of its own, by the SDK's lists of members.
struct Fill {
    int64_t next = 1;

    std::string text() { return "text " + std::to_string(next++) + " \u00e9"; }
    template <typename Raw>
    void operator()(const Raw&, std::string& to) {
        to = text();
    }
    template <typename Raw>
    void operator()(const Raw&, domain::OrganizationId& to) {
        to = domain::OrganizationId::vouched(text());
    }
    template <typename Raw>
    void operator()(const Raw&, int64_t& to) {
        to = 1000 + next++;
    }
    template <typename Raw>
    void operator()(const Raw&, Time& to) {
        to = Time{Milliseconds{5000 + next++}};
    }
    template <typename Raw>
    void operator()(const Raw&, bool& to) {
        to = true;
    }
    template <typename Raw, typename Enum, typename = std::enable_if_t<std::is_enum_v<Enum>>>
    void operator()(const Raw&, Enum& to) {
        to = static_cast<Enum>(1);
    }
};

template <typename View, typename Ours>
Ours filled() {
    Ours made;
    const View record;
    if constexpr (std::is_same_v<View, records::MessageView>)
        records::Members<tandem_message>::each_but_media(record, made, Fill{});
    else
        records::Members<typename View::Raw>::each(record, made, Fill{});
    return made;
}

struct Compare {
    int member = 0;
    template <typename Value>
    void operator()(const Value& left, const Value& right) {
        ++member;
        CPPUNIT_ASSERT_MESSAGE("member " + std::to_string(member), left == right);
    }
};

template <typename View, typename Ours>
void expect_same(const Ours& left, const Ours& right) {
    if constexpr (std::is_same_v<View, records::MessageView>)
        records::Members<tandem_message>::each_but_media(left, right, Compare{});
    else
        records::Members<typename View::Raw>::each(left, right, Compare{});
}

}  // namespace

class StoreProxyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoreProxyTest);
    CPPUNIT_TEST(every_member_of_our_data_comes_back);
    CPPUNIT_TEST(notes_audit_and_dead_work_come_back);
    CPPUNIT_TEST(every_member_of_a_query_reaches_the_store);
    CPPUNIT_TEST(lists_come_with_what_belongs_to_their_rows);
    CPPUNIT_TEST(outcomes_tell_commit_precondition_and_refusal_apart);
    CPPUNIT_TEST(an_address_without_a_conversation_is_an_answer);
    CPPUNIT_TEST(what_is_not_there_is_not_found);
    CPPUNIT_TEST(media_survive_whatever_a_provider_wrote);
    CPPUNIT_TEST(an_instance_that_is_no_store_gives_none);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_member_of_our_data_comes_back() {
        auto lead = filled<records::LeadView, domain::Lead>();
        auto talk = filled<records::ConversationView, domain::Conversation>();
        auto message = filled<records::MessageView, domain::Message>();
        auto event = filled<records::EventView, domain::Event>();
        auto session = filled<records::SessionView, domain::ControlSession>();
        auto call = filled<records::CallView, domain::Call>();
        auto owed = filled<records::OwedView, store::Owed>();
        auto status = filled<records::Status, store::Status>();
        lead.address = talk.address = message.address = session.address = call.address = "+1";
        message.media = {{"https://example.com/a?b=\"c\"", "image/png"}, {"x", ""}};
        message.agent_name = "\U0001F642 line\nbreak";
        status.message_id = message.id;
        status.provider_id = message.provider_id;
        const auto outcome = commit({"o",
                                     {},
                                     {lead, talk, message, event, session, call, store::Owe{owed},
                                      status, store::Dedupe{"s", "k", "b", Time{}}}});
        CPPUNIT_ASSERT(outcome.kind == store::Outcome::Kind::Committed);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, outcome.first_offset);

        const auto now = kept->snapshot("o", "+1", 10);
        CPPUNIT_ASSERT(now);
        CPPUNIT_ASSERT_EQUAL(outcome.journal_epoch, now->position.epoch);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, now->position.offset);
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, now->oldest);
        talk.version = talk.control_epoch = talk.message_count = talk.call_count = 1;
        message.number = event.offset = 1;
        // keep_delivery: the line is one of the history alone.
        expect_same<records::LeadView>(lead, now->lead.value());
        expect_same<records::ConversationView>(talk, now->conversation.value());
        expect_same<records::SessionView>(session, now->session.value());
        expect_same<records::CallView>(call, now->active_call.value());
        expect_same<records::MessageView>(message, now->messages.at(0));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, now->messages[0].media.size());
        CPPUNIT_ASSERT_EQUAL(message.media[0].url, now->messages[0].media[0].url);
        CPPUNIT_ASSERT_EQUAL(message.media[0].content_type, now->messages[0].media[0].content_type);
        const auto journal = kept->journal("o", 0, "", 10);
        expect_same<records::EventView>(event, journal->events.at(0));
        const auto due = kept->due(owed.kind, owed.due_at, 10);
        owed.organization = "o";
        owed.attempts = 0;
        owed.lease_until = Time{};
        owed.dead = false;
        owed.worker = owed.last_error = "";
        expect_same<records::OwedView>(owed, due->at(0));
        const auto lines = kept->status_history("o", message.id, 10);
        status.provider_id.clear();  // the message's, not the line's
        expect_same<records::Status>(status, lines->at(0));
        const auto listed = kept->conversations("o", {});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, listed->rows.size());
        CPPUNIT_ASSERT_EQUAL(lead.id, kept->lead("o", lead.id)->id);
        CPPUNIT_ASSERT_EQUAL(message.id, kept->message("o", message.id)->id);
        CPPUNIT_ASSERT_EQUAL(
            message.id,
            kept->message_by_provider_id("o", message.instance, message.provider_id)->id);
        CPPUNIT_ASSERT_EQUAL(call.id,
                             kept->call_by_provider_id("o", call.instance, call.line_id)->id);
        CPPUNIT_ASSERT_EQUAL(message.id, kept->messages("o", "+1", 0, 5)->at(0).id);
    }

    void notes_audit_and_dead_work_come_back() {
        const auto note = filled<records::NoteView, store::Note>();
        auto line = filled<records::AuditLineView, store::AuditLine>();
        auto owed = filled<records::OwedView, store::Owed>();
        owed.merge_key.clear();
        commit({"o",
                {store::NoteIs{note.scope, note.key, std::nullopt, Time{}}},
                {note, line, store::Owe{owed},
                 store::Settle{owed.id, store::Settlement::Dead, Time{}, "gave up"}}});
        const Time before = note.expires_at - Milliseconds{1};
        const auto notes = kept->notes("o", note.scope, "text", before, 10);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, notes->size());
        expect_same<records::NoteView>(note, notes->at(0));
        CPPUNIT_ASSERT(kept->notes("o", note.scope, "", note.expires_at, 10)->empty());
        expect_same<records::AuditLineView>(line, kept->audit("o", "", 10)->at(0));
        CPPUNIT_ASSERT(kept->audit("o", line.id, 10)->empty());
        CPPUNIT_ASSERT(kept->audit("o", "none", 10).error().code == Code::NotFound);

        CPPUNIT_ASSERT_EQUAL(owed.id, kept->owed("o", true, "", 10)->at(0).id);
        CPPUNIT_ASSERT(kept->owed("o", false, "", 10)->empty());
        CPPUNIT_ASSERT(kept->owed_row("o", owed.id)->dead);
        const Time due = Time{Milliseconds{70001}}, expires = Time{Milliseconds{70002}};
        const auto revived =
            commit({"o",
                    {store::OwedDead{owed.id}, store::NoteIs{note.scope, note.key, note.value}},
                    {store::Revive{owed.id, due, expires, "again"},
                     store::ForgetNote{note.scope, note.key}}});
        CPPUNIT_ASSERT(revived.kind == store::Outcome::Kind::Committed);
        const auto row = kept->owed_row("o", owed.id);
        CPPUNIT_ASSERT(!row->dead && row->due_at == due && row->expires_at == expires);
        CPPUNIT_ASSERT_EQUAL(std::string("again"), row->payload_json);
        CPPUNIT_ASSERT(kept->notes("o", note.scope, "", Time{}, 10)->empty());

        commit({"o", {}, {store::Claim{owed.id, "me", due + Milliseconds{50}}}});
        CPPUNIT_ASSERT(kept->due(owed.kind, due, 10)->empty());
        CPPUNIT_ASSERT(kept->end_leases(due));
        CPPUNIT_ASSERT_EQUAL(std::string("me"), kept->due(owed.kind, due, 10)->at(0).worker);
        commit({"o", {}, {store::Erase{owed.address, "hash"}, store::Erase{line.address, "hash"}}});
        CPPUNIT_ASSERT(kept->owed_row("o", owed.id).error().code == Code::NotFound);
        CPPUNIT_ASSERT_EQUAL(std::string("hash"), kept->audit("o", "", 10)->at(0).address);
        CPPUNIT_ASSERT(kept->compact());
        CPPUNIT_ASSERT(kept->forget("o", due, due));
    }

    void every_member_of_a_query_reaches_the_store() {
        store::ListQuery ours;
        ours.limit = 7;
        ours.before_at = Time{Milliseconds{8}};
        ours.before_key = "key";
        ours.under_control = true;
        ours.needs_human = false;
        ours.session_state = domain::SessionState::TimedOut;
        ours.idle_since = Time{Milliseconds{9}};
        ours.active_only = true;
        ours.text = "text";
        ours.address = "address";
        ours.agent_id = "agent";
        const tandem_list_query raw = records::to_raw(list_query(ours));
        CPPUNIT_ASSERT_EQUAL(7u, raw.limit);
        CPPUNIT_ASSERT_EQUAL(tandem_time{8}, raw.before_at);
        CPPUNIT_ASSERT_EQUAL(std::string("key"), host::text(raw.before_key));
        CPPUNIT_ASSERT_EQUAL(1u, raw.under_control);
        CPPUNIT_ASSERT_EQUAL(2u, raw.needs_human);
        CPPUNIT_ASSERT_EQUAL(3u, raw.session_state);
        CPPUNIT_ASSERT_EQUAL(1u, raw.active);
        CPPUNIT_ASSERT_EQUAL(tandem_time{9}, raw.idle_since);
        CPPUNIT_ASSERT_EQUAL(std::string("text"), host::text(raw.text));
        CPPUNIT_ASSERT_EQUAL(std::string("address"), host::text(raw.address));
        CPPUNIT_ASSERT_EQUAL(std::string("agent"), host::text(raw.agent_id));
        const tandem_list_query nothing = records::to_raw(list_query({}));
        CPPUNIT_ASSERT_EQUAL(0u, nothing.under_control + nothing.needs_human +
                                     nothing.session_state + nothing.active);
    }

    void lists_come_with_what_belongs_to_their_rows() {
        auto lead = filled<records::LeadView, domain::Lead>();
        auto talk = filled<records::ConversationView, domain::Conversation>();
        auto said = filled<records::MessageView, domain::Message>();
        auto session = filled<records::SessionView, domain::ControlSession>();
        auto call = filled<records::CallView, domain::Call>();
        lead.address = talk.address = said.address = session.address = call.address = "+1";
        talk.lead_id = lead.id;
        said.call_id = call.id;
        said.delivery = domain::Delivery::Superseded;
        commit({"o", {}, {lead, talk, said, session, call, domain::Event{}}});
        const auto listed = kept->conversations("o", {});
        CPPUNIT_ASSERT_EQUAL(int64_t{1}, listed->position.offset);
        const store::ConversationRow& row = listed->rows.at(0);
        CPPUNIT_ASSERT_EQUAL(talk.summary, row.conversation.summary);
        CPPUNIT_ASSERT_EQUAL(lead.id, row.lead.value().id);
        CPPUNIT_ASSERT_EQUAL(session.id, row.session.value().id);
        CPPUNIT_ASSERT_EQUAL(call.id, row.active_call.value().id);
        CPPUNIT_ASSERT_EQUAL(said.id, row.last_message.value().id);
        CPPUNIT_ASSERT_EQUAL(call.id, kept->call("o", call.id)->id);
        CPPUNIT_ASSERT_EQUAL(call.id, kept->call_by_line("o", call.line_id)->id);
        CPPUNIT_ASSERT_EQUAL(call.id, kept->calls("o", {})->at(0).id);
        CPPUNIT_ASSERT_EQUAL(said.id, kept->call_turns("o", call.id, 5)->at(0).id);
        CPPUNIT_ASSERT_EQUAL(lead.id, kept->leads("o", {})->at(0).id);
        CPPUNIT_ASSERT_EQUAL(lead.id, kept->lead_by_address("o", "+1")->id);
        CPPUNIT_ASSERT_EQUAL(session.id, kept->sessions("o", {})->at(0).id);
        const auto drafts = kept->messages_by_delivery("o", "+1", domain::Delivery::Superseded, 5);
        CPPUNIT_ASSERT_EQUAL(said.id, drafts->at(0).id);
        CPPUNIT_ASSERT(!*kept->remembered("o", "s", "k"));
        commit({"o", {}, {store::Dedupe{"s", "k", "b", Time{}}}});
        CPPUNIT_ASSERT(*kept->remembered("o", "s", "k"));
    }

    void outcomes_tell_commit_precondition_and_refusal_apart() {
        using Kind = store::Outcome::Kind;
        domain::Message message;
        message.id = "m";
        message.address = "+1";
        const store::ChangeSet first{"o",
                                     {store::DedupeNew{"s", "k", "b"}},
                                     {message, store::Dedupe{"s", "k", "b", Time{}}}};
        CPPUNIT_ASSERT(commit(first).kind == Kind::Committed);
        const auto repeated = commit(first);
        CPPUNIT_ASSERT(repeated.kind == Kind::PreconditionFailed && repeated.same_body);
        const auto version =
            commit({"o", {store::EpochIs{"+1", 0}, store::VersionIs{"+1", 3}}, {}});
        CPPUNIT_ASSERT(version.kind == Kind::PreconditionFailed && !version.same_body);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, version.failed_precondition);
        const auto refused = commit({"o", {}, {message}});
        CPPUNIT_ASSERT(refused.kind == Kind::Refused);
        CPPUNIT_ASSERT_MESSAGE(refused.text, refused.text.find("conflict") == 0);
        const auto settled = commit({"o",
                                     {store::OwedUnclaimed{"w", Time{}}, store::SessionOpen{"s"},
                                      store::OwedClaimed{"w", "me"}},
                                     {store::Claim{"w", "me", Time{}}, store::Settle{"w"}}});
        CPPUNIT_ASSERT(settled.kind == Kind::PreconditionFailed);
    }

    void an_address_without_a_conversation_is_an_answer() {
        domain::Lead lead;
        lead.id = "l";
        lead.address = "+1";
        commit({"o", {}, {lead, domain::Event{}}});
        const auto now = kept->snapshot("o", "+1", 10);
        CPPUNIT_ASSERT(now);
        CPPUNIT_ASSERT(!now->conversation && now->lead && now->position.offset == 1);
    }

    void what_is_not_there_is_not_found() {
        const auto missing = kept->message("o", "none");
        CPPUNIT_ASSERT(!missing && missing.error().code == Code::NotFound);
        CPPUNIT_ASSERT(!missing.error().text.empty());
        CPPUNIT_ASSERT(kept->messages("o", "+1", 0, 10)->empty());
    }

    void media_survive_whatever_a_provider_wrote() {
        CPPUNIT_ASSERT(media_json({}).empty());
        CPPUNIT_ASSERT(media_of("").empty());
        CPPUNIT_ASSERT(media_of("[1, {\"url\": 2}, null").empty());
        const auto bad = media_of(media_json({{"https://\xff\xfe", "image/png"}}));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, bad.size());
        CPPUNIT_ASSERT_EQUAL(std::string("image/png"), bad[0].content_type);
    }

    void an_instance_that_is_no_store_gives_none() {
        tandem_instance other = host::sized<tandem_instance>();
        other.extension = [](void*, tandem_view) -> const void* { return nullptr; };
        CPPUNIT_ASSERT(!make_store_proxy(other));
    }

    void setUp() override {
        services = std::make_unique<host::PlaceholderServices>(host::PluginDescription{});
        table = std::make_unique<host::HostTable>(*services);
        instance = std::make_unique<host::Instance>();
        const auto made = instance->create(*tandem_plugin_v1(), table->get(), "memory");
        CPPUNIT_ASSERT_MESSAGE(made.text, made.ok());
        CPPUNIT_ASSERT(instance->start().ok());
        kept = make_store_proxy(*instance->raw());
        CPPUNIT_ASSERT(kept);
        CPPUNIT_ASSERT(kept->migrate());
        CPPUNIT_ASSERT(kept->health());
    }

private:
    store::Outcome commit(const store::ChangeSet& change_set) {
        const auto outcomes = kept->commit({&change_set});
        CPPUNIT_ASSERT(outcomes);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, outcomes->size());
        return outcomes->at(0);
    }

    std::unique_ptr<host::PlaceholderServices> services;
    std::unique_ptr<host::HostTable> table;
    std::unique_ptr<host::Instance> instance;
    std::shared_ptr<store::Store> kept;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StoreProxyTest);

}  // namespace tandem::load
