#include "store/store.h"

#include <iterator>

namespace tandem::store {

namespace {

constexpr char scope[] = "processed";
constexpr size_t most_messages = 1000;
constexpr unsigned page = 200;

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

Result<void> reach_unanswered(Store& store, const domain::OrganizationId& organization,
                              const std::string& address, const domain::Processed& processed,
                              Snapshot& snapshot) {
    auto& messages = snapshot.messages;
    while (!domain::tells_unanswered(messages, processed) && messages.size() < most_messages) {
        auto older = store.messages(organization, address, messages.front().number, page);
        if (!older) return older.error();
        if (older->empty()) break;  // what came before was forgotten
        messages.insert(messages.begin(), std::make_move_iterator(older->rbegin()),
                        std::make_move_iterator(older->rend()));
    }
    return {};
}

Note processed_note(const std::string& address, const domain::Processed& processed, Time now) {
    return {scope, address, domain::to_text(processed), now, {}};
}

}  // namespace tandem::store
