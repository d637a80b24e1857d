#pragma once

#include <string>
#include <utility>

#include "converse/converse.h"
#include "publish/payload.h"
#include "publish/screen_json.h"
#include "serve/json.h"
#include "serve/refuse.h"

/// What the sources of this room share: a request on its way, and how a row becomes the
/// contract's object.
namespace tandem::converse {

using publish::Json;

/// A request for one organisation's data.
struct Asked {
    const Ground& ground;
    const domain::Organization& organization;
    const serve::Request& request;

    /// The `phoneNumber` of the path in its normal form.
    std::string path_address() const;
};

/// The value; refused with 404 where the store says that there is none, else with 503.
template <typename T>
T found(Result<T> result, const char* what) {
    if (result) return std::move(*result);
    if (result.error().code == Code::NotFound)
        serve::refuse(404, "NOT_FOUND", std::string("There is no such ") + what + '.');
    serve::refuse_without_storage();
}

Json lead_object(const domain::Lead& lead);
publish::Scene scene_of(const Asked& asked, const domain::Lead& lead, Time now);
/// A short member of a lead's.
constexpr size_t max_field_bytes = 1024;
/// What the body says of the lead; its number and organisation are the caller's to read.
void take_all(serve::Members& body, domain::Lead& lead);

// The verbs; each gives the whole answer.

/// Who is calling, as their credential and the settings say.
serve::Response show_me(const Asked& asked);
serve::Response list_conversations(const Asked& asked);
serve::Response show_conversation(const Asked& asked);
serve::Response page_messages(const Asked& asked);
serve::Response export_conversation(const Asked& asked);
serve::Response erase_conversation(const Asked& asked);
serve::Response list_leads(const Asked& asked);
serve::Response create_lead(const Asked& asked);
serve::Response show_lead(const Asked& asked);
serve::Response change_lead(const Asked& asked);
/// JSON Lines, a lead each; told for each line what became of it.
serve::Response import_leads(const Asked& asked);

}  // namespace tandem::converse
