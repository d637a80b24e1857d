#include <algorithm>
#include <string>
#include <vector>

#include "control/verbs.h"
#include "serve/refuse.h"

namespace tandem::control {

namespace {

using Kind = serve::QueryParameter::Kind;

struct Said {
    Verb verb;
    const char* id;
    const char* summary;
    const char* body;  // empty: a GET
    const char* answer;
    std::vector<std::string> errors;
};

}  // namespace

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

}  // namespace tandem::control
