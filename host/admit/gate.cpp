#include "admit/gate.h"

#include <algorithm>

#include "admit/named.h"

namespace tandem::admit {

namespace {

// A token longer than this is of no scheme we know; a plugin may have a lower limit.
constexpr size_t max_token_bytes = 16384;

/// b64token of RFC 6750 section 2.1: what may follow `Bearer` at all.
bool token_shape(std::string_view token) {
    if (token.empty() || token.size() > max_token_bytes) return false;
    const size_t end = token.find_last_not_of('=');
    if (end == std::string_view::npos) return false;
    return std::all_of(token.begin(), token.begin() + static_cast<ptrdiff_t>(end) + 1, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/';
    });
}

listen::Networks with_loopback(std::vector<std::string> networks) {
    networks.insert(networks.end(), {"127.0.0.0/8", "::1/128"});
    return listen::parse_networks(networks);
}

}  // namespace

struct Gate::Credential {
    enum class Kind { Token, Ticket } kind = Kind::Token;
    std::string text;
    Milliseconds leeway{0};
};

/// What the caller is told, and what only the log is.
struct Gate::Refusal {
    int status;
    std::string_view code;
    std::string_view detail;
    std::string_view reason;  // the metric's label
    std::string why;          // of the plugin, for the log
};

namespace {

constexpr std::string_view missing_text = "A bearer token is needed.";
constexpr std::string_view invalid_text = "The token is not valid.";
constexpr std::string_view expired_text = "The token has expired.";
constexpr std::string_view foreign_text = "The credential belongs to another organisation.";

}  // namespace

bool same_organization(const domain::Identity& identity, std::string_view named) {
    return named.empty() || named == identity.organization;
}

Gate::Gate(const Clock& clock, const domain::Organizations& organizations,
           std::vector<std::shared_ptr<Authenticator>> authenticators, GateOptions options,
           observe::Log& log, observe::Metrics& metrics)
    : clock_(clock),
      organizations_(organizations),
      authenticators_(std::move(authenticators)),
      query_tokens_(options.query_tokens),
      metrics_from_(with_loopback(options.metrics_from)),
      roles_(std::move(options.roles)),
      log_(log),
      metrics_(metrics) {}

std::optional<serve::Response> Gate::check(serve::Request& request, const serve::Route& route) {
    switch (route.access) {
        case serve::Access::Open:
        case serve::Access::Webhook: return std::nullopt;
        case serve::Access::Metrics:
            if (request.control || local(request)) return std::nullopt;
            break;
        case serve::Access::Bearer:
        case serve::Access::Stream: break;
    }
    const bool limited = limits_ && !request.control;
    if (limited)
        if (const auto verdict = limits_->request_from(request.client); !verdict.passes)
            return serve::problem(limit::refusal(verdict));
    const auto refusal = request.control ? admit_operator(request) : admit(request, route);
    if (refusal) {
        request.identity.reset();
        return refuse(request, route, *refusal);
    }
    if (!limited) return std::nullopt;
    const limit::Verdict verdict = limits_->request_of(*request.identity);
    if (!verdict.passes) return serve::problem(limit::refusal(verdict));
    request.answer_headers = limit::rate_fields(verdict);
    return std::nullopt;
}

std::string Gate::judge(const domain::Identity& identity, std::string_view permission,
                        Time now) const {
    if (identity.expires_at && now >= *identity.expires_at) return "token_expired";
    if (!organizations_.by_id(identity.organization)) return "access_revoked";
    if (revoked(identity)) return "access_revoked";
    if (permission.empty() || !identity.may(permission)) return "access_revoked";
    return {};
}

std::string Gate::ask_again(const std::string& token, const domain::Identity& identity,
                            std::string_view permission, Time now) const {
    domain::Identity fresh;
    if (const auto refusal = authenticate(token, Milliseconds{0}, fresh))
        return refusal->code == "TOKEN_EXPIRED" ? "token_expired" : "access_revoked";
    if (fresh.organization != identity.organization || fresh.subject != identity.subject)
        return "access_revoked";
    return judge(fresh, permission, now);
}

