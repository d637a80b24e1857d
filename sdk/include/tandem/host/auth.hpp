#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/auth.h"
#include "tandem/host/instance.hpp"

/// The auth capability of an instance.
namespace tandem::host {

struct Identity {
    std::string subject, organization, name, email;
    std::vector<std::string> permissions;
    tandem_time issued_at = 0, expires_at = 0;
    std::string credential_id;
};

/// More than all permissions there are.
constexpr size_t max_permissions = 1000;

/// As safe from threads as the instance behind it. Lives no longer than it.
class Auth {
public:
    Auth() = default;
    Auth(void* self, const void* table) : self_(self), table_(known_part<tandem_auth>(table)) {}

    bool complete() const { return table_.authenticate; }

    Outcome authenticate(std::string_view token, tandem_time now, Identity& to) const {
        struct Taker {
            Identity identity;
            unsigned taken = 0;
        } taker;
        auto sink = sized<tandem_identity_sink>();
        sink.context = &taker;
        sink.identity = [](void* context, const tandem_identity* raw) noexcept {
            shielded([&] {
                auto& taking = *static_cast<Taker*>(context);
                const auto from = known_part<tandem_identity>(raw);
                Identity made;
                made.subject = text(from.subject, 1024);
                made.organization = text(from.organization, 1024);
                made.name = text(from.name, 1024);
                made.email = text(from.email, 1024);
                for (size_t i = 0;
                     from.permissions && i < std::min(from.permission_count, max_permissions);
                     ++i) {
                    made.permissions.push_back(text(from.permissions[i], 256));
                }
                made.issued_at = from.issued_at;
                made.expires_at = from.expires_at;
                made.credential_id = text(from.credential_id, 1024);
                taking.identity = std::move(made);
                ++taking.taken;
                return TANDEM_OK;
            });
        };
        Outcome outcome = guarded([&](tandem_error* error) {
            return table_.authenticate(self_, view(token), now, &sink, error);
        });
        if (!outcome.ok()) return outcome;
        // Two identities would leave open who is calling.
        if (taker.taken != 1) {
            return {
                TANDEM_INTERNAL,
                "the plugin answered OK and gave " + std::to_string(taker.taken) + " identities",
                0};
        }
        to = std::move(taker.identity);
        return outcome;
    }

private:
    void* self_ = nullptr;
    tandem_auth table_{};
};

}  // namespace tandem::host
