#include "store_suite.h"

// Notes, the audit, work that an operator looks after, and what is erased or forgotten.
namespace tandem::check {
namespace {

using records::NoteIs;
using Texts = std::vector<std::string>;

records::NoteView note(std::string_view scope, std::string_view key, std::string_view value,
                       tandem_time expires_at = 0) {
    records::NoteView made;
    made.scope = scope;
    made.key = key;
    made.value = value;
    made.at = some_time;
    made.expires_at = expires_at;
    return made;
}

records::AuditLineView audit_line(std::string_view id, std::string_view address = {}) {
    records::AuditLineView made;
    made.id = id;
    made.actor = "operator";
    made.action = "send";
    made.address = address;
    made.subject = "m1";
    made.detail_json = "{\"text\":\"what was said\"}";
    made.at = some_time;
    return made;
}

void notes(Check& check) {
    StoreInHand store(check);
    const tandem_time now = some_time;
    check.expect(store.holds("o", NoteIs{"s", "k", std::nullopt, now}), "an absent note is there");
    check.expect(!store.holds("o", NoteIs{"s", "k", "", now}), "an absent note has a value");
    records::NoteView full = note("s", "k", "v 1", now + 10);
    full.address = "+1";
    store.write("o", {full, note("s", "empty", ""), note("s", "k2", "v2"), note("s", "l", "v3"),
                      note("s2", "k", "v4"), note("s", "k%", "v5")});
    check.expect(store.holds("o", NoteIs{"s", "k", "v 1", now + 9}), "a note has not its value");
    check.expect(!store.holds("o", NoteIs{"s", "k", "v", now}), "a note has another value");
    check.expect(!store.holds("o", NoteIs{"s", "k", std::nullopt, now}), "a note is absent");
    check.expect(store.holds("o", NoteIs{"s", "empty", "", now}) &&
                     !store.holds("o", NoteIs{"s", "empty", std::nullopt, now}),
                 "an empty note and an absent one are the same");
    check.expect(store.holds("o", NoteIs{"s", "k", std::nullopt, now + 10}) &&
                     !store.holds("o", NoteIs{"s", "k", "v 1", now + 10}),
                 "a note that expired is not absent");
    check.expect(store.holds("p", NoteIs{"s", "k", std::nullopt, now}), "notes cross the wall");
    const auto keys = [&](std::string_view prefix, tandem_time at, uint32_t limit) {
        return each(store.notes("o", "s", std::string(prefix), at, limit).notes,
                    &records::Note::key);
    };
    check.expect(keys("", now, 10) == Texts{"empty", "k", "k%", "k2", "l"},
                 "notes must come in the order of their keys, of one scope");
    check.expect(keys("k", now, 10) == Texts{"k", "k%", "k2"}, "notes are not found by prefix");
    check.expect(keys("k", now + 10, 1) == Texts{"k%"},
                 "a note that expired is shown, or takes a place");
    check.expect(keys("k%", now, 10) == Texts{"k%"}, "a prefix is taken for a pattern");
    const auto rows = store.notes("o", "s", "k", now, 1).notes;
    check.expect(rows.size() == 1 && rows[0].value == "v 1" && rows[0].scope == "s" &&
                     rows[0].address == "+1" && rows[0].at == now && rows[0].expires_at == now + 10,
                 "a note comes back changed");
    store.write("o", {note("s", "k", "again")});
    check.expect(store.holds("o", NoteIs{"s", "k", "again", now + 99}), "a note is not replaced");
    store.write("o", {records::ForgetNote{"s", "k"}, records::ForgetNote{"s", "never"}});
    check.expect(store.holds("o", NoteIs{"s", "k", std::nullopt, now}), "a note is not forgotten");
    const auto refused = store.commit(
        "o", {note("s", "trace", "x"), records::ForgetNote{"s", "l"}, status("none", 4)});
    check.expect(refused.code == TANDEM_NOT_FOUND &&
                     store.holds("o", NoteIs{"s", "trace", std::nullopt, now}) &&
                     store.holds("o", NoteIs{"s", "l", "v3", now}),
                 "a refused ChangeSet changed notes");
}

void audit(Check& check) {
    StoreInHand store(check);
    // Ids do not rise: the order is that of appending.
    for (const char* id : {"c", "a", "e", "b", "d"}) store.write("o", {audit_line(id, "+1")});
    store.write("p", {audit_line("a")});
    check.expect(store.commit("o", {audit_line("a")}).code == TANDEM_CONFLICT,
                 "an audit line was written twice");
    const auto ids = [&](const std::string& before, uint32_t limit) {
        return each(store.audit("o", before, limit).audit, &records::AuditLine::id);
    };
    check.expect(ids("", 10) == Texts{"d", "b", "e", "a", "c"}, "the audit has another order");
    check.expect(ids("", 2) == Texts{"d", "b"} && ids("b", 2) == Texts{"e", "a"} &&
                     ids("a", 2) == Texts{"c"} && ids("c", 2).empty(),
                 "pages of the audit have gaps, or overlap");
    check.expect(store.audit("o", "none", 2).status == TANDEM_NOT_FOUND,
                 "a page begins at a line that is not there");
    const auto row = store.audit("o", "", 1).audit.at(0);
    check.expect(row.actor == "operator" && row.action == "send" && row.address == "+1" &&
                     row.subject == "m1" && row.detail_json == "{\"text\":\"what was said\"}" &&
                     row.at == some_time,
                 "an audit line comes back changed");
}

void dead_work(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 6; ++i) {
        const std::string id = "w" + std::to_string(i);
        store.write("o", {owed(id, 2, some_time + i / 2)});
    }
    store.write("o", {owed("k", 1, some_time, "key")});
    for (const char* id : {"w1", "w4", "w5", "k"})
        store.write("o", {records::Claim{id, "worker", some_time + 50},
                          settle(id, TANDEM_SETTLE_DEAD, 0, "gave up")});
    const auto ids = [&](bool dead, const std::string& after, uint32_t limit) {
        return each(store.owed("o", dead, after, limit).owed, &records::Owed::id);
    };
    check.expect(ids(false, "", 10) == Texts{"w0", "w2", "w3"}, "not the living rows");
    check.expect(ids(true, "", 10) == Texts{"k", "w1", "w4", "w5"}, "not the dead rows");
    check.expect(ids(true, "", 2) == Texts{"k", "w1"} && ids(true, "w1", 2) == Texts{"w4", "w5"} &&
                     ids(true, "w5", 2).empty(),
                 "pages of owed rows have gaps, or overlap");
    const auto row = store.owed_row("o", "w1").owed;
    check.expect(row.size() == 1 && row[0].dead == 1 && row[0].last_error == "gave up" &&
                     row[0].organization == "o",
                 "an owed row is not found by its id");
    check.expect(store.owed_row("p", "w1").status == TANDEM_NOT_FOUND, "another's row is found");
    check.expect(store.holds("o", records::OwedDead{"w1"}) &&
                     !store.holds("o", records::OwedDead{"w0"}) &&
                     !store.holds("o", records::OwedDead{"none"}),
                 "dead rows and others are mixed up");