std::optional<Gate::Refusal> Gate::admit(serve::Request& request, const serve::Route& route) {
    Credential credential;
    if (auto refusal = find_credential(request, route, credential)) return refusal;
    domain::Identity identity;
    if (auto refusal = identify(request, credential, identity)) return refusal;

    if (!organizations_.by_id(identity.organization))
        return Refusal{401, "INVALID_TOKEN", invalid_text, "unknown_organization", {}};
    if (names_another_organization(request, identity))
        return Refusal{403, "ORGANIZATION_ACCESS_DENIED", foreign_text, "organization", {}};
    const std::string_view permission = route.access == serve::Access::Metrics
                                            ? std::string_view("admin")
                                            : std::string_view(route.permission);
    if (permission.empty() || !identity.may(permission))
        return Refusal{403, "PERMISSION_DENIED", "The credential does not permit this.",
                       "permission", std::string(permission)};
    request.identity = std::move(identity);
    return std::nullopt;
}

std::optional<Gate::Refusal> Gate::admit_operator(serve::Request& request) const {
    const std::string_view named = request.header("X-Tandem-Organization").value_or("");
    const domain::Organization* organization = organizations_.by_id(named);
    if (!organization)
        return Refusal{403,
                       "ORGANIZATION_ACCESS_DENIED",
                       "X-Tandem-Organization names no organisation of the settings.",
                       "organization",
                       {}};
    domain::Identity identity;
    identity.subject = "operator";
    identity.name = "operator";
    identity.organization = organization->id;
    identity.permissions = {"admin"};
    identity.credential_id = "control";
    if (names_another_organization(request, identity))
        return Refusal{403, "ORGANIZATION_ACCESS_DENIED", foreign_text, "organization", {}};
    request.identity = std::move(identity);
    return std::nullopt;
}

std::optional<Gate::Refusal> Gate::find_credential(const serve::Request& request,
                                                   const serve::Route& route,
                                                   Credential& found) const {
    const Refusal missing{401, "MISSING_TOKEN", missing_text, "missing", {}};
    const Refusal malformed{401, "INVALID_TOKEN", invalid_text, "malformed", {}};
    const bool stream = route.access == serve::Access::Stream;
    found.leeway = stream ? Milliseconds{0} : expiry_leeway;

    const serve::Header* authorization = nullptr;
    for (const serve::Header& header : request.headers) {
        if (!same_name(header.name, "Authorization")) continue;
        if (authorization) return malformed;
        authorization = &header;
    }
    if (authorization) {
        const std::string_view value = authorization->value;
        const size_t scheme_end = std::min(value.find(' '), value.size());
        if (!same_name(value.substr(0, scheme_end), "Bearer"))
            return value.empty() || scheme_end < value.size() ? missing : malformed;
        const size_t start = value.find_first_not_of(' ', scheme_end);
        if (start == std::string_view::npos) return missing;
        found.text = value.substr(start);
        if (!token_shape(found.text)) return malformed;
        return std::nullopt;
    }
    if (!stream) return missing;
    if (auto ticket = request.query("ticket"); ticket && !ticket->empty()) {
        found.kind = Credential::Kind::Ticket;
        found.text = std::move(*ticket);
        return std::nullopt;
    }
    auto token = query_tokens_ ? request.query("token") : std::nullopt;
    if (!token || token->empty()) return missing;
    if (!token_shape(*token)) return malformed;
    found.text = std::move(*token);
    return std::nullopt;
}

std::optional<Gate::Refusal> Gate::identify(const serve::Request& request,
                                            const Credential& credential,
                                            domain::Identity& identity) const {
    if (credential.kind == Credential::Kind::Token)
        return authenticate(credential.text, credential.leeway, identity);

    Refusal stop{204, {}, {}, "ticket", {}};
    if (!office_) return stop;
    auto redeemed = office_->redeem(credential.text, request);
    if (!redeemed) return stop;
    identity = std::move(*redeemed);
    if (identity.expires_at && clock_.now() >= *identity.expires_at) {
        stop.why = "the credential behind the ticket has expired";
        return stop;
    }
    if (revoked(identity)) {
        stop.why = "the credential behind the ticket was revoked";
        return stop;
    }
    return std::nullopt;
}

