#include "store_suite.h"

// Lists by query: what is asked, in order, in pages.
namespace tandem::check {
namespace {

using Texts = std::vector<std::string>;

records::ListQuery held(uint32_t choice) {
    records::ListQuery query = first(100);
    query.under_control = choice;
    return query;
}
records::ListQuery needing(uint32_t choice) {
    records::ListQuery query = first(100);
    query.needs_human = choice;
    return query;
}
records::ListQuery with_text(std::string_view text) {
    records::ListQuery query = first(100);
    query.text = text;
    return query;
}

/// All pages of a list, `read(query)`, whose places are `place(rows)`; the ids in order.
template <typename Read, typename Rows, typename Key>
Texts all_pages(Check& check, records::ListQuery query, Read&& read, Rows TakenRows::*rows,
                tandem_time Rows::value_type::*at, Key&& key) {
    Texts seen;
    std::string last_key;
    while (seen.size() < 1000) {
        const TakenRows page = read(query);
        const Rows& found = page.*rows;
        check.expect(found.size() <= query.limit, "a page is longer than its limit");
        for (const auto& row : found) seen.push_back(key(row));
        if (found.size() < query.limit) break;
        query.before_at = found.back().*at;
        last_key = key(found.back());
        query.before_key = last_key;
    }
    return seen;
}

void conversation_filters(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 8; ++i) {
        const std::string address = "+10" + std::to_string(i), id = "l" + std::to_string(i);
        records::ConversationView row = conversation(address, some_time + i);
        row.lead_id = id;
        if (i % 2 == 0) row.needs_human = "asked for one";
        store.write("o", {lead(id, address), row, message("m" + id, address, "first")});
        if (i >= 4) store.write("o", {session("s" + id, address, 1)});
    }
    store.write("o", {session("sl4", "+104", 2)});
    const auto list = [&](const records::ListQuery& query) {
        return each(store.conversations("o", query).conversations, &records::Conversation::address);
    };
    check.expect(list(held(1)) == Texts{"+107", "+106", "+105"}, "not those that a human holds");
    check.expect(list(held(2)) == Texts{"+104", "+103", "+102", "+101", "+100"},
                 "not those that nobody holds");
    check.expect(list(needing(1)) == Texts{"+106", "+104", "+102", "+100"},
                 "not those that need a human");
    check.expect(list(needing(2)) == Texts{"+107", "+105", "+103", "+101"},
                 "not those that need none");
    records::ListQuery both = held(1);
    both.needs_human = 1;
    check.expect(list(both) == Texts{"+106"}, "two conditions are not both kept");
    for (const uint32_t choice : {0u, 1u, 2u})
        for (const uint32_t other : {0u, 1u, 2u}) {
            records::ListQuery query = held(choice);
            query.needs_human = other;
            const Texts whole = list(query);
            query.limit = 2;
            const Texts paged = all_pages(
                check, query,
                [&](const records::ListQuery& page) { return store.conversations("o", page); },
                &TakenRows::conversations, &records::Conversation::last_activity_at,
                [](const records::Conversation& row) { return row.address; });
            check.expect(paged == whole, "pages of a filtered list differ from the whole");
        }
}

void conversation_parts(Check& check) {
    StoreInHand store(check);
    records::ConversationView full = conversation("+1", some_time + 1);
    full.lead_id = "l";
    records::CallView call, over;
    call.id = "c";
    over.id = "over";
    call.address = over.address = "+1";
    call.active = 1;
    records::MessageView system = message("m3", "+1");
    system.type = TANDEM_MESSAGE_SYSTEM;
    store.write("o", {lead("l", "+1"), full, message("m1", "+1"), message("m2", "+1"), system,
                      session("s", "+1", 1), call, over, conversation("+2")});
    const auto rows = store.conversations("o", first(10));
    check.expect(rows.conversations.size() == 2, "not both conversations are listed");
    check.expect(rows.leads.size() == 1 && rows.sessions.size() == 1 && rows.calls.size() == 1 &&
                     rows.calls[0].id == "c" && rows.messages.size() == 1 &&
                     rows.messages[0].id == "m2",
                 "a conversation must come with its lead, open session, active calls and last "
                 "message that is not of the system");
    check.expect(rows.conversations[0].call_count == 2 && rows.conversations[0].message_count == 2,
                 "calls and messages are not counted");
    store.write("o", {over});
    check.expect(store.conversations("o", first(10)).conversations[0].call_count == 2,
                 "a call that is written again is counted again");
}

void text_search(Check& check) {
    StoreInHand store(check);
    const auto add = [&](std::string_view id, std::string_view address, std::string_view name,
                         std::string_view email) {
        records::LeadView who = lead(id, address);
        who.customer_name = name;
        who.email = email;
        who.created_at = some_time + address.back();
        records::ConversationView talk = conversation(address, some_time + address.back());
        talk.lead_id = id;
        store.write("o", {who, talk});
    };
    add("l1", "+1551", "Ana Mu\u00f1oz", "ana@example.com");
    add("l2", "+1552", "Bob 100%", "bob_b@example.com");
    add("l3", "+1553", "O'Neil \\ Sons", "");
    store.write("o", {conversation("+1660", some_time)});
    const auto both = [&](std::string_view text, const Texts& wanted) {
        const auto talks = each(store.conversations("o", with_text(text)).conversations,
                                &records::Conversation::address);
        check.expect(talks == wanted, "conversations are not found by: " + std::string(text));
        Texts people = wanted;
        if (!people.empty() && people.back() == "+1660") people.pop_back();
        const auto leads = each(store.leads("o", with_text(text)).leads, &records::Lead::address);
        check.expect(leads == people, "leads are not found by: " + std::string(text));
    };
    both("ANA", {"+1551"});
    both("mu\u00f1", {"+1551"});
    both("example", {"+1552", "+1551"});
    both("%", {"+1552"});
    both("_", {"+1552"});
    both("\\", {"+1553"});
    both("o'n", {"+1553"});
    both("155", {"+1553", "+1552", "+1551"});
    both("660", {"+1660"});
    both("nobody", {});
}

void lead_list(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 7; ++i) {
        const std::string id = "l" + std::to_string(i), address = "+" + std::to_string(i);
        records::LeadView row = lead(id, address);
        row.created_at = some_time + i / 2;
        store.write("o", {row});
    }
    store.write("p", {lead("foreign", "+9")});
    const auto seen = all_pages(
        check, first(2), [&](const records::ListQuery& page) { return store.leads("o", page); },
        &TakenRows::leads, &records::Lead::created_at,
        [](const records::Lead& row) { return row.id; });
    check.expect(seen == Texts{"l6", "l5", "l4", "l3", "l2", "l1", "l0"},
                 "leads must come newest first, then by descending id");
    check.expect(store.lead_by_address("o", "+3").leads.at(0).id == "l3",
                 "a lead is not found by its address");
    check.expect(store.lead_by_address("o", "+9").status == TANDEM_NOT_FOUND,
                 "another organisation's lead is found");
}

