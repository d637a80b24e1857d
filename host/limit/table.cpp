#include "limit/table.h"

#include <algorithm>

namespace tandem::limit {

Quota Quota::of_minute(unsigned per_minute) {
    using std::chrono::nanoseconds;
    const unsigned rate = std::max(per_minute, 1u);
    return {nanoseconds{std::chrono::minutes{1}} / rate, std::max(rate / 4, 1u)};
}

Table::Table(size_t most_keys)
    : rows_(std::max<size_t>(
          1, (most_keys + shards_.size() * row_length - 1) / (shards_.size() * row_length))) {
    for (auto& shard : shards_) {
        shard = std::make_unique<Shard>();
        shard->places.resize(rows_ * row_length);
    }
}

Table::Place* Table::row_of(Shard& shard, uint64_t hash) const {
    // The low bits chose the shard.
    return shard.places.data() + (hash / shards_.size()) % rows_ * row_length;
}

Left Table::take(std::string_view key, const Quota& quota, Instant now) {
    const uint64_t hash = hash_(key);
    Shard& shard = shard_of(hash);
    const std::lock_guard lock(shard.mutex);
    Place* const row = row_of(shard, hash);
    Place* place =
        std::find_if(row, row + row_length, [hash](const Place& one) { return one.key == hash; });
    if (place == row + row_length) {
        place = std::min_element(row, row + row_length, [](const Place& one, const Place& other) {
            return one.full_at < other.full_at;
        });
        if (place->full_at > now) displaced_.fetch_add(1, std::memory_order_relaxed);
        *place = {hash, now};
    }
    const Instant earned = std::max(place->full_at, now);
    const auto depth = quota.interval * quota.burst;
    Left left;
    left.passes = earned + quota.interval <= now + depth;
    if (left.passes)
        place->full_at = earned + quota.interval;
    else
        left.retry_after = earned + quota.interval - depth - now;
    left.full_in = place->full_at - now;
    if (left.passes && quota.interval.count() > 0)
        left.remaining = static_cast<unsigned>((depth - left.full_in) / quota.interval);
    return left;
}

void Table::give_back(std::string_view key, const Quota& quota) {
    const uint64_t hash = hash_(key);
    Shard& shard = shard_of(hash);
    const std::lock_guard lock(shard.mutex);
    Place* const row = row_of(shard, hash);
    Place* const place =
        std::find_if(row, row + row_length, [hash](const Place& one) { return one.key == hash; });
    if (place != row + row_length) place->full_at -= quota.interval;
}

size_t Table::busy(Instant now) const {
    size_t all = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard->mutex);
        all += static_cast<size_t>(
            std::count_if(shard->places.begin(), shard->places.end(),
                          [now](const Place& place) { return place.full_at > now; }));
    }
    return all;
}

}  // namespace tandem::limit
