#include "store/store.h"

namespace tandem::store {

namespace {

constexpr char scope[] = "processed";

}  // namespace

Result<domain::Processed> read_processed(Store& store, const domain::OrganizationId& organization,
                                         const std::string& address, Time now) {
    const auto notes = store.notes(organization, scope, address, now, 1);
    if (!notes && notes.error().code == Code::Unsupported) return domain::Processed{};
    if (!notes) return notes.error();
    // A longer address that begins so comes behind it.
    if (notes->empty() || notes->front().key != address) return domain::Processed{};
    return domain::parse_processed(notes->front().value);
}

Note processed_note(const std::string& address, const domain::Processed& processed, Time now) {
    return {scope, address, domain::to_text(processed), now, {}};
}

}  // namespace tandem::store
