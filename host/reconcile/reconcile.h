#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "receive/receive.h"

/// What was missed while nobody listened is fetched from the providers.
namespace tandem::reconcile {

struct MissedQuery {
    std::vector<std::string> business_numbers;  // E.164, of one organisation
    Time since{};
    Milliseconds deadline{60000};
};

/// Where what a provider knows goes; called on the asking thread, while it asks.
struct MissedSink {
    /// Whether the event of this dedupe key was recorded: its details need not be fetched.
    std::function<bool(const std::string& dedupe_key)> known;
    /// False: no more, please.
    std::function<bool(receive::ProviderEvent event)> event;
};

/// A provider instance that can be asked what it knows. Safe from any thread; blocks.
class Source {
public:
    virtual ~Source() = default;
    virtual const std::string& instance() const = 0;
    /// The instant before which all was told; nothing: not all of it, ask again from `since`.
    virtual Result<std::optional<Time>> missed(const MissedQuery& query,
                                               const MissedSink& sink) = 0;
    /// The end of one call, by the voice provider's id of the conversation; nothing while it
    /// lasts. NotFound: the provider knows no such call; Unsupported: it makes no calls.
    virtual Result<std::optional<receive::ProviderEvent>> call(const std::string& conversation_id,
                                                               Milliseconds deadline) = 0;
};

}  // namespace tandem::reconcile
