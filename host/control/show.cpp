#include <algorithm>
#include <set>
#include <utility>

#include "control/draft.h"
#include "publish/screen_json.h"

namespace tandem::control {

using publish::call_object;
using publish::Json;
using publish::session_object;
using publish::text;
using publish::text_or_null;

namespace {

// All sessions that statistics look at; beyond it they are of the newest.
constexpr unsigned most_sessions = 10000;
constexpr unsigned page_of_sessions = 200;

Json shown(const Control::Look& seen, const Person& person, const domain::ControlSession& session) {
    publish::Scene scene{{}, person.organization->id, seen.address, {}, {}, {}, seen.now};
    if (seen.snapshot.conversation) scene.lead_id = seen.snapshot.conversation->lead_id;
    return session_object(scene, session, static_cast<int64_t>(seen.waiting.size()));
}

}  // namespace

std::vector<const domain::Message*> queue_of(const Control::Look& look,
                                             const SessionRecord& record) {
    std::vector<const domain::Message*> queue;
    // An answer that was being claimed at the join and was turned back leaves older ones waiting.
    const int64_t from = look.waiting.empty()
                             ? record.queue_from
                             : std::min(record.queue_from, look.waiting.front()->number);
    for (const domain::Message& message : look.snapshot.messages)
        if (message.author == domain::Author::Customer &&
            message.type == domain::MessageType::Text && message.number >= from)
            queue.push_back(&message);
    return queue;
}

Control::Look Control::look(const Person& person, const domain::ControlSession& session) const {
    if (session.state == domain::SessionState::Open) return look(person, session.address);
    Look look;
    look.now = ground_.clock->now();
    look.address = session.address;
    auto snapshot = ground_.store->snapshot(person.organization->id, session.address, 0);
    // Who was erased left a session and nothing else.
    if (!snapshot && snapshot.error().code != Code::NotFound) refuse_without_storage();
    if (snapshot) look.snapshot = std::move(*snapshot);
    return look;
}

std::string Control::status(const Person& person, const std::string& address,
                            bool with_agent_sessions) {
    Json data{{"organizationId", person.organization->id},
              {"userId", person.agent_id},
              {"timestamp", iso8601(ground_.clock->now())}};
    if (!address.empty()) {
        const Look seen = look(person, address);
        const auto& session = seen.snapshot.session;
        const int64_t waiting = session ? static_cast<int64_t>(seen.waiting.size()) : 0;
        data["phoneNumber"] = address;
        data["isUnderHumanControl"] = session.has_value();
        data["session"] = session ? shown(seen, person, *session) : Json(nullptr);
        data["queuedMessages"] = waiting;
    }
    if (with_agent_sessions) {
        store::ListQuery mine;
        mine.agent_id = person.agent_id;
        mine.limit = page_of_sessions;
        const auto sessions = ground_.store->sessions(person.organization->id, mine);
        if (!sessions) refuse_without_storage();
        Json list = Json::array();
        int64_t active = 0;
        for (const domain::ControlSession& session : *sessions) {
            if (session.state == domain::SessionState::Open) ++active;
            list.push_back(shown(look(person, session), person, session));
        }
        data["agentSessions"] =
            Json{{"total", sessions->size()}, {"active", active}, {"sessions", std::move(list)}};
    }
    return text(data);
}

std::string Control::queue(const Person& person, const std::string& address, bool with_processed) {
    const Look seen = look(person, address);
    const auto& session = seen.snapshot.session;
    Json messages = Json::array();
    size_t total = 0, unprocessed = 0;
    if (session) {
        const SessionRecord record = parse_record(session->record_json);
        for (const domain::Message* message : queue_of(seen, record)) {
            const bool waits =
                std::find(seen.waiting.begin(), seen.waiting.end(), message) != seen.waiting.end();
            ++total;
            if (waits) ++unprocessed;
            if (!waits && !with_processed) continue;
            messages.push_back({{"id", message->id},
                                {"content", message->content},
                                {"type", domain::word(message->type)},
                                {"timestamp", iso8601(message->at)},
                                {"processed", !waits}});
        }
    }
    return text(Json{{"phoneNumber", address},
                     {"sessionId", session ? Json(session->id) : Json(nullptr)},
                     {"agentName", session ? text_or_null(session->agent_name) : Json(nullptr)},
                     {"messages", std::move(messages)},
                     {"stats", Json{{"total", total},
                                    {"unprocessed", unprocessed},
                                    {"customerMessages", total},
                                    {"systemMessages", 0}}}});
}

std::string Control::process(const Person& person, const std::string& address,
                             const std::vector<std::string>& ids, bool all) {
    size_t processed = 0, remaining = 0;
    decide(person, address, [&](Draft& draft) {
        const Look& seen = draft.before;
        must_hold(seen, person);
        domain::Processed marks = seen.processed;
        processed = 0;
        // Marks of what was answered since have done their work.
        std::erase_if(marks.ids, [&](const std::string& id) {
            return std::none_of(seen.snapshot.messages.begin(), seen.snapshot.messages.end(),
                                [&](const domain::Message& one) { return one.id == id; });
        });
        for (const domain::Message* message : seen.waiting) {
            if (!all && std::find(ids.begin(), ids.end(), message->id) == ids.end()) continue;
            marks.ids.push_back(message->id);
            ++processed;
        }
        remaining = seen.waiting.size() - processed;
        if (remaining == 0 || marks.ids.size() > domain::most_processed_ids) {
            if (remaining > 0) refuse_field("messageIds", "are more than can be marked one by one");
            marks = {seen.newest_number(), {}};
        }
        if (processed == 0) return false;
        draft.conversation.waiting = static_cast<int64_t>(remaining);
        draft.writes_session = true;
        draft.session.last_activity_at = seen.now;
        draft.write(store::processed_note(address, marks, seen.now));
        return true;
    });
    count("process");
    return text(Json{{"processedCount", processed},
                     {"remainingUnprocessed", remaining},
                     {"processedBy", person.agent_id}});
}

std::pair<std::string, std::string> Control::sessions(const Person& person,
                                                      const SessionsOrder& order) {
    std::vector<domain::ControlSession> all;
    store::ListQuery query;
    query.limit = page_of_sessions;
    while (all.size() < most_sessions) {
        auto page = ground_.store->sessions(person.organization->id, query);
        if (!page) refuse_without_storage();
        const bool last = page->size() < query.limit;
        for (domain::ControlSession& session : *page) all.push_back(std::move(session));
        if (last) break;
        query.before_at = all.back().started_at;
        query.before_key = all.back().id;
    }
    const Time now = ground_.clock->now();
    const size_t first = static_cast<size_t>(order.page - 1) * order.limit;
    Json list = Json::array();
    std::set<std::string> agents;
    size_t active = 0, asked = 0;
    int64_t seconds = 0, messages = 0;
    for (const domain::ControlSession& session : all) {
        const bool open = session.state == domain::SessionState::Open;
        if (open) ++active;
        agents.insert(session.agent_id);
        const Time until = open ? now : session.ended_at;
        seconds += std::chrono::floor<std::chrono::seconds>(until - session.started_at).count();
        messages += parse_record(session.record_json).message_count;
        if (order.active_only && !open) continue;
        if (asked >= first && asked < first + order.limit)
            list.push_back(shown(look(person, session), person, session));
        ++asked;
    }
    const auto count_of = [](size_t some) { return static_cast<int64_t>(some); };
    const int64_t average = all.empty() ? 0 : seconds / count_of(all.size());
    const size_t pages = (asked + order.limit - 1) / order.limit;
    Json data{{"sessions", std::move(list)},
              {"stats", Json{{"total", all.size()},
                             {"active", active},
                             {"totalAgents", agents.size()},
                             {"averageDuration", average},
                             {"totalMessages", messages}}}};
    Json pagination{{"page", order.page},
                    {"limit", order.limit},
                    {"total", asked},
                    {"pages", pages},
                    {"hasMore", order.page < pages}};
    return {text(data), text(pagination)};
}

}  // namespace tandem::control
