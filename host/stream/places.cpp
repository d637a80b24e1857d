#include "stream/places.h"

#include <utility>

namespace tandem::stream {

namespace {

/// Tokens without an id of their own count together for the one who holds them.
std::string credential_of(const domain::Identity& identity) {
    const std::string& id =
        identity.credential_id.empty() ? identity.subject : identity.credential_id;
    return identity.organization + '\n' + id;
}

}  // namespace

Places::Place::Place(std::shared_ptr<Table> table, std::string credential)
    : table_(std::move(table)), credential_(std::move(credential)) {}

Places::Place::~Place() {
    give_back();
}

void Places::Place::give_back() {
    const std::lock_guard lock(table_->mutex);
    const auto found = table_->taken.find(credential_);
    if (credential_.empty() || found == table_->taken.end()) return;
    if (--found->second == 0) table_->taken.erase(found);
    credential_.clear();
}

Places::Places(unsigned most_per_credential)
    : most_(most_per_credential), table_(std::make_shared<Table>()) {}

std::shared_ptr<Places::Place> Places::take(const domain::Identity& identity) {
    std::string credential = credential_of(identity);
    {
        const std::lock_guard lock(table_->mutex);
        unsigned& taken = table_->taken[credential];
        if (most_ != 0 && taken >= most_) return nullptr;
        ++taken;
    }
    return std::make_shared<Place>(table_, std::move(credential));
}

}  // namespace tandem::stream
