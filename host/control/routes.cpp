#include "control/routes.h"

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <utility>

#include "admit/admit.h"
#include "base/text.h"
#include "control/draft.h"
#include "domain/address.h"
#include "domain/segments.h"
#include "serve/json.h"

namespace tandem::control {

namespace {

constexpr size_t max_field_bytes = 1024;
constexpr size_t max_summary_bytes = 20000;  // 5000 characters
constexpr size_t max_summary_characters = 5000;
constexpr size_t max_steps = 10;
constexpr size_t max_message_units = 1600;
constexpr size_t max_message_bytes = 4 * max_message_units;
constexpr unsigned max_page = 100000;

constexpr std::array reasons{"manual_takeover",   "customer_request", "complex_issue", "escalation",
                             "ai_confidence_low", "technical_issue",  "custom"};
constexpr std::array priorities{"low", "medium", "normal", "high", "urgent"};

template <typename Words>
bool is_one_of(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Throws what is amiss with the body as such; then values may be believed.
void check(serve::Members& asked, const Person& person) {
    const std::string named = asked.text("organizationId", max_field_bytes);
    if (auto problem = asked.problem()) throw serve::Refused{std::move(*problem)};
    if (!named.empty() && named != person.organization->id)
        refuse(403, "ORGANIZATION_ACCESS_DENIED", "The organisation is not the credential's.");
}

void check_words(const char* field, const std::string& words) {
    if (is_blank(words)) refuse_field(field, "is missing");
    if (domain::utf16_units(words) > max_message_units)
        refuse(400, "MESSAGE_TOO_LONG", std::string(field) + " has more than 1600 characters.");
}

/// A text that may be one too long for us: that is the contract's own error, not a type's.
std::string words_of(serve::Members& asked, const char* field, size_t body_bytes) {
    return asked.text(field, std::max(max_message_bytes, body_bytes));
}

/// One request on its way: who asks, and how to answer.
struct Asked {
    const Control& control;
    admit::Idempotency& idempotency;
    Person person;
    serve::Request request;

    std::string address(const std::string& number, const std::string& lead_id) const {
        return control.address_of(*person.organization, number, lead_id);
    }
    std::string path_address() const {
        return address(std::string(request.path_parameter("phoneNumber")), {});
    }
    /// Throws where the business would write to itself.
    const std::string& customer(const std::string& found) const {
        if (person.organization->owns(found))
            refuse_field("phoneNumber", "is the organisation's own number", "INVALID_PHONE_NUMBER");
        return found;
    }
};

bool yes(const Asked& asked, const char* name) {
    return serve::query_yes_no(asked.request, name).value_or(false);
}

/// Does it once for each Idempotency-Key. `act` is given the key, or null without one;
/// `recall` tells of what was done by a process that died before it answered.
template <typename Act, typename Recall>
serve::Response once(Asked& asked, const std::string& address, Act act, Recall recall) {
    using Kind = admit::Once::Kind;
    // Whoever was faster with the same key has committed: the next look finds it.
    for (unsigned tries = 0; tries < 3; ++tries) {
        Keyed key{asked.idempotency.look(asked.request, asked.person.organization->id, {})};
        key.once.note.address = address;
        if (key.once.kind == Kind::Answered) return std::move(key.once.answer);
        if (key.once.kind == Kind::Interrupted) return recall();
        try {
            return act(key.once.kind == Kind::Fresh ? &key : nullptr);
        } catch (const KeyTaken&) {
        }
    }
    refuse_without_storage();
}

/// The same, for a verb whose answer is committed with its effect.
template <typename Act>
serve::Response once(Asked& asked, const std::string& address, Act act) {
    const auto answer = [](const std::string& data) {
        return serve::success("Message sent", data);
    };
    return once(
        asked, address,
        [&](Keyed* key) {
            if (key) key->answer = answer;
            return answer(act(key));
        },
        []() -> serve::Response { refuse_without_storage(); });
}

serve::Response join(Control& control, Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    const std::string name = body.text("agentName", max_field_bytes);
    JoinOrder order;
    order.handoff_reason = body.text("handoffReason", max_field_bytes);
    order.custom_message = words_of(body, "customMessage", asked.request.body.size());
    std::string call_to;
    body.member("takeCall", [&](serve::Members& call) {
        order.call_action = call.text("action", max_field_bytes);
        call_to = call.text("to", max_field_bytes);
    });
    check(body, asked.person);
    if (!name.empty()) asked.person.agent_name = name;
    if (order.handoff_reason.empty()) order.handoff_reason = "manual_takeover";
    if (!is_one_of(reasons, order.handoff_reason))
        refuse_field("handoffReason", "is none of the contract's reasons");
    if (!order.custom_message.empty()) check_words("customMessage", order.custom_message);
    if (order.call_action == "transfer") {
        const auto to = domain::parse_phone(call_to, asked.person.organization->default_region);
        if (!to)
            refuse_field("takeCall.to", "is not a possible phone number", "INVALID_PHONE_NUMBER");
        const auto objection = asked.person.organization->objection_to(to->text);
        if (!objection.empty())
            throw serve::Refused{limit::refusal_of_number(objection, "takeCall.to")};
        order.call_to = to->text;
    } else if (!order.call_action.empty() && order.call_action != "hang_up") {
        refuse_field("takeCall.action", "must be transfer or hang_up");
    }
    order.address = asked.customer(asked.address(number, lead));
    const auto answer = [](const std::string& data) {
        return serve::success("Conversation taken over", data);
    };
    return once(
        asked, order.address,
        [&](Keyed* key) {
            serve::Response given = answer(control.join(asked.person, order, key));
            if (!key) return given;
            const auto kept = std::make_shared<std::promise<serve::Response>>();
            auto answered = kept->get_future();
            asked.idempotency.finish(
                std::move(key->once), std::move(given),
                [kept](serve::Response response) { kept->set_value(std::move(response)); });
            return answered.get();
        },
        [&] { return answer(control.joined(asked.person, order)); });
}

serve::Response leave(Control& control, Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    LeaveOrder order;
    order.summary = body.text("summary", max_summary_bytes);
    order.next_steps = body.texts("nextSteps", max_steps, max_field_bytes);
    order.success = body.yes_no("handoffSuccess", true);
    order.force = body.yes_no("force");
    if (domain::utf16_units(order.summary) > max_summary_characters)
        body.complain("summary", "is too long");
    check(body, asked.person);
    if (order.force && !asked.person.is_admin)
        refuse(403, "PERMISSION_DENIED", "force is for the permission admin.");
    order.address = asked.address(number, lead);
    return serve::success("Conversation handed back", control.leave(asked.person, order));
}

serve::Response send_message(Control& control, Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    const std::string lead = body.text("leadId", max_field_bytes);
    SendOrder order;
    order.text = words_of(body, "message", asked.request.body.size());
    order.message_type = body.text("messageType", max_field_bytes);
    order.priority = body.text("priority", max_field_bytes);
    check(body, asked.person);
    check_words("message", order.text);
    if (order.message_type.empty()) order.message_type = "text";
    if (order.message_type != "text") refuse_field("messageType", "must be text");
    if (!order.priority.empty() && !is_one_of(priorities, order.priority))
        refuse_field("priority", "must be low, medium, normal, high or urgent");
    order.address = asked.address(number, lead);
    return once(asked, order.address,
                [&](Keyed* key) { return control.send(asked.person, order, key); });
}

serve::Response plain_message(Control& control, Asked& asked) {
    serve::Members body(asked.request.body);
    SendOrder order;
    order.text = words_of(body, "message", asked.request.body.size());
    check(body, asked.person);
    check_words("message", order.text);
    order.address = asked.customer(asked.path_address());
    return once(asked, order.address,
                [&](Keyed* key) { return control.send_plain(asked.person, order, key); });
}

serve::Response transfer(Control& control, Asked& asked) {
    serve::Members body(asked.request.body);
    body.ignore_others();
    const std::string number = body.text("phoneNumber", max_field_bytes);
    TransferOrder order;
    order.to_agent_id = body.text("toAgentId", max_field_bytes);
    order.to_agent_name = body.text("agentName", max_field_bytes);
    check(body, asked.person);
    if (is_blank(order.to_agent_id)) refuse_field("toAgentId", "is missing");
    if (order.to_agent_name.empty()) order.to_agent_name = order.to_agent_id;
    order.address = asked.address(number, {});
    return serve::success("Conversation transferred", control.transfer(asked.person, order));
}

serve::Response process(Control& control, Asked& asked) {
    const std::string& text = asked.request.body;
    const bool none = text.find_first_not_of(" \t\r\n") == std::string::npos;
    serve::Members body(none ? std::string_view("{}") : std::string_view(text));
    body.ignore_others();
    const bool all = !body.has("messageIds");
    const auto ids = body.texts("messageIds", messages_seen, max_field_bytes);
    check(body, asked.person);
    return serve::success("Queue processed", control.process(asked.person, asked.path_address(),
                                                             ids, all || ids.empty()));
}

serve::Response status(Control& control, Asked& asked) {
    std::string number(asked.request.path_parameter("phoneNumber"));
    const bool in_query = number.empty();
    if (in_query) number = asked.request.query("phoneNumber").value_or("");
    const bool sessions = in_query && (yes(asked, "includeAgentSessions") || number.empty());
    std::string address;
    if (!number.empty()) {
        // An unknown number is simply not under control; one that is none is still refused.
        address = asked.address(number, {});
    }
    return serve::success("Status", control.status(asked.person, address, sessions));
}

serve::Response queue(Control& control, Asked& asked) {
    return serve::success(
        "Queue", control.queue(asked.person, asked.path_address(), yes(asked, "includeProcessed")));
}

serve::Response sessions(Control& control, Asked& asked) {
    SessionsOrder order;
    order.page = serve::query_number(asked.request, "page", 1, max_page);
    order.limit =
        serve::query_number(asked.request, "limit", serve::default_limit, serve::max_limit);
    const std::string which = asked.request.query("status").value_or("active");
    if (which != "active" && which != "all") refuse_field("status", "must be active or all");
    order.active_only = which == "active";
    const auto [data, pagination] = control.sessions(asked.person, order);
    return serve::success("Sessions", data, 200, pagination);
}

using Verb = serve::Response (*)(Control&, Asked&);

/// A route's handler: finds out who asks, and does the verb on the room's own threads.
struct Door {
    Control* control;
    const domain::Organizations* organizations;
    admit::Idempotency* idempotency;
    Verb verb;

    void operator()(serve::Request request, serve::Responder responder) const {
        const domain::Identity& identity = request.identity.value();
        const auto* organization = organizations->by_id(identity.organization);
        if (!organization)
            return responder.answer(serve::problem(
                {403, "ORGANIZATION_ACCESS_DENIED", "The credential's organisation is not here."}));
        Person person{organization, identity.subject, identity.name, identity.may("admin")};
        if (person.agent_name.empty()) person.agent_name = identity.email;
        if (person.agent_name.empty()) person.agent_name = identity.subject;
        auto waiting = std::make_shared<serve::Responder>(std::move(responder));
        auto asked = std::make_shared<Asked>(
            Asked{*control, *idempotency, std::move(person), std::move(request)});
        const bool queued = control->run([to = control, what = verb, asked, waiting] {
            serve::answer_with(*waiting, [&] { return what(*to, *asked); });
        });
        if (queued) return;
        serve::Problem busy{503, "STORAGE_UNAVAILABLE", "Too much is being done; try again soon."};
        busy.retry_after_s = 1;
        waiting->answer(serve::problem(busy));
    }
};

using Kind = serve::QueryParameter::Kind;

struct Said {
    Verb verb;
    const char* id;
    const char* summary;
    const char* body;  // empty: a GET
    const char* answer;
    std::vector<std::string> errors;
};

/// What the API's description says of a verb; `suffix` tells its second path apart.
serve::Described described_verb(Verb verb, const char* suffix) {
    static const std::vector<Said> all{
        {join,
         "joinConversation",
         "Takes a conversation over from the AI",
         "JoinRequest",
         "Joined",
         {"MISSING_PHONE_NUMBER", "MESSAGE_TOO_LONG", "ALREADY_UNDER_HUMAN_CONTROL", "OPTED_OUT",
          "PROVIDER_FAILED"}},
        {leave,
         "leaveConversation",
         "Hands a conversation back to the AI",
         "LeaveRequest",
         "Left",
         {"MISSING_PHONE_NUMBER", "NOT_UNDER_HUMAN_CONTROL", "ALREADY_UNDER_HUMAN_CONTROL"}},
        {send_message,
         "sendMessage",
         "A text of the human who holds it",
         "SendMessageRequest",
         "MessageSent",
         {"MISSING_PHONE_NUMBER", "MESSAGE_TOO_LONG", "NOT_UNDER_HUMAN_CONTROL",
          "ALREADY_UNDER_HUMAN_CONTROL", "OPTED_OUT", "PROVIDER_FAILED"}},
        {plain_message,
         "sendPlainMessage",
         "A human's text without a takeover",
         "PlainMessageRequest",
         "PlainMessageSent",
         {"MESSAGE_TOO_LONG", "ALREADY_UNDER_HUMAN_CONTROL", "OPTED_OUT", "PROVIDER_FAILED"}},
        {transfer,
         "transferConversation",
         "Gives a held conversation to another agent",
         "TransferRequest",
         "Transferred",
         {"MISSING_PHONE_NUMBER", "NOT_UNDER_HUMAN_CONTROL", "ALREADY_UNDER_HUMAN_CONTROL"}},
        {process,
         "processQueue",
         "Marks customer messages as answered",
         "ProcessRequest",
         "QueueProcessed",
         {"NOT_UNDER_HUMAN_CONTROL", "ALREADY_UNDER_HUMAN_CONTROL"}},
        {status,
         "getControlStatus",
         "Whether a human holds it, and my sessions",
         "",
         "ControlStatus",
         {}},
        {queue, "getQueue", "Customer messages that wait for the human", "", "ControlQueue", {}},
        {sessions, "listSessions", "Sessions, the newest first", "", "SessionList", {}},
    };
    const auto said =
        std::find_if(all.begin(), all.end(), [&](const Said& one) { return one.verb == verb; });
    serve::Described described{
        .id = std::string(said->id) + suffix,
        .summary = said->summary,
        .tag = "human-control",
        .body = said->body,
        .body_optional = verb == process,
        .answer = said->answer,
        .errors = said->errors,
        .idempotency_key = verb == join || verb == send_message || verb == plain_message};
    if (verb != sessions) described.errors.emplace_back("INVALID_PHONE_NUMBER");
    // What sends.
    if (described.idempotency_key) described.errors.emplace_back("NUMBER_NOT_ALLOWED");
    if (verb == status)
        described.query = {{"phoneNumber", "The conversation's number", Kind::Text, 0, {}},
                           {"includeAgentSessions", "My sessions too", Kind::YesNo, 0, {}}};
    if (verb == queue)
        described.query = {
            {"includeProcessed", "Those that were answered too", Kind::YesNo, 0, {}}};
    if (verb == sessions) {
        described.query = {{"page", "From 1", Kind::Number, max_page, {}},
                           {"limit", "Rows of a page; 50", Kind::Number, serve::max_limit, {}},
                           {"status", "active", Kind::Words, 0, {"active", "all"}}};
        described.pagination = "PagePagination";
    }
    return described;
}

}  // namespace

std::vector<serve::Route> routes(Control& control, const domain::Organizations& organizations,
                                 admit::Idempotency& idempotency, size_t body_limit) {
    std::vector<serve::Route> all;
    const auto open = [&](const char* method, std::string pattern, const char* permission,
                          Verb verb, serve::Described described) {
        serve::Route route;
        route.method = method;
        route.pattern = std::move(pattern);
        route.permission = permission;
        route.handler = Door{&control, &organizations, &idempotency, verb};
        route.described = std::move(described);
        if (route.method == "POST") {
            route.body_limit = body_limit;
            route.reads_json = verb != process;
        }
        all.push_back(std::move(route));
    };
    const char* const long_prefix = "/api/conversations/human-control/";
    for (const std::string prefix : {long_prefix, "/api/human-control/"}) {
        // Two operations of one name would be one function of a client.
        const char* suffix = prefix == long_prefix ? "" : "ByShortPath";
        const auto described = [&](Verb verb) { return described_verb(verb, suffix); };
        open("POST", prefix + "join", "conversations:manage", join, described(join));
        open("POST", prefix + "leave", "conversations:manage", leave, described(leave));
        open("POST", prefix + "send-message", "conversations:manage", send_message,
             described(send_message));
        open("POST", prefix + "transfer", "conversations:manage", transfer, described(transfer));
        open("GET", prefix + "status", "conversations:read", status, described(status));
        serve::Described of_one = described(status);
        of_one.id = std::string("getControlStatusOf") + suffix;
        of_one.query.clear();
        open("GET", prefix + "status/{phoneNumber}", "conversations:read", status, of_one);
        open("GET", prefix + "queue/{phoneNumber}", "conversations:read", queue, described(queue));
        open("POST", prefix + "queue/{phoneNumber}/process", "conversations:manage", process,
             described(process));
        open("GET", prefix + "sessions", "conversations:manage", sessions, described(sessions));
    }
    serve::Described plain = described_verb(plain_message, "");
    plain.tag = "conversations";
    open("POST", "/api/conversations/{phoneNumber}/messages", "conversations:write", plain_message,
         std::move(plain));
    return all;
}

}  // namespace tandem::control
