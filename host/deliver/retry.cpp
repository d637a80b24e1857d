#include "deliver/retry.h"

#include <algorithm>
#include <array>

namespace tandem::deliver {

Milliseconds retry_delay(int64_t attempts, Milliseconds wish, std::mt19937_64& random) {
    using namespace std::chrono_literals;
    static constexpr std::array<Milliseconds, 7> table{1s, 5s, 30s, 2min, 10min, 30min, 1h};
    const auto last = static_cast<int64_t>(table.size()) - 1;
    const Milliseconds most =
        table[static_cast<size_t>(std::clamp<int64_t>(attempts - 1, 0, last))];
    const Milliseconds delay{std::uniform_int_distribution<int64_t>(0, most.count())(random)};
    return std::max(delay, std::min(wish, table.back()));
}

}  // namespace tandem::deliver
