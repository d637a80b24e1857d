#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace tandem::context {

/// What calls and texts came to: the last call's summary and the last three texts, whichever
/// there are, without the messages whose ids are given; `No previous calls` without either.
/// Pure.
std::string comprehensive_summary(const store::Snapshot& snapshot,
                                  const std::vector<std::string>& without);

}  // namespace tandem::context
