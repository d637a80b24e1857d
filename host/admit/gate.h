#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admit/admit.h"
#include "admit/revocations.h"
#include "base/clock.h"
#include "domain/organization.h"
#include "limit/limit.h"
#include "listen/listen.h"
#include "observe/observe.h"
#include "serve/serve.h"

namespace tandem::admit {

struct GateOptions {
    bool query_tokens = true;               // ?token= on streams
    std::vector<std::string> metrics_from;  // CIDR, beside loopback
    /// What a credential's `role:NAME` stands for. A role that is not here gives nothing.
    std::map<std::string, std::vector<std::string>> roles = {};
};

/// The one door: finds out who is calling and refuses what they may not do, in the
/// contract's order (401, then 403). Who comes by the control socket is an operator: any
/// organisation's admin, as the header X-Tandem-Organization names it. Why a credential was refused
/// is only in the log; the credential itself is nowhere. Safe from any thread once `tickets` was
/// set.
class Gate : public serve::Guard, public Judge {
public:
    /// All references must outlive the gate. The authenticators are asked in this order.
    Gate(const Clock& clock, const domain::Organizations& organizations,
         std::vector<std::shared_ptr<Authenticator>> authenticators, GateOptions options,
         observe::Log& log, observe::Metrics& metrics);

    /// Who redeems stream tickets; set before the first request. Without an office every
    /// ticket is unknown.
    void tickets(TicketOffice* office) { office_ = office; }
    /// What was taken back; set before the first request. Without it nothing was.
    void revocations(const Revocations* revocations) { revocations_ = revocations; }

    /// Who limits requests; set before the first one. Without it nobody does.
    void limits(limit::Limits* limits) { limits_ = limits; }

    std::optional<serve::Response> check(serve::Request& request,
                                         const serve::Route& route) override;
    std::string judge(const domain::Identity& identity, std::string_view permission,
                      Time now) const override;
    std::string ask_again(const std::string& token, const domain::Identity& identity,
                          std::string_view permission, Time now) const override;

private:
    /// How a caller shows who they are, and what it is judged by.
    struct Credential;
    struct Refusal;

    std::optional<Refusal> admit(serve::Request& request, const serve::Route& route);
    std::optional<Refusal> admit_operator(serve::Request& request) const;
    std::optional<Refusal> find_credential(const serve::Request& request, const serve::Route& route,
                                           Credential& found) const;
    std::optional<Refusal> identify(const serve::Request& request, const Credential& credential,
                                    domain::Identity& identity) const;
    std::optional<Refusal> authenticate(std::string_view token, Milliseconds leeway,
                                        domain::Identity& identity) const;
    void expand_roles(domain::Identity& identity) const;
    bool revoked(const domain::Identity& identity) const {
        return revocations_ && revocations_->revoked(identity);
    }
    bool local(const serve::Request& request) const;
    serve::Response refuse(const serve::Request& request, const serve::Route& route,
                           const Refusal& refusal);

    const Clock& clock_;
    const domain::Organizations& organizations_;
    const std::vector<std::shared_ptr<Authenticator>> authenticators_;
    const bool query_tokens_;
    const listen::Networks metrics_from_;
    const std::map<std::string, std::vector<std::string>> roles_;
    observe::Log& log_;
    observe::Metrics& metrics_;
    TicketOffice* office_ = nullptr;            // borrowed
    limit::Limits* limits_ = nullptr;           // borrowed
    const Revocations* revocations_ = nullptr;  // borrowed
};

}  // namespace tandem::admit
