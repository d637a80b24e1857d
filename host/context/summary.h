#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace tandem::context {

/// What calls and texts came to: the last call's summary and the last three texts, or
/// `most` where that is less, whichever there are, without the messages whose ids are given; `No
/// previous calls` without either. Pure.
std::string comprehensive_summary(const store::Snapshot& snapshot,
                                  const std::vector<std::string>& without, size_t most);

}  // namespace tandem::context
