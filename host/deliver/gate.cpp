#include <algorithm>

#include "deliver/deliver.h"

namespace tandem::deliver {

FenceGate::Pass::~Pass() {
    const std::lock_guard lock(gate_.mutex_);
    gate_.passages_.erase(passage_);
    gate_.left_.notify_all();
}

bool FenceGate::Pass::to_wire() {
    const std::lock_guard lock(gate_.mutex_);
    passage_->on_wire = !passage_->fenced;
    return passage_->on_wire;
}

void FenceGate::Pass::leave() {
    const std::lock_guard lock(gate_.mutex_);
    passage_->over = true;
    gate_.left_.notify_all();
}

std::unique_ptr<FenceGate::Pass> FenceGate::enter(const std::string& organization,
                                                  const std::string& address, int64_t control_epoch,
                                                  const std::string& subject_id) {
    const std::lock_guard lock(mutex_);
    passages_.push_back({organization, address, subject_id, control_epoch});
    return std::make_unique<Pass>(*this, std::prev(passages_.end()));
}

std::vector<std::string> FenceGate::close(const std::string& organization,
                                          const std::string& address, int64_t control_epoch,
                                          Milliseconds patience) {
    std::unique_lock lock(mutex_);
    const auto older = [&](const Passage& passage) {
        return passage.control_epoch < control_epoch && passage.organization == organization &&
               passage.address == address;
    };
    for (Passage& passage : passages_)
        if (older(passage) && !passage.on_wire) passage.fenced = true;
    const auto waited_for = [&](const Passage& passage) {
        return older(passage) && passage.on_wire && !passage.over;
    };
    left_.wait_for(lock, patience,
                   [&] { return std::none_of(passages_.begin(), passages_.end(), waited_for); });
    std::vector<std::string> still;
    for (const Passage& passage : passages_)
        if (waited_for(passage)) still.push_back(passage.subject_id);
    return still;
}

}  // namespace tandem::deliver