std::optional<Gate::Refusal> Gate::authenticate(std::string_view token, Milliseconds leeway,
                                                domain::Identity& identity) const {
    const Time now = clock_.now();
    std::string passed_on;
    for (const auto& authenticator : authenticators_) {
        auto answer = authenticator->authenticate(token, now);
        if (!answer && answer.error().code == Code::Unsupported) {
            if (!passed_on.empty()) passed_on += "; ";
            passed_on += authenticator->instance() + ": " + answer.error().text;
            continue;
        }
        if (!answer) {
            // Whatever the plugin could not do, it did not say yes.
            const bool wrong = answer.error().code == Code::Unauthorized;
            return Refusal{401, "INVALID_TOKEN", invalid_text, wrong ? "invalid" : "unavailable",
                           authenticator->instance() + ": " + answer.error().text};
        }
        identity = std::move(*answer);
        if (identity.subject.empty() || identity.organization.empty())
            return Refusal{401, "INVALID_TOKEN", invalid_text, "invalid",
                           authenticator->instance() + ": no subject or organisation"};
        if (identity.expires_at && now >= *identity.expires_at + leeway)
            return Refusal{401, "TOKEN_EXPIRED", expired_text, "expired", {}};
        if (revoked(identity)) return Refusal{401, "INVALID_TOKEN", invalid_text, "revoked", {}};
        expand_roles(identity);
        return std::nullopt;
    }
    return Refusal{401, "INVALID_TOKEN", invalid_text, "unknown_scheme", passed_on};
}

void Gate::expand_roles(domain::Identity& identity) const {
    constexpr std::string_view mark = "role:";
    std::vector<std::string> permissions;
    for (std::string& one : identity.permissions) {
        if (one.rfind(mark, 0) != 0) {
            permissions.push_back(std::move(one));
            continue;
        }
        const auto role = roles_.find(one.substr(mark.size()));
        if (role != roles_.end())
            permissions.insert(permissions.end(), role->second.begin(), role->second.end());
    }
    identity.permissions = std::move(permissions);
}

bool Gate::local(const serve::Request& request) const {
    const auto client = listen::Address::parse(request.client);
    if (!client || !listen::contains(metrics_from_, *client)) return false;
    // A proxy on this machine that is not among the trusted ones makes strangers look
    // like loopback; what it adds to the request gives it away.
    if (request.client != request.peer) return true;
    return std::none_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
        constexpr std::string_view forwarded = "X-Forwarded-";
        return same_name(std::string_view(header.name).substr(0, forwarded.size()), forwarded) ||
               same_name(header.name, "X-Real-IP") || same_name(header.name, "Forwarded") ||
               same_name(header.name, "Via");
    });
}

serve::Response Gate::refuse(const serve::Request& request, const serve::Route& route,
                             const Refusal& refusal) {
    metrics_
        .counter("tandem_auth_failures_total", "Requests refused for who asked.",
                 {{"reason", refusal.reason}})
        .add();
    log_.write(refusal.reason == "unavailable" ? observe::Level::Warn : observe::Level::Info,
               "admit", "refused",
               {{"reason", std::string(refusal.reason)},
                {"why", refusal.why},
                {"status", std::to_string(refusal.status)},
                {"route", route.method + ' ' + route.pattern},
                {"client", request.client},
                {"request_id", request.request_id}});
    if (refusal.status == 204) {
        serve::Response stop;
        stop.status = 204;
        stop.headers.push_back({"Cache-Control", "no-store"});
        return stop;
    }
    serve::Problem problem;
    problem.status = refusal.status;
    problem.code = refusal.code;
    problem.detail = refusal.detail;
    if (refusal.status == 401) problem.headers.push_back({"WWW-Authenticate", "Bearer"});
    return serve::problem(problem);
}

}  // namespace tandem::admit