void call_lists(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 9; ++i) {
        const std::string id = "c" + std::to_string(i);
        const std::string address = i % 3 == 0 ? "+3" : "+1";
        const std::string line = "CA" + std::to_string(i / 2);
        records::CallView row;
        row.id = id;
        row.address = address;
        row.instance = i % 2 == 0 ? "twilio" : "elevenlabs";
        row.line_id = line;
        row.started_at = some_time + i / 2;
        row.active = i > 5 ? 1 : 0;
        store.write("o", {row});
    }
    const auto list = [&](const records::ListQuery& query) {
        return all_pages(
            check, query, [&](const records::ListQuery& page) { return store.calls("o", page); },
            &TakenRows::calls, &records::Call::started_at,
            [](const records::Call& row) { return row.id; });
    };
    records::ListQuery query = first(2);
    check.expect(list(query) == Texts{"c8", "c7", "c6", "c5", "c4", "c3", "c2", "c1", "c0"},
                 "calls must come newest start first, then by descending id");
    query.address = "+3";
    check.expect(list(query) == Texts{"c6", "c3", "c0"}, "not the calls of one address");
    query.active = 1;
    check.expect(list(query) == Texts{"c6"}, "not the active calls of one address");
    query.address = {};
    check.expect(list(query) == Texts{"c8", "c7", "c6"}, "not the calls that last");
    check.expect(store.call("o", "c4").calls.at(0).address == "+1", "a call is not found by id");
    check.expect(store.call("p", "c4").status == TANDEM_NOT_FOUND, "another's call is found");
    check.expect(store.call_by_line("o", "CA1").calls.at(0).id == "c3",
                 "the newest call of a line is not found, whichever instance speaks on it");
    check.expect(store.call_by_line("o", "").status == TANDEM_NOT_FOUND, "no line has a call");

    for (int i = 0; i < 5; ++i) {
        const std::string id = "t" + std::to_string(i);
        records::MessageView said = message(id, "+1");
        if (i != 2) said.call_id = "c4";
        store.write("o", {said});
    }
    check.expect(each(store.call_turns("o", "c4", 3).messages, &records::Message::id) ==
                     Texts{"t0", "t1", "t3"},
                 "turns of a call must come in order, and no more than the limit");
    check.expect(store.call_turns("o", "", 3).messages.empty(), "no call has turns");
}

