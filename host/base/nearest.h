#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

/// The nearest of `names` within two slips of the finger; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace tandem
