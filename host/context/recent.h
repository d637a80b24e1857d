#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace tandem::context {

/// The recent conversation: the last six things said, or `most` where that is less, one a line,
/// without those whose ids are given; and the line with which a human handed the conversation back,
/// where it falls among them, because the AI must know that it speaks again. `No previous
/// conversation` without any. Pure.
std::string recent_conversation(const store::Snapshot& snapshot,
                                const std::vector<std::string>& without, size_t most);

}  // namespace tandem::context
