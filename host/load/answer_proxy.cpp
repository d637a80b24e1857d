#include <algorithm>
#include <utility>

#include "load/code.h"
#include "load/proxies.h"
#include "tandem/host/auth.hpp"
#include "tandem/host/responder.hpp"

namespace tandem::load {
namespace {

class ResponderProxy : public reply::TurnResponder {
public:
    ResponderProxy(LivingPointer living, host::Responder responder)
        : living_(std::move(living)), responder_(responder) {}

    const std::string& instance() const override { return living_->id(); }

    Result<reply::Answer> respond(const reply::Turn& turn) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        host::Reply reply;
        const host::Outcome outcome =
            responder_.respond({turn.turn_id,
                                turn.customer,
                                turn.text,
                                {turn.variables.begin(), turn.variables.end()},
                                deadline_of(turn.deadline)},
                               reply);
        if (!outcome.ok()) return error_of(*living_, outcome);
        reply::Answer answer{std::move(reply.text), std::move(reply.needs_human)};
        if (reply.asked_for_human && answer.needs_human.empty()) {
            answer.needs_human = "the AI asked for a person";
        }
        if (answer.text.empty() && answer.needs_human.empty()) {
            return Error{Code::Internal, living_->id() + ": the AI gave no answer"};
        }
        return answer;
    }

private:
    const LivingPointer living_;
    const host::Responder responder_;
};

class AuthProxy : public admit::Authenticator {
public:
    AuthProxy(LivingPointer living, host::Auth auth) : living_(std::move(living)), auth_(auth) {}

    const std::string& instance() const override { return living_->id(); }

    Result<domain::Identity> authenticate(std::string_view token, Time now) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        host::Identity identity;
        const host::Outcome outcome =
            auth_.authenticate(token, now.time_since_epoch().count(), identity);
        // The gate says which instance it was.
        if (!outcome.ok()) return Error{code_of(outcome.status), outcome.text};
        if (identity.organization.empty() || identity.subject.empty()) {
            return Error{Code::Unauthorized, "the credential names no subject or no organisation"};
        }
        domain::Identity made;
        made.subject = std::move(identity.subject);
        made.organization = domain::OrganizationId::vouched(std::move(identity.organization));
        made.name = std::move(identity.name);
        made.email = std::move(identity.email);
        made.permissions = std::move(identity.permissions);
        if (identity.issued_at != 0) made.issued_at = Time{Milliseconds{identity.issued_at}};
        if (identity.expires_at != 0) made.expires_at = Time{Milliseconds{identity.expires_at}};
        made.credential_id = std::move(identity.credential_id);
        return made;
    }

private:
    const LivingPointer living_;
    const host::Auth auth_;
};

}  // namespace

uint32_t deadline_of(Milliseconds deadline) {
    return static_cast<uint32_t>(std::clamp<int64_t>(deadline.count(), 1, 10 * 60 * 1000));
}

Error error_of(const Living& living, const host::Outcome& outcome) {
    return {code_of(outcome.status), living.id() + ": " + outcome.text, outcome.retry_after_ms};
}

Result<std::shared_ptr<reply::TurnResponder>> make_responder_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_RESPONDER);
    if (!table) return std::shared_ptr<reply::TurnResponder>();
    const host::Responder responder(living->instance().self(), table);
    if (!responder.complete()) {
        return Error{Code::Invalid, "its table tandem.responder/1 lacks functions"};
    }
    return std::shared_ptr<reply::TurnResponder>(
        std::make_shared<ResponderProxy>(std::move(living), responder));
}

Result<std::shared_ptr<admit::Authenticator>> make_auth_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_AUTH);
    if (!table) return std::shared_ptr<admit::Authenticator>();
    const host::Auth auth(living->instance().self(), table);
    if (!auth.complete()) {
        return Error{Code::Invalid, "its table tandem.auth/1 lacks functions"};
    }
    return std::shared_ptr<admit::Authenticator>(
        std::make_shared<AuthProxy>(std::move(living), auth));
}

}  // namespace tandem::load
