#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "converse/shown.h"
#include "unit/deliver/world.h"

namespace tandem::testing {

using publish::Json;

/// An answer as its reader sees it.
struct Told {
    int status = 0;
    std::string code;    // of a refusal
    std::string field;   // the first that a refusal names
    std::string cursor;  // X-Next-Cursor
    std::string text;
    Json body;

    const Json& data() const {
        CPPUNIT_ASSERT_MESSAGE(text, status < 300);
        return body.at("data");
    }
    const Json& pagination() const { return body.at("pagination"); }
};

/// The room with a real store and two organisations.
class Office : public World {
public:
    using Query = std::vector<std::pair<std::string, std::string>>;
    using Verb = serve::Response (*)(const converse::Asked&);

    Office() { ground.store = store.get(); }

    /// Asks one of the room's verbs; `path` is the value of the path's one parameter.
    Told ask(Verb verb, const std::string& path = {}, const Query& query = {},
             const std::string& body = {}, const std::string& who = organization) {
        serve::Request request;
        request.path_parameters = {{"phoneNumber", path}, {"id", path}};
        for (const auto& [name, value] : query)
            request.raw_query += (request.raw_query.empty() ? "" : "&") + name + '=' + value;
        request.body = body;
        request.headers = {{"Content-Type", content_type}};
        request.identity = domain::Identity{};
        request.identity->subject = "agent-7";
        request.identity->organization = domain::OrganizationId::vouched(who);
        try {
            return told(verb(converse::Asked{ground, *both.by_id(who), request}));
        } catch (const serve::Refused& refused) {
            return told(serve::problem(refused.problem));
        }
    }
    /// Asks for page after page until there is none; the rows of all of them.
    std::vector<Json> all_pages(Verb verb, const std::string& list, Query query = {}) {
        std::vector<Json> rows;
        const Query first = query;
        for (;;) {
            const Told page = ask(verb, {}, query);
            for (const Json& row : page.data().at(list)) rows.push_back(row);
            const Json& next = page.pagination().at("nextCursor");
            if (next.is_null()) return rows;
            CPPUNIT_ASSERT_MESSAGE("the list has no end", rows.size() < 1000);
            query = first;
            query.emplace_back("cursor", next.get<std::string>());
        }
    }

    void meets(const std::string& address, const std::string& name = {}) {
        domain::Lead lead;
        lead.id = "lead-" + address.substr(1);
        lead.address = address;
        lead.customer_name = name;
        lead.created_at = lead.updated_at = clock.now();
        domain::Conversation conversation;
        conversation.address = address;
        conversation.lead_id = lead.id;
        conversation.created_at = conversation.last_activity_at = clock.now();
        commit({lead, conversation});
    }
    std::string says(const std::string& address, const std::string& text,
                     domain::Delivery delivery = domain::Delivery::Received) {
        auto now = store->snapshot(organization, address, 0);
        CPPUNIT_ASSERT(now && now->conversation);
        now->conversation->last_activity_at = clock.now();
        domain::Message message;
        message.id = ids.next();
        message.address = address;
        message.content = text;
        message.delivery = delivery;
        if (delivery == domain::Delivery::Superseded) message.author = domain::Author::Ai;
        message.at = clock.now();
        commit({*now->conversation, message});
        return message.id;
    }
    void changes(const std::string& address, void (*change)(domain::Conversation&)) {
        auto now = store->snapshot(organization, address, 0);
        CPPUNIT_ASSERT(now && now->conversation);
        change(*now->conversation);
        commit({*now->conversation});
    }
    void is_held(const std::string& address) {
        auto now = store->snapshot(organization, address, 0);
        CPPUNIT_ASSERT(now && now->conversation);
        domain::ControlSession session;
        session.id = ids.next();
        session.address = address;
        session.agent_id = "agent-7";
        session.started_at = clock.now();
        commit({*now->conversation, session});
    }

    std::string content_type = "application/json";
    domain::Organizations both{two_organizations()};
    converse::Ground ground{nullptr, committer.get(), &clock, &ids, &both, &log, nullptr, 50};

private:
    static Told told(const serve::Response& response) {
        Told told;
        told.status = response.status;
        told.text = response.body;
        for (const auto& header : response.headers)
            if (header.name == "X-Next-Cursor") told.cursor = header.value;
        if (response.content_type == "application/x-ndjson") return told;
        told.body = Json::parse(response.body);
        told.code = told.body.value("code", "");
        if (told.body.contains("errors")) told.field = told.body["errors"].at(0).value("field", "");
        return told;
    }
    static std::vector<domain::Organization> two_organizations() {
        domain::Organization own;
        own.id = organization;
        own.default_region = "US";
        own.daily.call_minutes = 60;  // where a test has a ledger
        domain::Organization other;
        other.id = "other";
        other.default_region = "US";
        return {own, other};
    }
};

inline void expect_refused(const Told& told, int status, const std::string& code,
                           const std::string& field = {}) {
    CPPUNIT_ASSERT_EQUAL_MESSAGE(told.text, status, told.status);
    CPPUNIT_ASSERT_EQUAL(code, told.code);
    if (!field.empty()) CPPUNIT_ASSERT_EQUAL(field, told.field);
}

}  // namespace tandem::testing
