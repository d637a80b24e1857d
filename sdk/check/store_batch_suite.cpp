#include <atomic>
#include <cstring>
#include <thread>

#include "store_suite.h"

// What ChangeSets of one commit, and of several organisations, do to each other; and what
// remains after an end.
namespace tandem::check {
namespace {

using records::VersionIs;

void isolation(Check& check) {
    StoreInHand store(check);
    store.write("o", {message("taken", "+9")});
    // The third is refused at its last operation, after all others were done.
    const auto results = store.commit({
        {"o", {}, {conversation("+1"), message("m1", "+1"), event("e1", "+1")}},
        {"o", {VersionIs{"+1", 7}}, {message("m2", "+1"), event("e2", "+1")}},
        {"o",
         {VersionIs{"+1", 1}},
         {conversation("+1"), lead("l3", "+1"), message("m3", "+1"), session("s3", "+1", 1),
          owed("w3", 1, some_time), records::Dedupe{"s", "k3", "b", some_time}, event("e3", "+1"),
          status("m1", 7), message("taken", "+1")}},
        {"o", {VersionIs{"+1", 1}}, {conversation("+1"), message("m4", "+1"), event("e4", "+1")}},
        {"p", {}, {event("e5"), event("e6")}},
    });
    check.expect(
        results[0].code == TANDEM_OK && results[0].first_offset == 1 && results[0].event_count == 1,
        "the first ChangeSet of a batch must be committed");
    check.expect(results[1].code == TANDEM_CONFLICT && results[1].failed_precondition == 0,
                 "a failed precondition must be told with its index");
    check.expect(results[2].code == TANDEM_CONFLICT &&
                     results[2].failed_precondition == records::no_precondition,
                 "a message that exists must refuse its ChangeSet with CONFLICT");
    check.expect(results[3].code == TANDEM_OK && results[3].first_offset == 2,
                 "a ChangeSet must see the ones before it, and offsets must stay dense");
    check.expect(
        results[4].code == TANDEM_OK && results[4].first_offset == 1 && results[4].event_count == 2,
        "each organisation's journal must begin with 1");
    check.expect(!results[0].journal_epoch.empty() &&
                     results[0].journal_epoch == results[3].journal_epoch &&
                     results[0].journal_epoch != results[4].journal_epoch,
                 "a journal has one epoch, and two organisations have two");

    const auto now = store.snapshot("o", "+1");
    check.expect(now.messages.size() == 2 && now.messages[0].id == "m1" &&
                     now.messages[1].id == "m4" && now.messages[1].number == 2,
                 "a ChangeSet that failed left messages, or a gap in their numbers");
    check.expect(now.messages.at(0).delivery == 1, "a ChangeSet that failed left a status");
    check.expect(now.conversations.size() == 1 && now.conversations[0].version == 2 &&
                     now.conversations[0].control_epoch == 0 &&
                     now.conversations[0].message_count == 2,
                 "a ChangeSet that failed changed the conversation");
    check.expect(now.leads.empty() && now.sessions.empty(), "a ChangeSet that failed left rows");
    check.expect(store.due(1, some_time).owed.empty(), "a ChangeSet that failed left owed work");
    check.expect(store.holds("o", records::DedupeNew{"s", "k3", "b"}),
                 "a ChangeSet that failed left a dedupe key");
    check.expect(store.journal("o", 0, 10).events.size() == 2, "the journal is not dense");

    const auto alone = store.commit("new", {message("a", "+1"), event("e"), message("a", "+1")});
    check.expect(alone.code == TANDEM_CONFLICT, "a message was written twice by one ChangeSet");
    check.expect(store.journal("new", 0, 1).offset == 0, "a refused first event moved the journal");
    check.expect(store.commit({}).empty(), "an empty batch has results");
}

void indexes(Check& check) {
    StoreInHand store(check);
    const auto result = store.commit(
        "o", {VersionIs{"+1", 0}, records::DedupeNew{"s", "k", "b"}, VersionIs{"+2", 5}}, {});
    check.expect(result.code == TANDEM_CONFLICT && result.failed_precondition == 2,
                 "the index of the first failed precondition is wrong");
    store.write("o", {lead("l1", "+1")});
    check.expect(store.commit("o", {lead("l2", "+1")}).code == TANDEM_CONFLICT,
                 "two leads have one address");
    store.write("o", {lead("l1", "+2"), lead("l2", "+1")});
    check.expect(store.snapshot("o", "+1").leads.at(0).id == "l2" &&
                     store.snapshot("o", "+2").leads.at(0).id == "l1",
                 "a lead that moved is not found by its new address");
}

// Same ids, same addresses, same everything: only the organisation differs.
void walls(Check& check) {
    StoreInHand store(check);
    for (const char* organization : {"alpha", "beta"}) {
        records::MessageView said = message("m", "+1", organization);
        said.instance = "twilio";
        said.provider_id = "SM";
        records::CallView call;
        call.id = "c";
        call.address = "+1";
        call.active = 1;
        call.instance = "twilio";
        call.line_id = "CA";
        call.summary = organization;
        records::LeadView who = lead("l", "+1");
        who.customer_name = organization;
        records::ConversationView talk = conversation("+1");
        talk.lead_id = "l";
        talk.summary = organization;
        records::SessionView held = session("s", "+1", 1);
        held.agent_id = organization;
        records::EventView seen = event("e", "+1");
        seen.payload = organization;
        store.write(organization, {who, talk, said, held, call, seen, owed("w", 1, some_time, "k"),
                                   records::Dedupe{"s", "k", organization, some_time}});
    }
    for (const std::string organization : {"alpha", "beta"}) {
        const auto now = store.snapshot(organization, "+1");
        check.expect(now.messages.size() == 1 && now.messages[0].content == organization &&
                         now.messages[0].number == 1,
                     "messages cross the wall");
        check.expect(now.conversations.size() == 1 && now.conversations[0].summary == organization,
                     "conversations cross the wall");
        check.expect(now.leads.size() == 1 && now.leads[0].customer_name == organization,
                     "leads cross the wall");
        check.expect(now.sessions.size() == 1 && now.sessions[0].agent_id == organization,
                     "sessions cross the wall");
        check.expect(now.calls.size() == 1 && now.calls[0].summary == organization,
                     "calls cross the wall");
        check.expect(now.offset == 1, "journals cross the wall");
        check.expect(
            store.message(organization, "m").messages.at(0).content == organization &&
                store.message_by_provider_id(organization, "twilio", "SM").messages.at(0).content ==
                    organization,
            "messages by id cross the wall");
        check.expect(store.call_by_provider_id(organization, "twilio", "CA").calls.at(0).summary ==
                         organization,
                     "calls by id cross the wall");
        check.expect(store.journal(organization, 0, 10).events.at(0).payload == organization,
                     "events cross the wall");
        const auto known =
            store.commit(organization, {records::DedupeNew{"s", "k", organization}}, {});
        check.expect(known.same_body, "dedupe keys cross the wall");
    }
    check.expect(store.due(1, some_time).owed.size() == 2, "merge keys cross the wall");
    store.write("alpha", {settle("w", TANDEM_SETTLE_DONE), status("m", 7), session("s", "+1", 2)});
    check.expect(store.message("beta", "m").messages.at(0).delivery == 1 &&
                     store.history("beta", "m").lines.empty(),
                 "a status crosses the wall");
    check.expect(store.holds("beta", records::SessionOpen{"s"}), "an end of a session crosses it");
    const auto due = store.due(1, some_time).owed;
    check.expect(due.size() == 1 && due[0].organization == "beta", "a settlement crosses the wall");
    for (const std::string stranger : {"gamma", "alph", "alphabet", ""})
        check.expect(store.snapshot(stranger, "+1").status == TANDEM_NOT_FOUND &&
                         store.message(stranger, "m").status == TANDEM_NOT_FOUND &&
                         store.journal(stranger, 0, 10).events.empty(),
                     "an organisation that has nothing sees something");
}

void unknown_kinds(Check& check) {
    StoreInHand store(check);
    const auto* table = static_cast<const tandem_store*>(store.instance().extension(TANDEM_STORE));
    auto precondition = host::sized<tandem_precondition>();
    precondition.kind = 4711;
    auto operation = host::sized<tandem_operation>();
    operation.kind = 4711;
    const tandem_precondition* preconditions[] = {&precondition};
    const tandem_operation* operations[] = {&operation};
    tandem_change_set sets[3];
    for (tandem_change_set& set : sets) {
        set = host::sized<tandem_change_set>();
        set.organization = host::view("o");
    }
    sets[0].preconditions = preconditions;
    sets[0].precondition_count = 1;
    sets[2].operations = operations;
    sets[2].operation_count = 1;
    const tandem_change_set* pointers[] = {&sets[0], &sets[1], &sets[2]};
    host::ResultTaker taker(3);
    const tandem_commit_sink sink = taker.sink();
    const host::Outcome outcome = taker.checked(host::guarded([&](tandem_error* error) {
        return table->commit(store.instance().self(), pointers, 3, &sink, error);
    }));
    if (!check.expect(outcome.ok(), "kinds that are not known fail the commit: " + outcome.text))
        return;
    const auto results = taker.results();
    check.expect(results[0].code == TANDEM_UNSUPPORTED && results[2].code == TANDEM_UNSUPPORTED,
                 "a kind that is not known must fail its ChangeSet with UNSUPPORTED");
    check.expect(results[1].code == TANDEM_OK, "its neighbour must be committed");
}

// Each commit writes a message and an event: a snapshot whose parts are of one instant has
// as many of one as of the other.
void one_instant(Check& check) {
    StoreInHand store(check);
    store.write("o", {conversation("+1")});
    std::atomic<bool> over{false};
    std::atomic<int> torn{0}, failed{0}, reads{0};
    const auto watch = [&] {
        int64_t last = 0;
        while (!over) {
            TakenRows rows;
            if (!store.store().snapshot("o", "+1", 1, rows).ok()) ++failed;
            const int64_t newest = rows.messages.empty() ? 0 : rows.messages.back().number;
            const int64_t count =
                rows.conversations.empty() ? -1 : rows.conversations[0].message_count;
            if (newest != rows.offset || count != rows.offset || rows.offset < last) ++torn;
            last = rows.offset;
            ++reads;
        }
    };
    std::thread first(watch), second(watch);
    constexpr int commits = 300;
    try {
        for (int i = 1; i <= commits; ++i) {
            const std::string id = std::to_string(i);
            store.write("o", {message(id, "+1"), event(id, "+1")});
        }
    } catch (...) {
        over = true;
        first.join();
        second.join();
        throw;
    }
    over = true;
    first.join();
    second.join();
    check.expect(reads > 0 && failed == 0, "reads fail beside a commit");
    check.expect(torn == 0, std::to_string(torn) + " snapshots show two instants at once");
    check.expect(store.snapshot("o", "+1").offset == commits, "events are lost");
}

void restart(Check& check) {
    StoreInHand store(check);
    for (int i = 1; i <= 20; ++i) {
        const std::string id = std::to_string(i);
        store.write("o", {conversation("+1"), message(id, "+1"), event(id, "+1"),
                          records::Dedupe{"s", id, "b", some_time}, owed(id, 1, some_time)});
    }
    store.write("o", {session("s", "+1", 1)});
    const std::string epoch = store.snapshot("o", "+1").epoch;
    store.restart();
    const auto now = store.snapshot("o", "+1", 100);
    if (now.conversations.empty() && check.description().options.empty())
        check.skip("it has no options, so nothing can be kept");
    check.expect(now.messages.size() == 20 && now.messages.back().number == 20,
                 "messages are lost");
    check.expect(now.epoch == epoch && now.offset == 20, "the journal's place is lost");
    check.expect(now.conversations.size() == 1 && now.conversations[0].version == 20 &&
                     now.conversations[0].control_epoch == 1,
                 "a conversation is lost or changed");
    check.expect(!store.holds("o", records::DedupeNew{"s", "7", "b"}), "dedupe keys are lost");
    check.expect(store.due(1, some_time).owed.size() == 20, "owed work is lost");
    check.expect(store.holds("o", records::SessionOpen{"s"}), "an open session is lost");
    const auto next = store.commit("o", {event("after")});
    check.expect(next.first_offset == 21 && next.journal_epoch == epoch,
                 "the journal does not go on where it was");
}

const Registered registered[] = {
    {"store.isolation", "keeps a failed ChangeSet from leaving a trace", TANDEM_STORE, &isolation},
    {"store.indexes", "names what failed, and keeps addresses unique", TANDEM_STORE, &indexes},
    {"store.walls", "keeps organisations apart", TANDEM_STORE, &walls},
    {"store.unknown_kinds", "refuses what it does not know, and nothing else", TANDEM_STORE,
     &unknown_kinds},
    {"store.one_instant", "reads one instant beside commits", TANDEM_STORE, &one_instant},
    {"store.restart", "has everything after a restart", TANDEM_STORE, &restart},
};

}  // namespace
}  // namespace tandem::check
