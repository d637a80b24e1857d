#include "converse/shown.h"

namespace tandem::converse {

using publish::text_or_null;

serve::Response show_me(const Asked& asked) {
    const domain::Identity& identity = asked.request.identity.value();
    const domain::Organization& organization = asked.organization;
    Json data;
    data["subject"] = identity.subject;
    data["name"] = text_or_null(identity.name);
    data["email"] = text_or_null(identity.email);
    data["permissions"] = identity.permissions;
    data["expiresAt"] = identity.expires_at ? Json(iso8601(*identity.expires_at)) : Json(nullptr);
    data["organizationId"] = organization.id;
    data["organizationName"] = organization.name;
    data["defaultRegion"] = text_or_null(organization.default_region);
    data["numbers"] = organization.numbers;
    data["channel"] = !organization.channel.empty();
    data["voice"] = !organization.voice.empty();
    data["responder"] = !organization.responder.empty();
    data["sandbox"] = asked.ground.sandbox;
    return serve::success("Who is calling", publish::text(data));
}

}  // namespace tandem::converse