void session_lists(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 6; ++i) {
        const std::string id = "s" + std::to_string(i), address = "+" + std::to_string(i % 3);
        const std::string agent = "agent " + std::to_string(i % 2);
        records::SessionView row = session(id, address, i < 3 ? 2 : 1);
        row.agent_id = agent;
        row.started_at = some_time + i / 2;
        row.last_activity_at = some_time + 10 * i;
        store.write("o", {row});
    }
    const auto list = [&](const records::ListQuery& query) {
        return all_pages(
            check, query, [&](const records::ListQuery& page) { return store.sessions("o", page); },
            &TakenRows::sessions, &records::Session::started_at,
            [](const records::Session& row) { return row.id; });
    };
    records::ListQuery query = first(2);
    check.expect(list(query) == Texts{"s5", "s4", "s3", "s2", "s1", "s0"},
                 "sessions must come newest start first, then by descending id");
    query.session_state = 1;
    check.expect(list(query) == Texts{"s5", "s4", "s3"}, "not the open sessions");
    query.idle_since = some_time + 40;
    check.expect(list(query) == Texts{"s4", "s3"}, "not the open sessions that are idle");
    query.agent_id = "agent 0";
    check.expect(list(query) == Texts{"s4"}, "not those of one agent among them");
    query = first(2);
    query.agent_id = "agent 1";
    check.expect(list(query) == Texts{"s5", "s3", "s1"}, "not the sessions of one agent");
    query.session_state = 2;
    check.expect(list(query) == Texts{"s1"}, "not the ended sessions of one agent");
    query = first(2);
    query.address = "+2";
    check.expect(list(query) == Texts{"s5", "s2"}, "not the sessions of one address");
    query.session_state = 1;
    check.expect(list(query) == Texts{"s5"}, "not the open session of one address");
}

void drafts(Check& check) {
    StoreInHand store(check);
    for (int i = 0; i < 9; ++i) {
        const std::string id = "m" + std::to_string(i);
        records::MessageView row = message(id, "+1");
        row.delivery = i % 3 == 0 ? TANDEM_DELIVERY_SUPERSEDED : i % 3 == 1 ? 5u : 4u;
        store.write("o", {row, message("other" + id, "+2")});
    }
    store.write("o", {status("m1", TANDEM_DELIVERY_SUPERSEDED)});
    const auto ids = [&](uint32_t delivery, uint32_t limit) {
        return each(store.messages_by_delivery("o", "+1", delivery, limit).messages,
                    &records::Message::id);
    };
    check.expect(ids(TANDEM_DELIVERY_SUPERSEDED, 10) == Texts{"m6", "m3", "m1", "m0"},
                 "drafts must come newest first");
    check.expect(ids(TANDEM_DELIVERY_SUPERSEDED, 2) == Texts{"m6", "m3"}, "a limit is not kept");
    check.expect(ids(5, 10) == Texts{"m7", "m4"}, "messages are not found by another delivery");
}

const Registered registered[] = {
    {"store.conversation_filters", "lists who is held and who needs a human", TANDEM_STORE,
     &conversation_filters},
    {"store.conversation_parts", "lists conversations with what belongs to them", TANDEM_STORE,
     &conversation_parts},
    {"store.text_search", "finds people by a part of name, e-mail or address", TANDEM_STORE,
     &text_search},
    {"store.lead_list", "lists leads by creation", TANDEM_STORE, &lead_list},
    {"store.call_lists", "lists calls, and what was said in them", TANDEM_STORE, &call_lists},
    {"store.session_lists", "lists sessions by state, agent and idleness", TANDEM_STORE,
     &session_lists},
    {"store.drafts", "finds superseded drafts", TANDEM_STORE, &drafts},
};

}  // namespace
}  // namespace tandem::check
