#include "reconcile/recording.h"

#include <utility>

namespace tandem::reconcile {

Round::Recording::Recording(const Ground& ground, std::string instance, size_t in_hand,
                            Milliseconds patience)
    : ground_(ground),
      instance_(std::move(instance)),
      most_in_hand_(in_hand),
      patience_(patience) {}

bool Round::Recording::add(receive::ProviderEvent event) {
    {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience_, [this] { return in_hand_ < most_in_hand_ || failure_; });
        if (!failure_ && in_hand_ >= most_in_hand_)
            failure_ = Error{Code::Timeout, "events are not recorded in time"};
        if (failure_) return false;
        ++in_hand_;
    }
    ground_.recorder->record(instance_, std::move(event),
                             [self = shared_from_this()](const Result<receive::Recorded>& result) {
                                 self->done(result);
                             });
    return true;
}

void Round::Recording::done(const Result<receive::Recorded>& result) {
    const std::lock_guard lock(mutex_);
    --in_hand_;
    if (result) {
        if (*result == receive::Recorded::New) ++recovered_;
    } else {
        // What is nobody's or makes no sense never will be otherwise: receive counted it.
        const Code why = result.error().code;
        const bool never = why == Code::NotFound || why == Code::Invalid;
        if (!never && !failure_) failure_ = result.error();
    }
    changed_.notify_all();
}

Result<void> Round::Recording::wait() {
    std::unique_lock lock(mutex_);
    const bool over = changed_.wait_for(lock, patience_, [this] { return in_hand_ == 0; });
    if (!over) return Error{Code::Timeout, "events are not recorded in time"};
    if (failure_) return *failure_;
    return {};
}

size_t Round::Recording::recovered() const {
    const std::lock_guard lock(mutex_);
    return recovered_;
}

}  // namespace tandem::reconcile
