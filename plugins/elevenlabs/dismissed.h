// Conversations that turned out to be none of somebody's calls, so that they are not fetched
// again every few minutes.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace tandem::elevenlabs {

/// Safe from any thread. Kept in memory only: to forget costs no more than to fetch again.
class Dismissed {
public:
    /// `business_address` is whose call it is; empty: it is no call at all.
    void add(const std::string& conversation_id, std::string business_address);

    /// The business's address as it was added, also an empty one; nothing: not dismissed.
    std::optional<std::string> find(const std::string& conversation_id) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> known_;  // guarded by mutex_
};

}  // namespace tandem::elevenlabs