    records::Revive revive;
    revive.owed_id = "w1";
    revive.due_at = some_time + 100;
    revive.expires_at = some_time + 200;
    revive.payload_json = "{\"again\":1}";
    store.write("o", {revive});
    const auto due = store.due(2, some_time + 100).owed;
    check.expect(!due.empty() && due.back().id == "w1" && due.back().attempts == 0 &&
                     due.back().due_at == some_time + 100 &&
                     due.back().expires_at == some_time + 200 &&
                     due.back().payload_json == "{\"again\":1}" && due.back().dead == 0 &&
                     due.back().worker.empty(),
                 "a revived row must be due again, unclaimed, with no attempts and its payload");
    check.expect(store.commit("o", {revive}).code == TANDEM_CONFLICT, "a living row was revived");
    revive.owed_id = "none";
    check.expect(store.commit("o", {revive}).code == TANDEM_NOT_FOUND, "no row was revived");
    store.write("o", {owed("k2", 1, some_time, "key")});
    revive.owed_id = "k";
    check.expect(store.commit("o", {revive}).code == TANDEM_CONFLICT,
                 "two unclaimed rows have one merge key");
}

/// Pages of what is owed are read while workers and operators change the rows.
void owed_pages(Check& check) {
    StoreInHand store(check);
    const auto rest = [&](bool dead, const std::string& after) {
        return each(store.owed("o", dead, after, 10).owed, &records::Owed::id);
    };
    store.write("o", {owed("w3", 2, some_time), owed("w2", 2, some_time + 1),
                      owed("w4", 2, some_time + 2), owed("w1", 2, some_time + 3)});
    check.expect(rest(false, "") == Texts{"w1", "w2", "w3", "w4"},
                 "owed rows must come in the order of their ids");
    store.write("o", {settle("w2", TANDEM_SETTLE_RETRY, some_time + 999, "later")});
    check.expect(rest(false, "w2") == Texts{"w3", "w4"}, "a row that is put off hides others");
    store.write("o", {settle("w2", TANDEM_SETTLE_DONE, 0, "")});
    check.expect(rest(false, "w2") == Texts{"w3", "w4"}, "a row that is done hides others");
    for (const char* id : {"w1", "w3", "w4"})
        store.write("o", {settle(id, TANDEM_SETTLE_DEAD, 0, "gave up")});
    records::Revive revive;
    revive.owed_id = "w1";
    revive.due_at = some_time + 999;
    store.write("o", {revive});
    check.expect(rest(true, "w1") == Texts{"w3", "w4"}, "a row that is revived hides others");
}

void leases(Check& check) {
    StoreInHand store(check);
    store.write("o", {owed("w1", 2, some_time), owed("w2", 2, some_time),
                      records::Claim{"w1", "worker", some_time + 1000}});
    const host::Outcome ended = store.store().end_leases(some_time + 1);
    if (ended.status == TANDEM_UNSUPPORTED) {
        check.expect(store.due(2, some_time + 1).owed.size() == 1, "a refused call ended a lease");
        check.skip("it is shared with other processes");
    }
    check.expect(ended.ok(), "end_leases failed: " + ended.text);
    const auto due = store.due(2, some_time + 1).owed;
    check.expect(
        due.size() == 2 && due[0].id == "w1" && due[0].worker == "worker" && due[0].attempts == 1,
        "a lease must end, and the row tell that it was claimed");
    check.expect(store.due(2, some_time).owed.size() == 1, "a lease ended before its time");
}

/// Everything that can be stored of an address; texts that are nobody's else hold `mark`.
void write_all_of(StoreInHand& store, const std::string& address, const std::string& mark) {
    const std::string lead_id = mark + "lead";
    records::LeadView who = lead(lead_id, address);
    who.customer_name = mark;
    records::ConversationView talk = conversation(address);
    talk.lead_id = who.id;
    talk.summary = mark;
    const std::string message_id = mark + "message", call_id = mark + "call";
    records::MessageView said = message(message_id, address, mark);
    said.instance = "twilio";
    said.provider_id = message_id;
    said.call_id = call_id;
    records::Status line = status(message_id, 4);
    line.provider_word = mark;
    records::CallView call;
    call.id = call_id;
    call.address = address;
    call.line_id = call_id;
    call.summary = mark;
    const std::string session_id = mark + "session", event_id = mark + "event",
                      owed_id = mark + "owed", note_key = mark + "note", audit_id = mark + "audit";
    records::SessionView held = session(session_id, address, 1);
    held.agent_name = mark;
    records::EventView seen = event(event_id, address);
    seen.payload = mark;
    records::OwedView work = owed(owed_id, 2, some_time);
    work.address = address;
    work.payload_json = mark;
    records::NoteView noted = note("s", note_key, mark);
    noted.address = address;
    records::AuditLineView line_of_audit = audit_line(audit_id, address);
    line_of_audit.detail_json = mark;
    store.write("o", {who, talk, said, line, call, held, seen, work, noted, line_of_audit,
                      records::Dedupe{"s", message_id, "b", some_time}});
}

void erasure(Check& check) {
    StoreInHand store(check);
    write_all_of(store, "+1", "gone");
    write_all_of(store, "+2", "kept");
    store.write("p", {conversation("+1"), message("m", "+1")});
    const auto refused = store.commit("o", {records::Erase{"+1", "hash"}, status("none", 4)});
    check.expect(refused.code == TANDEM_NOT_FOUND &&
                     store.snapshot("o", "+1").messages.size() == 1 &&
                     store.owed_row("o", "goneowed").owed.size() == 1,
                 "a refused ChangeSet erased something");
    check.expect(store.commit("o", {records::Erase{"", "hash"}}).code == TANDEM_INVALID,
                 "an erasure of nobody was taken");
    const auto result = store.commit("o", {records::Erase{"+1", "hash"}, event("told")});
    check.expect(result.code == TANDEM_OK && result.first_offset == 3,
                 "an erasure changes the numbering of the journal");

    const auto gone = store.snapshot("o", "+1");
    check.expect(gone.status == TANDEM_NOT_FOUND && gone.leads.empty(), "a conversation is left");
    check.expect(
        store.message("o", "gonemessage").status == TANDEM_NOT_FOUND &&
            store.message_by_provider_id("o", "twilio", "gonemessage").status == TANDEM_NOT_FOUND &&
            store.messages("o", "+1", 0, 10).messages.empty() &&
            store.call_turns("o", "gonecall", 10).messages.empty() &&
            store.history("o", "gonemessage").lines.empty(),
        "a message is left");
    check.expect(store.call("o", "gonecall").status == TANDEM_NOT_FOUND &&
                     store.call_by_line("o", "gonecall").status == TANDEM_NOT_FOUND,
                 "a call is left");
    check.expect(store.sessions("o", first(10)).sessions.size() == 1 &&
                     !store.holds("o", records::SessionOpen{"gonesession"}),
                 "a session is left");
    check.expect(store.owed_row("o", "goneowed").status == TANDEM_NOT_FOUND &&
                     store.due(2, some_time).owed.size() == 1,
                 "owed work is left");
    check.expect(store.holds("o", NoteIs{"s", "gonenote", std::nullopt, some_time}),
                 "a note is left");
    const auto journal = store.journal("o", 0, 10);
    check.expect(journal.offset == 3 && journal.events.size() == 2 &&
                     journal.events[0].offset == 2 && journal.events[1].offset == 3,
                 "the journal must keep its offsets, with a hole");
    const auto audit = store.audit("o", "", 10).audit;
    check.expect(audit.size() == 2 && audit[1].id == "goneaudit" && audit[1].address == "hash" &&
                     audit[1].detail_json.empty() && audit[1].actor == "operator" &&
                     audit[0].address == "+2" && audit[0].detail_json == "kept",
                 "the audit must keep its lines, without detail and address");
    check.expect(store.remembered("o", "s", "gonemessage"), "a dedupe key is gone");

    check.expect(store.snapshot("o", "+2").messages.size() == 1 &&
                     store.holds("o", records::SessionOpen{"keptsession"}) &&
                     store.holds("o", NoteIs{"s", "keptnote", "kept", some_time}) &&
                     store.history("o", "keptmessage").lines.size() == 1,
                 "another address lost something");
    check.expect(store.snapshot("p", "+1").messages.size() == 1,
                 "an erasure crosses the wall of organisations");
    const host::Outcome compacted = store.store().compact();
    check.expect(compacted.ok(), "compact failed: " + compacted.text);
    check.expect(store.snapshot("o", "+2").messages.size() == 1, "compact lost something");
    store.write("o", {conversation("+1"), message("new", "+1")});
    const auto again = store.snapshot("o", "+1");
    check.expect(again.conversations.at(0).version == 1 && again.messages.at(0).number == 1,
                 "who was erased cannot come again as a stranger");
}

void forgetting(Check& check) {
    StoreInHand store(check);
    const tandem_time now = some_time + 1000;
    for (int i = 1; i <= 30; ++i) {
        const std::string id = "m" + std::to_string(i);
        records::MessageView said = message(id, i % 2 == 0 ? "+1" : "+2");
        said.at = some_time + i;
        said.instance = "twilio";
        said.provider_id = id;
        store.write("o", {said, status(id, 4)});
    }
    records::OwedView work = owed("w", 2, now);
    work.subject_id = "m4";
    records::CallView old, young, lasting;
    old.id = "old";
    young.id = "young";
    lasting.id = "lasting";
    old.started_at = lasting.started_at = some_time;
    old.ended_at = some_time + 5;
    young.started_at = young.ended_at = some_time + 20;
    lasting.active = 1;
    store.write("o", {conversation("+1"), conversation("+2"), work, old, young, lasting,
                      note("s", "old", "v", now), note("s", "young", "v", now + 1),
                      note("s", "ever", "v")});
    store.write("p", {message("foreign", "+1"), note("s", "old", "v", now)});

    check.expect(store.store().forget("o", now, 0).ok(), "forget failed");
    const auto left = each(store.notes("o", "s", "", some_time, 10).notes, &records::Note::key);
    check.expect(left == Texts{"ever", "young"}, "not the notes that expired are forgotten");
    check.expect(store.messages("o", "+1", 0, 100).messages.size() == 15,
                 "messages are forgotten though none were to be");
    const host::Outcome forgotten = store.store().forget("o", now, some_time + 11);
    check.expect(forgotten.ok(), "forget failed: " + forgotten.text);
    // Some may stay; what must stay has to.
    const auto even = store.messages("o", "+1", 0, 100).messages;
    const auto odd = store.messages("o", "+2", 0, 100).messages;
    const auto in = [&](const std::string& id) {
        return store.message("o", id).messages.size() == 1;
    };
    check.expect(
        even.front().number == 15 && odd.front().number == 15 && in("m11") && in("m12") && in("m4"),
        "messages that are young, or that work is owed for, are forgotten");
    if (!in("m1"))
        check.expect(
            store.history("o", "m1").lines.empty() &&
                store.message_by_provider_id("o", "twilio", "m1").status == TANDEM_NOT_FOUND &&
                store.snapshot("o", "+2").messages.size() == odd.size() &&
                store.snapshot("o", "+2").messages.back().number == 15,
            "a message is forgotten in part");
    check.expect(store.snapshot("o", "+1").conversations.at(0).message_count == 15,
                 "forgetting changes the count");
    check.expect(
        store.call("o", "young").calls.size() == 1 && store.call("o", "lasting").calls.size() == 1,
        "a call that lasts, or a young one, is forgotten");
    check.expect(store.message("p", "foreign").messages.size() == 1 &&
                     store.notes("p", "s", "", some_time, 10).notes.size() == 1,
                 "forgetting crosses the wall");
    store.write("o", {message("next", "+2")});
    check.expect(store.messages("o", "+2", 0, 1).messages.at(0).number == 16,
                 "numbers do not go on after forgetting");
    check.expect(store.store().forget("nobody", now, now).ok(), "forgetting nothing fails");
}

void remembering(Check& check) {
    StoreInHand store(check);
    store.write("o", {records::Dedupe{"s", "k", "b", some_time}});
    check.expect(store.remembered("o", "s", "k"), "a dedupe key is not remembered");
    check.expect(!store.remembered("o", "s", "k2") && !store.remembered("o", "s2", "k") &&
                     !store.remembered("p", "s", "k") && !store.remembered("o", "sk", ""),
                 "keys, scopes or organisations are mixed up");
}

const Registered registered[] = {
    {"store.notes", "keeps notes until they expire", TANDEM_STORE, &notes},
    {"store.audit", "keeps the audit in its order", TANDEM_STORE, &audit},
    {"store.dead_work", "shows dead work and revives it", TANDEM_STORE, &dead_work},
    {"store.owed_pages", "pages owed work that changes meanwhile", TANDEM_STORE, &owed_pages},
    {"store.leases", "ends the leases of a process that is gone", TANDEM_STORE, &leases},
    {"store.erasure", "erases all of an address, and nothing else", TANDEM_STORE, &erasure},
    {"store.forgetting", "forgets what is old, and nothing else", TANDEM_STORE, &forgetting},
    {"store.remembering", "tells whether a key is remembered", TANDEM_STORE, &remembering},
};

}  // namespace
}  // namespace tandem::check
