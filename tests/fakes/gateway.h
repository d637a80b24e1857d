#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/script.h"

namespace tandem::fakes {

struct Webhook {
    std::string kind;
    std::string target;  // path and query
    Pairs headers;       // without those that `sign` adds
    std::string body;
};

/// The gateway as the provider calls it. Everything sent is kept, so that it can be sent
/// again. Safe from any thread.
class Gateway {
public:
    using Sign = std::function<void(Webhook& webhook, const std::string& public_url)>;
    explicit Gateway(Sign sign) : sign_(std::move(sign)) {}

    /// Where to connect to, and what its webhook addresses begin with.
    void at(const std::string& url, const std::string& public_url, const std::string& instance);
    std::string public_url() const;
    /// The path of one of its webhooks.
    std::string path(const std::string& route) const;

    /// Posts it and waits for the answer: `{number, kind, target, body, status, content_type,
    /// answer}`, status 0 for none. With `post` false it is only kept, as one that failed.
    Json post(const Webhook& webhook, bool post = true);
    Json again(size_t number);
    Json sent() const;

private:
    Json exchange(Webhook webhook) const;

    const Sign sign_;
    mutable std::mutex mutex_;
    std::string url_, public_url_, instance_;  // guarded by mutex_
    std::vector<Webhook> webhooks_;            // guarded by mutex_
    std::vector<Json> answers_;                // guarded by mutex_
};

}  // namespace tandem::fakes
