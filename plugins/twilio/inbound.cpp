#include <algorithm>
#include <utility>

#include "answers.hpp"
#include "events.hpp"
#include "signature.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::string_view incoming = "sms/incoming";
constexpr std::string_view status = "sms/status";
constexpr std::string_view line_status = "voice/status";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view empty_twiml = R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)";

// A wide callback has about 40 fields; Twilio adds some without notice.
constexpr std::size_t max_fields = 256;
constexpr std::size_t max_unproven_json_bytes = 16 * 1024;

std::string_view content_type(const WebhookRequest& request) {
    return request.header("Content-Type").value_or("");
}

std::string_view query_of(std::string_view target) {
    const std::size_t question = target.find('?');
    if (question == std::string_view::npos) return {};
    return target.substr(question + 1, target.find('#') - question - 1);
}

bool is_json(const WebhookRequest& request) {
    return request.method != "GET" && is_media_type(content_type(request), json_type);
}

/// What the request says of its account, before anybody knows whether it is genuine.
std::vector<std::string> accounts_named(const WebhookRequest& request) {
    static constexpr std::string_view name = "AccountSid";
    if (request.method == "GET") return values_of(query_of(request.target), name);
    if (!is_json(request)) return values_of(request.body, name);
    const auto form = read_parameters(request.body, max_fields);
    if (!form) return {};
    for (const auto& field : form->fields)
        if (field.first == name) return {field.second};
    return {};
}

std::vector<std::string> tokens_of(const std::vector<Account>& accounts) {
    std::vector<std::string> tokens;
    for (const Account& account : accounts)
        tokens.insert(tokens.end(), account.tokens.begin(), account.tokens.end());
    return tokens;
}

[[noreturn]] void not_of_our_account() {
    throw Failure(TANDEM_NOT_FOUND, "of an account that is not this instance's");
}

void limit(const Form& form) {
    if (form.cut) throw Failure(TANDEM_LIMITED, "the request has more than 256 fields");
    if (form.malformed)
        throw Failure(TANDEM_INVALID, "the request has a percent sign without two hex digits");
}

/// The parameters of a genuine request, from where its method and type have them.
Form parameters_of(const WebhookRequest& request) {
    Form form;
    if (request.method == "GET") {
        if (!request.body.empty()) throw Failure(TANDEM_INVALID, "a GET with a body");
        form = parse_form(query_of(request.target), max_fields);
    } else if (is_media_type(content_type(request), form_type)) {
        form = parse_form(request.body, max_fields);
    } else if (is_json(request)) {
        auto read = read_parameters(request.body, max_fields);
        if (!read) throw Failure(TANDEM_INVALID, "the body is no JSON object of parameters");
        form = std::move(*read);
    } else {
        throw Failure(TANDEM_UNSUPPORTED,
                      "the body is neither application/x-www-form-urlencoded nor JSON");
    }
    limit(form);
    return form;
}

}  // namespace

std::vector<Route> Twilio::routes() {
    std::vector<Route> routes;
    for (const std::string_view path : {incoming, status, line_status})
        for (const char* method : {"POST", "GET"}) routes.push_back({method, std::string(path)});
    return routes;
}

void Twilio::verify(const WebhookRequest& request) {
    SignedRequest judged;
    judged.url = request.public_url;
    judged.content_type = content_type(request);
    judged.body = request.body;
    unsigned signatures = 0;
    for (const Field& header : request.headers) {
        if (!same_name(header.name, "X-Twilio-Signature")) continue;
        if (signatures++ > 0) throw Failure(TANDEM_UNAUTHORIZED, "X-Twilio-Signature comes twice");
        judged.signature = header.value;
    }
    const std::string flaw = flaw_of(judged);
    if (!flaw.empty()) throw Failure(TANDEM_UNAUTHORIZED, flaw);

    // Twilio's have none, and nothing that it signs would cover one.
    if (request.method == "GET" && !request.body.empty())
        throw Failure(TANDEM_UNAUTHORIZED, "a GET with a body");
    if (is_json(request)) {
        // What a JSON body says is read only if it is genuine, or small.
        std::string reason = reason_against(judged, tokens_of(accounts_));
        if (!reason.empty() && request.body.size() > max_unproven_json_bytes)
            throw Failure(TANDEM_UNAUTHORIZED, reason);
    }
    const std::vector<std::string> named = accounts_named(request);
    if (named.size() > 1) throw Failure(TANDEM_UNAUTHORIZED, "AccountSid comes twice");
    // The account picks the tokens: what is signed with one account's token must not speak for
    // another, though both be ours. Who names none can only be our own.
    const Account* account =
        named.empty() ? &accounts_.front() : find_account(accounts_, named.front());
    if (account == nullptr) not_of_our_account();
    const std::string reason = reason_against(judged, account->tokens);
    if (!reason.empty()) throw Failure(TANDEM_UNAUTHORIZED, reason);
}

void Twilio::normalise(const WebhookRequest& request, WebhookSink& sink) {
    const Form form = parameters_of(request);
    const auto account = form.only("AccountSid");
    if (!account || account->empty()) throw Failure(TANDEM_INVALID, "AccountSid is missing");
    if (find_account(accounts_, *account) == nullptr) not_of_our_account();

    if (request.path == status) {
        sink.event(read_message_status(form, parse_form(query_of(request.target), max_fields)));
        return;
    }
    if (request.path == line_status) {
        // The line to a person, or between two machines, is none of the customer's.
        if (!is_child_line(form)) sink.event(read_call_status(form));
        return;
    }
    unsigned left_out = 0;
    sink.event(read_message_received(form, left_out));
    if (left_out > 0)
        host_.log().warn("media of a message left out: missing, or no public address",
                         {{"count", std::to_string(left_out)}});
    sink.answer({200, "text/xml", std::string(empty_twiml)});
}

}  // namespace tandem::twilio
