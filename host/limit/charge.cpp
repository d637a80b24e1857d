#include <utility>

#include "limit/ledger.h"

namespace tandem::limit {

Charge::Charge(Ledger& ledger, std::string organization, std::string day, Amount before,
               Amount after, store::Note note)
    : ledger_(&ledger),
      organization_(std::move(organization)),
      day_(std::move(day)),
      before_(before),
      after_(after),
      note_(std::move(note)) {}

Charge::Charge(Charge&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      organization_(std::move(other.organization_)),
      day_(std::move(other.day_)),
      before_(other.before_),
      after_(other.after_),
      note_(std::move(other.note_)) {}

Charge& Charge::operator=(Charge&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(organization_, other.organization_);
    std::swap(day_, other.day_);
    std::swap(before_, other.before_);
    std::swap(after_, other.after_);
    std::swap(note_, other.note_);
    return *this;
}

Charge::~Charge() {
    if (ledger_ != nullptr) ledger_->count(organization_, day_, after_, before_);
}

void Charge::write(store::ChangeSet& set) const {
    if (note_) set.operations.push_back(*note_);
}

}  // namespace tandem::limit
