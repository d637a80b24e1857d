#include <algorithm>
#include <utility>

#include "reconcile/recording.h"

namespace tandem::reconcile {

namespace {

constexpr unsigned page = 200;
// A gateway with more calls at once has other means to see to them.
constexpr size_t most_calls = 2000;

/// The active calls of an instance that began before then, the oldest first.
Result<std::vector<domain::Call>> calls_since_long(store::Store& store,
                                                   const domain::OrganizationId& organization,
                                                   const std::string& instance, Time before) {
    std::vector<domain::Call> found;
    store::ListQuery query;
    query.limit = page;
    query.active_only = true;
    query.before_at = before;
    for (size_t seen = 0; seen < most_calls;) {
        auto calls = store.calls(organization, query);
        if (!calls) return calls.error();
        seen += calls->size();
        if (!calls->empty()) {
            query.before_at = calls->back().started_at;
            query.before_key = calls->back().id;
        }
        const bool last = calls->size() < page;
        for (domain::Call& call : *calls)
            if (call.instance == instance) found.push_back(std::move(call));
        if (last) break;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

/// Calls that do last would keep the others waiting for ever: who was not asked for since all
/// of them were comes first. Of calls that are over nothing is kept.
void put_unasked_first(std::vector<domain::Call>& calls, std::set<std::string>& asked) {
    std::set<std::string> last;
    for (const domain::Call& call : calls)
        if (asked.count(call.id) != 0) last.insert(call.id);
    if (last.size() == calls.size()) last.clear();
    asked = std::move(last);
    std::stable_partition(calls.begin(), calls.end(),
                          [&asked](const domain::Call& call) { return asked.count(call.id) == 0; });
}

}  // namespace

bool Round::settle_calls(const domain::Organization& organization) {
    auto calls = calls_since_long(*ground_.store, organization.id, source_.instance(),
                                  ground_.clock->now() - options_.quiet_call);
    if (!calls) {
        failed(organization, "active calls could not be read", calls.error().text);
        return false;
    }
    std::set<std::string>& asked = asked_calls_[organization.id];
    put_unasked_first(*calls, asked);
    if (calls->size() > options_.calls) calls->resize(options_.calls);
    for (const domain::Call& call : *calls) {
        if (stopping_) return true;
        asked.insert(call.id);
        if (!settle(organization, call)) return false;
    }
    return true;
}

bool Round::settle(const domain::Organization& organization, const domain::Call& call) {
    // What became of a start without an answer is asked by whoever placed the call.
    if (call.conversation_id.empty()) return give_up(organization, call);
    auto end = source_.call(call.conversation_id, options_.call_deadline);
    if (end && !*end) return true;  // it lasts
    if (end) return record_one(std::move(**end));
    const Code why = end.error().code;
    if (why == Code::NotFound || why == Code::Unsupported) return give_up(organization, call);
    failed(organization, "a provider did not say what became of a call", end.error().text);
    return false;
}

bool Round::give_up(const domain::Organization& organization, const domain::Call& call) {
    const Time now = ground_.clock->now();
    if (now - call.started_at < options_.lost_call) return true;
    ground_.log->warn(
        "reconcile", "a call is given up: nobody knows how it ended",
        {{"provider", source_.instance()}, {"organization", organization.id}, {"call", call.id}});
    receive::CallEnded end;
    end.dedupe_key = "given-up:" + call.id;
    if (!organization.numbers.empty()) end.business_address = organization.numbers.front();
    end.our_call_id = call.id;
    end.call_id = call.line_id;
    end.conversation_id = call.conversation_id;
    end.direction = call.direction;
    end.outcome = domain::CallOutcome::Unknown;
    end.failure_reason = "no news of its end";
    end.happened_at = now;
    return record_one(std::move(end));
}

bool Round::record_one(receive::ProviderEvent event) {
    const auto recording =
        std::make_shared<Recording>(ground_, source_.instance(), 1, options_.patience);
    recording->add(std::move(event));
    return static_cast<bool>(recording->wait());
}

}  // namespace tandem::reconcile
