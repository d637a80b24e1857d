#include "store_suite.h"

// What reads give: every member of every record, in pages, in order.
namespace tandem::check {
namespace {

// Gives every member of a record a value of its own.
struct Fill {
    std::deque<std::string>& texts;
    int64_t next = 1;

    void operator()(std::string_view& to, std::string_view&) {
        to = texts.emplace_back("text " + std::to_string(next++) + " \u00e9\U0001F642");
    }
    void operator()(int64_t& to, int64_t&) { to = 1000 + next++; }
    void operator()(uint32_t& to, uint32_t&) { to = static_cast<uint32_t>(2000 + next++); }
};

template <typename View>
View filled(std::deque<std::string>& texts) {
    View view;
    records::Members<typename View::Raw>::each(view, view, Fill{texts});
    return view;
}

template <typename Record, typename View>
void expect_same(Check& check, const char* name, const std::vector<Record>& rows,
                 const View& wanted) {
    if (!check.expect(rows.size() == 1, std::string(name) + ": one row was expected, not " +
                                            std::to_string(rows.size())))
        return;
    int member = 0;
    records::Members<typename View::Raw>::each(
        wanted, rows[0], [&](const auto& left, const auto& right) {
            ++member;
            check.expect(left == right, std::string(name) + ": member " + std::to_string(member) +
                                            " of its list comes back changed");
        });
}

void round_trip(Check& check) {
    StoreInHand store(check);
    std::deque<std::string> texts;
    const std::string address = "+15551234567";
    auto who = filled<records::LeadView>(texts);
    auto talk = filled<records::ConversationView>(texts);
    auto said = filled<records::MessageView>(texts);
    auto seen = filled<records::EventView>(texts);
    auto held = filled<records::SessionView>(texts);
    auto call = filled<records::CallView>(texts);
    auto work = filled<records::OwedView>(texts);
    auto line = filled<records::Status>(texts);
    who.address = talk.address = said.address = held.address = call.address = address;
    seen.address = address;
    talk.opted_out = 1;
    held.state = 1;
    call.active = 1;
    line.message_id = said.id;
    line.keep_delivery = 1;
    line.provider_id = said.provider_id;
    store.write("o", {who, talk, said, seen, held, call, work, line});

    talk.version = talk.control_epoch = talk.message_count = talk.call_count = 1;
    said.number = seen.offset = 1;
    const auto now = store.snapshot("o", address);
    expect_same(check, "lead", now.leads, who);
    expect_same(check, "conversation", now.conversations, talk);
    expect_same(check, "message", now.messages, said);
    expect_same(check, "session", now.sessions, held);
    expect_same(check, "call", now.calls, call);
    expect_same(check, "lead by id", store.lead("o", std::string(who.id)).leads, who);
    expect_same(check, "message by id", store.message("o", std::string(said.id)).messages, said);
    expect_same(
        check, "message by provider's id",
        store.message_by_provider_id("o", std::string(said.instance), std::string(said.provider_id))
            .messages,
        said);
    for (const std::string_view id : {call.line_id, call.conversation_id})
        expect_same(
            check, "call by provider's id",
            store.call_by_provider_id("o", std::string(call.instance), std::string(id)).calls,
            call);
    expect_same(check, "event", store.journal("o", 0, 10).events, seen);

    // What a claim and a settlement set is not taken from the one who owes.
    work.organization = "o";
    work.attempts = work.lease_until = 0;
    work.dead = 0;
    work.worker = work.last_error = "";
    expect_same(check, "owed", store.due(work.kind, work.due_at).owed, work);
    const auto lines = store.history("o", std::string(said.id)).lines;
    check.expect(lines.size() == 1 && lines[0].delivery == line.delivery &&
                     lines[0].keep_delivery == 1 && lines[0].provider_word == line.provider_word &&
                     lines[0].error_code == line.error_code &&
                     lines[0].error_text == line.error_text && lines[0].at == line.at,
                 "a line of the history comes back changed");

    // Replaced as a whole.
    auto other = filled<records::LeadView>(texts);
    other.id = who.id;
    other.address = address;
    auto ended = filled<records::CallView>(texts);
    ended.id = call.id;
    ended.address = address;
    ended.active = 0;
    store.write("o", {other, ended});
    const auto later = store.snapshot("o", address);
    expect_same(check, "lead after a change", later.leads, other);
    check.expect(later.calls.empty(), "a call that is over is shown as active");
    expect_same(
        check, "call after a change",
        store.call_by_provider_id("o", std::string(ended.instance), std::string(ended.line_id))
            .calls,
        ended);
}

void paging(Check& check) {
    StoreInHand store(check);
    for (int i = 1; i <= 25; ++i) {
        const std::string id = "m" + std::to_string(i);
        records::MessageView said = message(id, "+1");
        if (i % 5 == 0) said.type = TANDEM_MESSAGE_SYSTEM;
        store.write("o", {conversation("+1"), said, message("other" + id, "+2")});
    }
    int64_t before = 0, expected = 25;
    for (const size_t size : {10u, 10u, 5u, 0u}) {
        const auto page = store.messages("o", "+1", before, 10);
        check.expect(page.messages.size() == size, "a page of messages has the wrong size");
        for (const records::Message& row : page.messages)
            check.expect(row.number == expected-- && row.address == "+1",
                         "messages must come newest first, without gaps");
        if (!page.messages.empty()) before = page.messages.back().number;
    }
    const auto now = store.snapshot("o", "+1", 3);
    check.expect(
        now.messages.size() == 3 && now.messages[0].number == 23 && now.messages[2].number == 25,
        "a snapshot must show the last messages, oldest first");
    check.expect(now.conversations.at(0).message_count == 20,
                 "system messages are counted, or others are not");
    check.expect(store.snapshot("o", "+1", 0).messages.empty(), "a limit of 0 gives messages");
}

void conversation_list(Check& check) {
    StoreInHand store(check);
    // Two of each instant, so that a page may end between them.
    for (int i = 0; i < 10; ++i) {
        const std::string address = "+" + std::to_string(100 + i), id = "l" + std::to_string(i);
        records::ConversationView row = conversation(address, some_time + i / 2);
        if (i % 3 == 0) row.lead_id = id;
        store.write("o", {lead(id, address), row});
    }
    store.write("o", {message("m", "+999")});  // no conversation
    std::vector<std::string> seen;
    tandem_time before_at = 0;
    std::string before_key;
    while (true) {
        records::ListQuery query = first(3);
        query.before_at = before_at;
        query.before_key = before_key;
        const auto page = store.conversations("o", query);
        check.expect(page.conversations.size() <= 3, "a page is longer than its limit");
        if (page.conversations.empty() || seen.size() > 20) break;
        for (const records::Conversation& row : page.conversations) seen.push_back(row.address);
        before_at = page.conversations.back().last_activity_at;
        before_key = page.conversations.back().address;
    }
    const std::vector<std::string> wanted{"+109", "+108", "+107", "+106", "+105",
                                          "+104", "+103", "+102", "+101", "+100"};
    check.expect(seen == wanted,
                 "conversations must come newest activity first, then by descending address");
    check.expect(store.conversations("o", first(100)).leads.size() == 4,
                 "conversations must come with their leads");
    store.write("o", {conversation("+100", some_time + 100)});
    const auto top = store.conversations("o", first(1));
    check.expect(top.conversations.at(0).address == "+100", "new activity does not lift it");
}

void journal(Check& check) {
    StoreInHand store(check);
    const auto empty = store.journal("o", 0, 10);
    check.expect(empty.offset == 0 && empty.oldest == 0 && empty.epoch.empty(),
                 "an organisation without events must have the position (\"\", 0)");
    for (int i = 1; i <= 30; ++i) {
        const std::string id = std::to_string(i);
        const auto result = store.commit("o", {event(id, i % 3 == 0 ? "+3" : "+1")});
        check.expect(result.first_offset == i && result.event_count == 1, "offsets are not dense");
    }
    const auto page = store.journal("o", 10, 5);
    check.expect(page.events.size() == 5 && page.events[0].offset == 11 &&
                     page.events[4].offset == 15 && page.offset == 30 && page.oldest == 1,
                 "a page of the journal must begin after the position, oldest first");
    const auto of_address = store.journal("o", 10, 100, "+3");
    check.expect(of_address.events.size() == 7 && of_address.events[0].offset == 12 &&
                     of_address.offset == 30,
                 "a journal by address must give that conversation's events alone");
    check.expect(store.journal("o", 10, 2, "+3").events.size() == 2, "a limit is not kept");
    check.expect(store.journal("o", 30, 10).events.empty(), "there are events after the newest");

    const host::Outcome trimmed = store.store().trim_journal("o", 10);
    check.expect(trimmed.ok(), "trim_journal failed: " + trimmed.text);
    const auto rest = store.journal("o", 0, 100);
    check.expect(rest.events.size() >= 10 && rest.events.back().offset == 30 &&
                     rest.oldest == rest.events.front().offset && rest.epoch == page.epoch,
                 "trimming must keep the newest events and tell the oldest one");
    store.store().trim_journal("o", 0);
    const auto next = store.commit("o", {event("after")});
    check.expect(next.first_offset == 31 && next.journal_epoch == page.epoch,
                 "a trimmed journal must go on where it was");
    check.expect(store.store().trim_journal("nobody", 5).ok(), "trimming nothing fails");
}

void texts(Check& check) {
    StoreInHand store(check);
    const std::string long_text(1 << 20, 'x');
    const std::string hard[] = {
        "\u00fc\u4e2d\u6587 \U0001F468\u200D\U0001F469\u200D\U0001F467 \u202e",
        "'; DROP TABLE message; --",
        "\"quoted\" \\ back\nline\ttab %s ?1 :a @b $c",
        " leading and trailing ",
        long_text,
        "",
    };
    int count = 0;
    for (const std::string& text : hard) {
        const std::string id = "m" + std::to_string(++count) + text.substr(0, 100);
        const std::string address = "a" + text.substr(0, 50);
        store.write("o", {conversation(address), message(id, address, text)});
        const auto now = store.snapshot("o", address);
        check.expect(now.messages.size() >= 1 && now.messages.back().content == text &&
                         now.messages.back().id == id,
                     "text " + std::to_string(count) + " comes back changed");
        check.expect(store.message("o", id).messages.size() == 1,
                     "text " + std::to_string(count) + " is not found as an id");
    }
    using namespace std::string_view_literals;
    for (const auto& refused :
         {store.commit("o", {message("nul", "+1", "a\0b"sv)}),
          store.commit("o", {records::VersionIs{"+1\0"sv, 0}}, {event("nul")}),
          store.commit(std::string("o\0p"sv), {event("nul")}), store.commit("", {event("e")})})
        check.expect(refused.code == TANDEM_INVALID,
                     "a NUL in a text, or no organisation, must be refused with INVALID");
    check.expect(store.message("o", "nul").status == TANDEM_NOT_FOUND &&
                     store.journal("o", 0, 10).events.empty(),
                 "a refused text left a trace");
}

void not_there(Check& check) {
    StoreInHand store(check);
    store.write("o", {message("m", "+1"), lead("l", "+2")});
    const auto only_lead = store.snapshot("o", "+2");
    check.expect(only_lead.status == TANDEM_NOT_FOUND && only_lead.leads.size() == 1,
                 "a snapshot without a conversation must give its lead, then NOT_FOUND");
    check.expect(store.lead("o", "x").status == TANDEM_NOT_FOUND &&
                     store.message("o", "x").status == TANDEM_NOT_FOUND &&
                     store.message_by_provider_id("o", "i", "x").status == TANDEM_NOT_FOUND &&
                     store.message_by_provider_id("o", "", "").status == TANDEM_NOT_FOUND &&
                     store.call_by_provider_id("o", "i", "x").status == TANDEM_NOT_FOUND &&
                     store.call_by_provider_id("o", "", "").status == TANDEM_NOT_FOUND,
                 "what is not there must be NOT_FOUND");
    check.expect(store.messages("o", "+9", 0, 10).messages.empty() &&
                     store.conversations("o", first(10)).conversations.empty() &&
                     store.history("o", "x").lines.empty() && store.due(1, some_time).owed.empty(),
                 "an empty list must be empty, and no failure");
}

const Registered registered[] = {
    {"store.round_trip", "gives back every member of every record", TANDEM_STORE, &round_trip},
    {"store.paging", "gives messages in pages", TANDEM_STORE, &paging},
    {"store.conversation_list", "lists conversations by activity", TANDEM_STORE,
     &conversation_list},
    {"store.journal", "numbers events densely and forgets the oldest", TANDEM_STORE, &journal},
    {"store.texts", "keeps any text but a NUL", TANDEM_STORE, &texts},
    {"store.not_there", "says what is not there", TANDEM_STORE, &not_there},
};

}  // namespace
}  // namespace tandem::check
