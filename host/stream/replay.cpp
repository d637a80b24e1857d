#include "stream/replay.h"

#include <algorithm>
#include <utility>

#include "publish/payload.h"

namespace tandem::stream {

namespace {

// The words of stream_reset. An id of another organisation, of a lost journal or of the
// future all read the same: nobody learns from it what exists elsewhere.
constexpr std::string_view malformed = "malformed";
constexpr std::string_view unknown = "unknown_position";
constexpr std::string_view too_old = "out_of_retention";

/// Above every offset that a journal can have (positions have at most 18 digits).
constexpr int64_t beyond_all = 999'999'999'999'999'999;

/// Whether everything after the offset is still kept. Of a trimmed journal the oldest
/// event is the first that can be named.
bool kept(int64_t offset, const store::JournalPage& page) {
    if (page.oldest == 0) return offset == page.head.offset;
    return offset >= page.oldest || (offset == 0 && page.oldest == 1);
}

Reading failed(const Error& error) {
    Reading reading;
    reading.failure = error;
    return reading;
}

}  // namespace

bool View::shows(std::string_view type) const {
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

Replay::Replay(store::Store& store, publish::Feed& feed, const Clock& clock, IdSource& ids,
               unsigned history_limit)
    : store_(store), feed_(feed), clock_(clock), ids_(ids), history_limit_(history_limit) {}

Reading Replay::history(const View& view) {
    const auto snapshot = store_.snapshot(view.organization, view.address, history_limit_);
    if (!snapshot) return failed(snapshot.error());

    publish::Scene scene;
    scene.event_id = ids_.next();
    scene.organization = view.organization;
    scene.address = view.address;
    scene.lead_id = snapshot->lead ? snapshot->lead->id : view.lead_id;
    scene.at = clock_.now();
    publish::History shown{snapshot->messages, {}};
    if (snapshot->conversation) {
        shown.summary = snapshot->conversation->summary;
        shown.customers_waiting = snapshot->conversation->waiting;
    }
    if (snapshot->session) shown.session = &*snapshot->session;
    if (snapshot->active_call) shown.active_call = &*snapshot->active_call;

    Reading reading;
    reading.reached = snapshot->position;
    reading.frame = frame(event_text(reading.reached, publish::conversation_history(scene, shown)));
    reading.events = 1;
    reading.complete = true;
    settle(view, reading);
    return reading;
}

Reading Replay::resume(const View& view, const std::string& last_event_id) {
    const auto position = domain::parse_position(last_event_id);
    if (!position) return reset(view, malformed);
    const auto found =
        store_.journal(view.organization, position->offset, view.address, page_events);
    if (!found) return failed(found.error());
    if (found->head.epoch != position->epoch || found->head.offset < position->offset)
        return reset(view, unknown);
    if (!kept(position->offset, *found)) return reset(view, too_old);
    return page(view, *found, *position);
}

Reading Replay::go_on(const View& view, const domain::Position& after) {
    const auto found = store_.journal(view.organization, after.offset, view.address, page_events);
    if (!found) return failed(found.error());
    // The ground was trimmed away, or swapped, under a reader who took very long.
    if (!after.epoch.empty() && found->head.epoch != after.epoch) return reset(view, unknown);
    if (found->oldest != 0 && found->oldest > after.offset + 1) return reset(view, too_old);
    return page(view, *found, after);
}

Reading Replay::reset(const View& view, std::string_view reason) {
    publish::Scene scene;
    scene.event_id = ids_.next();
    scene.organization = view.organization;
    scene.address = view.address;
    scene.lead_id = view.lead_id;
    scene.at = clock_.now();
    const std::string told = publish::stream_reset(scene, reason);

    if (!view.address.empty()) {
        Reading reading = history(view);
        if (reading.failure) return reading;
        // Without an id: a reader cut off between the two comes back with what it had.
        reading.frame = frame(event_text(told) + *reading.frame);
        ++reading.events;
        reading.reset = reason;
        return reading;
    }
    const auto head = store_.journal(view.organization, beyond_all, {}, 1);
    if (!head) return failed(head.error());
    Reading reading;
    reading.reached = head->head;
    reading.frame = frame(event_text(reading.reached, told));
    reading.events = 1;
    reading.complete = true;
    reading.reset = reason;
    settle(view, reading);
    return reading;
}

Reading Replay::page(const View& view, const store::JournalPage& page, domain::Position after) {
    Reading reading;
    reading.complete = page.events.size() < page_events;
    reading.reached =
        reading.complete ? page.head : domain::Position{page.head.epoch, page.events.back().offset};
    std::string text;
    for (const domain::Event& event : page.events) {
        if (event.offset <= after.offset || !view.shows(event.type)) continue;
        text += event_text({page.head.epoch, event.offset}, event.payload);
        ++reading.events;
    }
    if (!text.empty()) reading.frame = frame(std::move(text));
    if (reading.complete) settle(view, reading);
    return reading;
}

void Replay::settle(const View& view, Reading& reading) {
    reading.complete = feed_.follow(view.organization, reading.reached);
}

}  // namespace tandem::stream
