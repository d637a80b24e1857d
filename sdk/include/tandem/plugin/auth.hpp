// tandem/plugin/auth.hpp: who is calling our API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/auth.h"
#include "tandem/plugin/capability.hpp"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// Whose credential it is. The host judges expiry, permissions and organisations.
struct Identity {
    std::string subject;
    std::string organization;
    std::string name;   ///< Or empty.
    std::string email;  ///< Or empty.
    std::vector<std::string> permissions;
    tandem_time issued_at = 0;   ///< Zero: not said.
    tandem_time expires_at = 0;  ///< Zero: never, for keys that are revoked otherwise.
    std::string credential_id;   ///< Key id or token id, or empty.
};

/// tandem.auth/1. Several threads call it at once.
class Auth {
public:
    virtual ~Auth() = default;

    /// Whose credential this is, also when it is expired. Throws UNSUPPORTED if it is not of
    /// this scheme (the next plugin is asked) and UNAUTHORIZED if it is and is wrong; the
    /// text says why, for the log alone, and never contains the token.
    virtual Identity authenticate(std::string_view token, tandem_time now) = 0;
};

template <typename Use>
auto with_raw(const Identity& identity, Use&& use) {
    std::vector<tandem_view> permissions;
    permissions.reserve(identity.permissions.size());
    for (const std::string& permission : identity.permissions) {
        permissions.push_back(view(permission));
    }
    auto raw = sized<tandem_identity>();
    raw.subject = view(identity.subject);
    raw.organization = view(identity.organization);
    raw.name = view_or_absent(identity.name);
    raw.email = view_or_absent(identity.email);
    raw.permissions = permissions.data();
    raw.permission_count = permissions.size();
    raw.issued_at = identity.issued_at;
    raw.expires_at = identity.expires_at;
    raw.credential_id = view_or_absent(identity.credential_id);
    return use(&raw);
}

template <>
struct Capability<Auth> {
    static constexpr std::string_view id = TANDEM_AUTH;

    template <typename Owner>
    static const void* table() noexcept {
        static constexpr tandem_auth made{sizeof(tandem_auth), 0, &authenticate<Owner>};
        return &made;
    }

private:
    template <typename Owner>
    static tandem_status authenticate(void* self, tandem_view token, tandem_time now,
                                      const tandem_identity_sink* sink,
                                      tandem_error* error) noexcept {
        return guard(error, [&] {
            Auth& auth = *static_cast<Owner*>(self);
            with_raw(auth.authenticate(text(token), now),
                     [sink](const tandem_identity* raw) { sink->identity(sink->context, raw); });
        });
    }
};

}  // namespace tandem::plugin
