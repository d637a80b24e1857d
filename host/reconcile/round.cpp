#include "reconcile/round.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "reconcile/recording.h"

namespace tandem::reconcile {

namespace {

constexpr std::string_view room = "reconcile";
constexpr char scope[] = "watermark";
// Prefixes of instance names that this one's begins like.
constexpr unsigned max_notes = 100;
// What a provider has not told of the last minute is on its way.
constexpr std::chrono::minutes recent{1};

std::optional<Time> time_of(const std::string& text) {
    int64_t milliseconds = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return Time{Milliseconds{milliseconds}};
}

}  // namespace

Round::Round(const Ground& ground, const RoundOptions& options, Source& source,
             const std::atomic<bool>& stopping)
    : ground_(ground), options_(options), source_(source), stopping_(stopping) {}

Round::End Round::missed(const domain::Organization& organization) {
    const Time now = ground_.clock->now();
    auto mark = watermark(organization.id);
    if (mark && *mark && **mark > now) mark = lowered(organization.id, now - options_.first_look);
    if (!mark) {
        failed(organization, "the watermark could not be read or lowered", mark.error().text);
        return End::Failed;
    }
    MissedQuery query;
    query.business_numbers = organization.numbers;
    query.since = *mark ? **mark - options_.overlap : now - options_.first_look;
    query.deadline = options_.deadline;

    const auto recording = std::make_shared<Recording>(ground_, source_.instance(),
                                                       options_.in_hand, options_.patience);
    bool cut_short = false;
    MissedSink sink;
    sink.known = [&](const std::string& key) {
        const auto known = ground_.store->remembered(organization.id, source_.instance(), key);
        return known && *known;
    };
    sink.event = [&](receive::ProviderEvent event) {
        if (!stopping_ && recording->add(std::move(event))) return true;
        cut_short = true;
        return false;
    };
    const auto until = source_.missed(query, sink);
    const Result<void> recorded = recording->wait();
    count_recovered(recording->recovered(), organization);
    if (stopping_) return End::Stopped;
    if (!until) {
        failed(organization, "a provider did not say what was missed", until.error().text);
        return End::Failed;
    }
    if (!recorded) {
        failed(organization, "what was missed could not be recorded", recorded.error().text);
        return End::Failed;
    }
    const bool told = *until && !cut_short;
    if (told) {
        const Time next = std::min(**until, now);
        if (!*mark || next > **mark) {
            if (const auto moved = move_watermark(organization.id, next); !moved) {
                failed(organization, "the watermark could not be moved", moved.error().text);
                return End::Failed;
            }
        }
    }
    const bool complete = told && **until + recent >= now;
    count(complete ? "complete" : "incomplete");
    // Without anything new the same question would get the same answer.
    return complete || recording->recovered() == 0 ? End::Complete : End::More;
}

Result<std::optional<Time>> Round::watermark(const domain::OrganizationId& organization) {
    const auto kept = watermarks_.find(organization);
    if (kept != watermarks_.end()) return std::optional<Time>(kept->second);
    const auto notes = ground_.store->notes(organization, scope, source_.instance(),
                                            ground_.clock->now(), max_notes);
    if (!notes) return notes.error();
    for (const store::Note& note : *notes) {
        if (note.key != source_.instance()) continue;
        const auto mark = time_of(note.value);
        if (mark) remember(organization, *mark);
        return mark;
    }
    return std::optional<Time>();
}

Result<std::optional<Time>> Round::lowered(const domain::OrganizationId& organization, Time to) {
    const auto moved = move_watermark(organization, to);
    if (!moved) return moved.error();
    return std::optional<Time>(to);
}

Result<void> Round::move_watermark(const domain::OrganizationId& organization, Time to) {
    store::ChangeSet set;
    set.organization = organization;
    store::Note note;
    note.scope = scope;
    note.key = source_.instance();
    note.value = std::to_string(to.time_since_epoch().count());
    note.at = ground_.clock->now();
    set.operations.push_back(std::move(note));
    const auto outcome = ground_.committer->commit(std::move(set));
    if (!outcome) return outcome.error();
    if (outcome->kind != store::Outcome::Kind::Committed)
        return Error{Code::Internal, "the store refused it: " + outcome->text};
    remember(organization, to);
    return {};
}

void Round::remember(const domain::OrganizationId& organization, Time mark) {
    watermarks_[organization] = mark;
    int64_t oldest = mark.time_since_epoch().count();
    for (const auto& [id, at] : watermarks_)
        oldest = std::min<int64_t>(oldest, at.time_since_epoch().count());
    *oldest_ms_ = oldest;
}

std::function<double()> Round::lag() const {
    return [clock = ground_.clock, mark = oldest_ms_] {
        const int64_t oldest = *mark;
        if (oldest == 0) return 0.0;
        const Milliseconds behind = clock->now() - Time{Milliseconds{oldest}};
        return std::max(0.0, std::chrono::duration<double>(behind).count());
    };
}

void Round::count(std::string_view result) {
    ground_.metrics
        ->counter("tandem_reconcile_total", "Times that a provider was asked what was missed.",
                  {{"provider", source_.instance()}, {"result", result}})
        .add();
}

void Round::count_recovered(size_t events, const domain::Organization& organization) {
    ground_.metrics
        ->counter("tandem_reconcile_recovered_total",
                  "Events that no webhook brought, fetched from their provider.",
                  {{"provider", source_.instance()}})
        .add(static_cast<double>(events));
    if (events > 0)
        ground_.log->info(room, "what was missed was fetched",
                          {{"provider", source_.instance()},
                           {"organization", organization.id},
                           {"events", std::to_string(events)}});
}

void Round::failed(const domain::Organization& organization, const std::string& what,
                   const std::string& reason) {
    count("failed");
    ground_.log->warn(
        room, what,
        {{"provider", source_.instance()}, {"organization", organization.id}, {"reason", reason}});
}

}  // namespace tandem::reconcile
