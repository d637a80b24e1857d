#include "publish/journal_feed.h"

#include <algorithm>

namespace tandem::publish {

namespace {

observe::Counter& gap_counter(observe::Metrics& metrics, std::string_view outcome) {
    return metrics.counter("tandem_journal_gaps_total",
                           "Gaps met in what commits told of the journal", {{"outcome", outcome}});
}

std::shared_ptr<const Published> made(const domain::OrganizationId& organization,
                                      const std::string& epoch, domain::Event event) {
    return std::make_shared<const Published>(Published{organization, epoch, std::move(event)});
}

}  // namespace

JournalFeed::JournalFeed(store::Store& store, observe::Log& log, observe::Metrics& metrics)
    : store_(store),
      log_(log),
      gaps_(gap_counter(metrics, "closed")),
      gaps_lost_(gap_counter(metrics, "lost")) {}

void JournalFeed::tell(Audience& audience) {
    audiences_.push_back(&audience);
}

void JournalFeed::committed(const store::ChangeSet& change_set, const store::Outcome& outcome) {
    const domain::OrganizationId& organization = change_set.organization;
    if (!gathered_.empty() && gathered_.front()->organization != organization) flush();

    const int64_t first = outcome.first_offset;
    bool lost = false;
    {
        const std::lock_guard lock(mutex_);
        Reach& reach = reaches_[organization];
        if (reach.epoch != outcome.journal_epoch)
            reach = {outcome.journal_epoch, first, first - 1, false};
        if (first > reach.last + 1 && !close_gap(organization, reach, first, gathered_)) {
            reach.first = first;
            lost = true;
        }
        int64_t offset = first;
        for (const store::Operation& operation : change_set.operations) {
            const auto* event = std::get_if<domain::Event>(&operation);
            if (event == nullptr) continue;
            domain::Event placed = *event;
            placed.offset = offset++;
            gathered_.push_back(made(organization, reach.epoch, std::move(placed)));
        }
        reach.last = std::max(reach.last, offset - 1);
        reach.told = true;
    }
    if (!lost) return;
    // In this order nobody takes what follows the gap for what comes next.
    for (Audience* audience : audiences_) audience->lost(organization);
}

void JournalFeed::batch_ended() {
    flush();
}

bool JournalFeed::follow(const domain::OrganizationId& organization,
                         const domain::Position& position) {
    const std::lock_guard lock(mutex_);
    Reach& reach = reaches_[organization];
    if (reach.epoch.empty()) {
        reach = {position.epoch, position.offset + 1, position.offset, false};
        return true;
    }
    // A reader of another epoch sees for itself that what is told does not fit.
    if (reach.epoch != position.epoch) return true;
    if (!reach.told && position.offset < reach.last) {
        reach.first = position.offset + 1;
        reach.last = position.offset;
    }
    return position.offset + 1 >= reach.first;
}

bool JournalFeed::close_gap(const domain::OrganizationId& organization, Reach& reach, int64_t until,
                            Told& told) {
    if (until - reach.last - 1 > longest_gap) {
        gaps_lost_.add();
        return false;
    }
    const auto page = store_.journal(organization, reach.last, "", longest_gap);
    if (!page || page->head.epoch != reach.epoch) {
        log_.warn("publish", "a gap in the journal could not be read; streams start again",
                  {{"reason", page ? "another journal" : page.error().text}});
        gaps_lost_.add();
        return false;
    }
    Told between;
    int64_t next = reach.last + 1;
    for (const domain::Event& event : page->events) {
        if (event.offset != next || next == until) break;
        between.push_back(made(organization, reach.epoch, event));
        ++next;
    }
    if (next != until) {  // already out of retention
        gaps_lost_.add();
        return false;
    }
    told.insert(told.end(), between.begin(), between.end());
    reach.last = until - 1;
    gaps_.add();
    return true;
}

void JournalFeed::flush() {
    if (gathered_.empty()) return;
    for (Audience* audience : audiences_) audience->published(gathered_);
    gathered_.clear();
}

}  // namespace tandem::publish
