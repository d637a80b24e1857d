#include "dismissed.h"

#include <utility>

namespace tandem::elevenlabs {

namespace {

// Some megabytes, and the text turns of days.
constexpr std::size_t max_known = 20'000;

}  // namespace

void Dismissed::add(const std::string& conversation_id, std::string business_address) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // What is still in the window comes back with the next round.
    if (known_.size() >= max_known) known_.clear();
    known_[conversation_id] = std::move(business_address);
}

std::optional<std::string> Dismissed::find(const std::string& conversation_id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = known_.find(conversation_id);
    if (found == known_.end()) return std::nullopt;
    return found->second;
}

}  // namespace tandem::elevenlabs
