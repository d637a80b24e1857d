#include "store_suite.h"

// What a store does with preconditions and operations.
namespace tandem::check {
namespace {

using records::Dedupe;
using records::DedupeNew;
using records::EpochIs;
using records::OwedClaimed;
using records::OwedUnclaimed;
using records::SessionOpen;
using records::VersionIs;

void dedupe(Check& check) {
    StoreInHand store(check);
    const auto first = store.commit("o", {DedupeNew{"twilio", "SM1", "body"}},
                                    {Dedupe{"twilio", "SM1", "body", some_time}, event("e1")});
    check.expect(first.code == TANDEM_OK, "a new key is refused");
    const auto same = store.commit("o", {DedupeNew{"twilio", "SM1", "body"}}, {event("e2")});
    check.expect(same.code == TANDEM_CONFLICT && same.failed_precondition == 0 && same.same_body,
                 "a repeated key with the same body is not told as such");
    const auto other = store.commit("o", {DedupeNew{"twilio", "SM1", "another"}}, {event("e3")});
    check.expect(other.code == TANDEM_CONFLICT && !other.same_body,
                 "a repeated key with another body is not told as such");
    check.expect(store.holds("o", DedupeNew{"twilio", "SM2", "body"}), "keys are mixed up");
    check.expect(store.holds("o", DedupeNew{"elevenlabs", "SM1", "body"}), "scopes are mixed up");
    check.expect(store.holds("o", DedupeNew{"twilioS", "M1", "body"}),
                 "scope and key are joined without a border");
    store.write("o", {Dedupe{"twilio", "SM1", "later", some_time}});
    const auto kept = store.commit("o", {DedupeNew{"twilio", "SM1", "body"}}, {});
    check.expect(kept.same_body, "remembering a known key again replaces what was remembered");
    check.expect(store.journal("o", 0, 10).events.size() == 1,
                 "a ChangeSet whose precondition failed was written");
}

void version(Check& check) {
    StoreInHand store(check);
    check.expect(store.holds("o", VersionIs{"+1", 0}), "an absent conversation has not version 0");
    check.expect(!store.holds("o", VersionIs{"+1", 1}), "an absent conversation has a version");
    // A message alone makes no conversation.
    store.write("o", {message("m1", "+1")});
    check.expect(store.holds("o", VersionIs{"+1", 0}), "a message raised the version");
    check.expect(store.snapshot("o", "+1").status == TANDEM_NOT_FOUND,
                 "a message alone made a conversation");
    for (int64_t expected = 1; expected <= 3; ++expected) {
        records::ConversationView row = conversation("+1");
        row.version = 70;  // the store's own; to be ignored
        store.write("o", {row});
        check.expect(store.holds("o", VersionIs{"+1", expected}),
                     "writing a conversation does not count its version up by one");
        check.expect(!store.holds("o", VersionIs{"+1", expected - 1}),
                     "an old version still holds");
    }
    check.expect(store.snapshot("o", "+1").messages.size() == 1,
                 "what was said before there was a conversation is lost");
}

void epoch(Check& check) {
    StoreInHand store(check);
    check.expect(!store.holds("o", EpochIs{"+1", 0}), "an absent conversation has an epoch");
    store.write("o", {conversation("+1")});
    check.expect(store.holds("o", EpochIs{"+1", 0}), "a new conversation's epoch is not 0");
    store.write("o", {session("s1", "+1", 1)});
    check.expect(store.holds("o", EpochIs{"+1", 1}), "a join does not raise the epoch by one");
    store.write("o", {session("s1", "+1", 2)});
    check.expect(store.holds("o", EpochIs{"+1", 2}), "a leave does not raise the epoch by one");
    check.expect(!store.holds("o", EpochIs{"+1", 1}), "an old epoch still holds");
    store.write("o", {conversation("+1")});
    check.expect(store.holds("o", EpochIs{"+1", 2}), "writing a conversation changes its epoch");
}

void sessions(Check& check) {
    StoreInHand store(check);
    store.write("o", {conversation("+1"), session("s1", "+1", 1)});
    check.expect(store.holds("o", SessionOpen{"s1"}), "an open session is not open");
    check.expect(!store.holds("o", SessionOpen{"s2"}), "a session that never was is open");
    const auto second = store.commit("o", {session("s2", "+1", 1)});
    check.expect(
        second.code == TANDEM_CONFLICT && second.failed_precondition == records::no_precondition,
        "two sessions of one conversation are open");
    check.expect(store.holds("o", EpochIs{"+1", 1}), "a refused join raised the epoch");
    check.expect(store.snapshot("o", "+1").sessions.size() == 1, "the open session is not shown");
    store.write("o", {session("s1", "+1", 3)});
    check.expect(!store.holds("o", SessionOpen{"s1"}), "a timed-out session is open");
    check.expect(store.snapshot("o", "+1").sessions.empty(), "an ended session is shown as open");
    store.write("o", {session("s2", "+1", 1)});
    check.expect(store.holds("o", SessionOpen{"s2"}), "no session opens after one has ended");
}

void owed_work(Check& check) {
    StoreInHand store(check);
    const tandem_time now = some_time;
    store.write("o", {owed("w1", 2, now), owed("w2", 2, now - 1), owed("w3", 2, now + 1),
                      owed("w4", 1, now)});
    const auto due = store.due(2, now);
    check.expect(due.owed.size() == 2 && due.owed[0].id == "w2" && due.owed[1].id == "w1",
                 "due must give what is due of this kind, oldest first");
    check.expect(
        due.owed.size() == 2 && due.owed[0].organization == "o" && due.owed[0].attempts == 0,
        "due must fill in the organisation and the attempts");
    check.expect(store.due(2, now, 1).owed.size() == 1, "due gives more than its limit");
    check.expect(store.commit("o", {owed("w1", 2, now)}).code == TANDEM_CONFLICT,
                 "an owed row was written twice");

    check.expect(store.holds("o", OwedUnclaimed{"w1", now}), "a free row is claimed");
    check.expect(!store.holds("o", OwedUnclaimed{"none", now}), "a row that never was is free");
    store.write("o", {records::Claim{"w1", "worker a", now + 100}});
    check.expect(!store.holds("o", OwedUnclaimed{"w1", now + 99}), "a leased row is free");
    check.expect(store.holds("o", OwedUnclaimed{"w1", now + 100}), "a lease never runs out");
    check.expect(store.due(2, now + 99).owed.size() == 2, "a leased row is due");
    check.expect(store.due(2, now + 100).owed.size() == 3, "a row whose lease ran out is not due");
    check.expect(store.holds("o", OwedClaimed{"w1", "worker a"}), "a claim does not hold");
    check.expect(!store.holds("o", OwedClaimed{"w1", "worker b"}), "a claim is another worker's");
    check.expect(!store.holds("o", OwedClaimed{"w2", ""}), "nobody's claim holds");
    store.write("o", {records::Claim{"w1", "worker b", now + 300}});
    check.expect(!store.holds("o", OwedClaimed{"w1", "worker a"}), "a lost claim still holds");

    store.write("o", {settle("w1", TANDEM_SETTLE_RETRY, now + 500, "busy")});
    check.expect(!store.holds("o", OwedClaimed{"w1", "worker b"}), "a settled claim still holds");
    const auto later = store.due(2, now + 500);
    check.expect(!later.owed.empty() && later.owed.back().id == "w1" &&
                     later.owed.back().attempts == 2 && later.owed.back().last_error == "busy" &&
                     later.owed.back().worker.empty() && later.owed.back().due_at == now + 500,
                 "a retry must be due at its time, unclaimed, with its attempts and reason");
    store.write("o", {settle("w1", TANDEM_SETTLE_DEAD, 0, "gave up")});
    check.expect(!store.holds("o", OwedUnclaimed{"w1", now + 9999}), "a dead row is free");
    check.expect(store.commit("o", {records::Claim{"w1", "c", now}}).code == TANDEM_CONFLICT,
                 "a dead row was claimed");
    store.write("o", {settle("w2", TANDEM_SETTLE_DONE)});
    check.expect(store.due(2, now + 9999).owed.size() == 1, "a done or a dead row is due");
    check.expect(store.commit("o", {settle("w2", TANDEM_SETTLE_DONE)}).code == TANDEM_NOT_FOUND,
                 "a row that is gone was settled");
    check.expect(store.commit("o", {records::Claim{"w2", "c", now}}).code == TANDEM_NOT_FOUND,
                 "a row that is gone was claimed");
}

void merging(Check& check) {
    StoreInHand store(check);
    records::OwedView first = owed("t1", 1, some_time, "turn +1");
    first.subject_id = "m1";
    first.payload_json = "{\"n\":1}";
    records::OwedView second = owed("t2", 1, some_time + 5, "turn +1");
    second.subject_id = "m2";
    second.payload_json = "{\"n\":2}";
    second.control_epoch = 4;
    store.write("o", {first});
    store.write("o", {second, owed("t3", 1, some_time + 6, "turn +2")});
    auto due = store.due(1, some_time + 10);
    check.expect(due.owed.size() == 2 && due.owed[0].id == "t1" && due.owed[0].subject_id == "m2" &&
                     due.owed[0].payload_json == "{\"n\":2}" && due.owed[0].control_epoch == 4 &&
                     due.owed[0].due_at == some_time + 5,
                 "an unclaimed row of the same merge_key must take over the new one's time, "
                 "subject, epoch and payload");
    store.write("o", {records::Claim{"t1", "worker", some_time + 100}});
    store.write("o", {owed("t4", 1, some_time, "turn +1")});
    check.expect(store.due(1, some_time).owed.size() == 1,
                 "what is owed while the first is being done must be a row of its own");
    store.write("o", {settle("t1", TANDEM_SETTLE_RETRY, some_time)});
    due = store.due(1, some_time);
    check.expect(due.owed.size() == 1 && due.owed[0].id == "t4",
                 "a retry must go if a newer unclaimed row covers it");
    store.write("o", {owed("u1", 1, some_time), owed("u2", 1, some_time)});
    check.expect(store.due(1, some_time).owed.size() == 3, "rows without a merge_key were merged");
}

void statuses(Check& check) {
    StoreInHand store(check);
    records::MessageView sent = message("m1", "+1");
    sent.instance = "twilio";
    records::MessageView other = message("m2", "+1");
    other.instance = "twilio";
    other.provider_id = "SM2";
    store.write("o", {conversation("+1"), sent, other});
    records::Status accepted = status("m1", 4);
    accepted.provider_id = "SM1";
    accepted.provider_word = "sent";
    records::Status failed = status("m1", 7);
    failed.error_code = "30003";
    failed.error_text = "unreachable";
    records::Status late = status("m1", 2);
    late.keep_delivery = 1;
    late.provider_word = "queued";
    store.write("o", {accepted});
    check.expect(store.message_by_provider_id("o", "twilio", "SM1").messages.size() == 1,
                 "a status does not set the provider's id");
    store.write("o", {failed, late});
    const auto now = store.message("o", "m1");
    check.expect(now.messages.size() == 1 && now.messages[0].delivery == 7 &&
                     now.messages[0].error_code == "30003" &&
                     now.messages[0].error_text == "unreachable" &&
                     now.messages[0].provider_id == "SM1",
                 "a message must show its last status that counts");
    const auto lines = store.history("o", "m1").lines;
    check.expect(lines.size() == 3 && lines[0].provider_word == "sent" && lines[1].delivery == 7 &&
                     lines[2].keep_delivery == 1 && lines[2].provider_word == "queued",
                 "the history must have every status, in order");
    check.expect(store.commit("o", {status("none", 4)}).code == TANDEM_NOT_FOUND,
                 "a status of no message was taken");
    records::Status late_none = late;
    late_none.message_id = "none";
    check.expect(store.commit("o", {late_none}).code == TANDEM_NOT_FOUND,
                 "a history line of no message was taken");
    records::Status stolen = status("m1", 4);
    stolen.provider_id = "SM2";
    check.expect(store.commit("o", {stolen}).code == TANDEM_CONFLICT,
                 "two messages have one provider's id");
    check.expect(store.message("o", "m1").messages.at(0).delivery == 7 &&
                     store.history("o", "m1").lines.size() == 3,
                 "a refused status left a trace");
}

const Registered registered[] = {
    {"store.dedupe", "remembers keys for ever, and knows a true repetition", TANDEM_STORE, &dedupe},
    {"store.version", "counts a conversation's writes", TANDEM_STORE, &version},
    {"store.epoch", "counts changes of who holds a conversation", TANDEM_STORE, &epoch},
    {"store.sessions", "has one open session a conversation", TANDEM_STORE, &sessions},
    {"store.owed", "claims, leases and settles what is owed", TANDEM_STORE, &owed_work},
    {"store.merging", "merges what is owed by its key", TANDEM_STORE, &merging},
    {"store.statuses", "shows the last status and keeps them all", TANDEM_STORE, &statuses},
};

}  // namespace
}  // namespace tandem::check
