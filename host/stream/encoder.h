#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/event.h"
#include "publish/publish.h"

/// The one place that knows the text of an event stream (WHATWG HTML section 9.2).
namespace tandem::stream {

/// Bytes on their way to readers; shared by all who get the same.
using Frame = std::shared_ptr<const std::string>;

/// An unnamed event with its place as id. A position without an epoch gives no id: it is
/// a journal that nobody ever wrote to. Line ends in `data` become several data lines.
std::string event_text(const domain::Position& position, std::string_view data);
/// An unnamed event that leaves the reader's last id as it is.
std::string event_text(std::string_view data);
/// A named event: pages that only have `onmessage` do not see it.
std::string named_event_text(std::string_view name, std::string_view data);
/// How long the reader waits before it comes back; a line of its own.
std::string retry_text(Milliseconds wait);

Frame frame(std::string text);

}  // namespace tandem::stream
