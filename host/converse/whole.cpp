#include <utility>

#include "converse/shown.h"

namespace tandem::converse {

namespace {

constexpr unsigned page = 200;
// What one answer may hold in memory.
constexpr size_t max_export_bytes = 64 << 20;

/// JSON Lines, one record a line.
class Lines {
public:
    void add(const char* type, const Json& record) {
        Json line{{"record", type}};
        line.update(record);
        text_ += publish::text(line);
        text_ += '\n';
        if (text_.size() > max_export_bytes)
            serve::refuse(413, "PAYLOAD_TOO_LARGE",
                          "The conversation is too large for one answer.");
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

/// Everything of a list that is read page by page.
template <typename Read, typename Each>
void all_of(const std::string& address, Read read, Each each) {
    store::ListQuery query;
    query.address = address;
    query.limit = page;
    while (true) {
        const auto rows = found(read(query), "conversation");
        for (const auto& row : rows) each(row);
        if (rows.size() < page) return;
        query.before_at = rows.back().started_at;
        query.before_key = rows.back().id;
    }
}

store::AuditLine audit(const Asked& asked, const char* action, const std::string& address) {
    return {asked.ground.ids->next(), asked.request.identity->subject, action, address, {}, {},
            asked.ground.clock->now()};
}

void commit(const Asked& asked, store::ChangeSet set) {
    const auto outcome = asked.ground.committer->commit(std::move(set));
    if (!outcome || outcome->kind != store::Outcome::Kind::Committed)
        serve::refuse_without_storage();
}

store::Snapshot known(const Asked& asked, const std::string& address) {
    store::Snapshot now =
        found(asked.ground.store->snapshot(asked.organization.id, address, 0), "conversation");
    if (!now.conversation && !now.lead)
        serve::refuse(404, "NOT_FOUND", "There is no such conversation.");
    return now;
}

}  // namespace

serve::Response export_conversation(const Asked& asked) {
    const std::string address = asked.path_address();
    const std::string& organization = asked.organization.id;
    store::Store& store = *asked.ground.store;
    const store::Snapshot now = known(asked, address);
    // Who took it away is on record before they have it.
    store::ChangeSet set;
    set.organization = organization;
    set.operations.push_back(audit(asked, "export", address));
    commit(asked, std::move(set));

    Lines lines;
    publish::Scene scene;
    scene.organization = organization;
    scene.address = address;
    scene.at = asked.ground.clock->now();
    if (now.lead) {
        scene.lead_id = now.lead->id;
        lines.add("lead", lead_object(*now.lead));
    }
    if (now.conversation)
        lines.add("conversation",
                  Json{{"phoneNumber", address},
                       {"summary", publish::text_or_null(now.conversation->summary)},
                       {"optedOut", now.conversation->opted_out},
                       {"createdAt", iso8601(now.conversation->created_at)}});
    all_of(
        address, [&](const auto& query) { return store.sessions(organization, query); },
        [&](const domain::ControlSession& session) {
            lines.add("session", publish::session_object(scene, session, 0));
        });
    all_of(
        address, [&](const auto& query) { return store.calls(organization, query); },
        [&](const domain::Call& call) { lines.add("call", publish::call_object(call)); });
    for (int64_t before = 0;;) {
        const auto messages =
            found(store.messages(organization, address, before, page), "conversation");
        for (const domain::Message& message : messages)
            lines.add("message", publish::message_object(message));
        if (messages.size() < page) break;
        before = messages.back().number;
    }
    serve::Response response;
    response.content_type = "application/x-ndjson";
    response.body = lines.take();
    return response;
}

serve::Response erase_conversation(const Asked& asked) {
    const std::string address = asked.path_address();
    known(asked, address);
    store::ChangeSet set;
    set.organization = asked.organization.id;
    set.operations.push_back(store::Erase{address});
    set.operations.push_back(store::ForgetNote{"processed", address});
    set.operations.push_back(audit(asked, "erase", {}));
    commit(asked, std::move(set));
    if (const auto done = asked.ground.store->compact(); !done) {
        asked.ground.log->error("converse", "what was erased could not be removed from the files",
                                {{"reason", done.error().text}});
        serve::refuse_without_storage();
    }
    return serve::success("Erased", "{}");
}

}  // namespace tandem::converse
