#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "domain/event.h"
#include "publish/publish.h"
#include "store/store.h"
#include "stream/encoder.h"

namespace tandem::stream {

/// What a reader wants to see.
struct View {
    domain::OrganizationId organization;
    std::string address;             // empty: all conversations of the organisation
    std::string lead_id;             // empty: not known
    std::vector<std::string> types;  // empty: all

    bool shows(std::string_view type) const;
};

/// A piece of the past, ready to be sent.
struct Reading {
    Frame frame;               // null: nothing to send
    domain::Position reached;  // what the frame brings its reader up to
    size_t events = 0;
    bool complete = false;   // all that is later is told live
    std::string_view reset;  // why the reader's position does not serve; empty: it does
    std::optional<Error> failure;
};

/// Reads the past for those who come, or come back. Each call reads the store once or
/// twice and blocks on it; safe from any thread.
class Replay {
public:
    /// A page of the journal: enough that 10,000 missed events take a hundred turns, and
    /// little enough that a slow reader does not hold much.
    static constexpr unsigned page_events = 100;

    Replay(store::Store& store, publish::Feed& feed, const Clock& clock, IdSource& ids,
           unsigned history_limit);

    /// `conversation_history` as of now.
    Reading history(const View& view);
    /// What came after the id that the reader brings, or a reset and the history.
    Reading resume(const View& view, const std::string& last_event_id);
    /// The next page after what was reached.
    Reading go_on(const View& view, const domain::Position& after);

private:
    Reading reset(const View& view, std::string_view reason);
    Reading page(const View& view, const store::JournalPage& page, domain::Position after);
    /// Complete, unless some of what follows was committed elsewhere.
    void settle(const View& view, Reading& reading);

    store::Store& store_;
    publish::Feed& feed_;
    const Clock& clock_;
    IdSource& ids_;
    const unsigned history_limit_;
};

}  // namespace tandem::stream
