#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "domain/organization.h"
#include "receive/receive.h"
#include "store/store.h"

/// What an event of a provider changes: pure functions of one snapshot. The one rule: what
/// becomes visible, owed and remembered stands in one ChangeSet, under the version of the
/// conversation that it was made from.
namespace tandem::receive {

/// Whose event it is; both addresses in their normal form.
struct Scope {
    const domain::Organization* organization = nullptr;
    std::string instance;
    std::string business;
    std::string customer;
    bool can_be_answered = true;  // texts can go there: a phone or a messenger's address
};

/// When, with which ids, under which settings.
struct Moment {
    Time now{};
    IdSource* ids = nullptr;
    Milliseconds coalesce{1500};  // how long an AI turn waits for more of the customer's texts
    Milliseconds late{900000};    // a text that is learnt of later is a human's to answer
    std::string hash_key;         // of body_hash
};

/// The precondition at this index is the dedupe key's, in every ChangeSet made here.
constexpr size_t dedupe_precondition = 0;

/// How many messages the snapshot needs: of a word that opts out or in and says when it was
/// written, whether the contrary was written since.
unsigned messages_needed(const MessageReceived& event);

/// A customer's text: lead, message, `sms_received`, opting out or in, and the AI turn or the
/// human that it is owed.
store::ChangeSet record(const MessageReceived& event, const Scope& scope,
                        const store::Snapshot& snapshot, const Moment& moment);

/// What became of `message`, which is ours: a line in its history, and a new status with
/// `sms_status_update` only where that climbs.
store::ChangeSet record(const MessageStatus& event, const Scope& scope,
                        const store::Snapshot& snapshot, const domain::Message& message,
                        const Moment& moment);

/// A call began. `known` is the record that it has already, if any: an outbound call, or one
/// whose end came first.
store::ChangeSet record(const CallStarted& event, const Scope& scope,
                        const store::Snapshot& snapshot, const std::optional<domain::Call>& known,
                        const Moment& moment);

/// A call is over: its record, its turns as messages, its summary. The first end is told;
/// one that knows what was said is told once more after one that did not; any other only
/// completes the record.
store::ChangeSet record(const CallEnded& event, const Scope& scope, const store::Snapshot& snapshot,
                        const std::optional<domain::Call>& known, const Moment& moment);

/// What became of a line. One that never connected ends its call, unless that is over or
/// somebody answered; everything else is only remembered, for the voice provider tells more.
store::ChangeSet record(const CallStatus& event, const Scope& scope,
                        const store::Snapshot& snapshot, const domain::Call& known,
                        const Moment& moment);

/// A hash over all that a repetition of the event must say again; of a status without the
/// addresses, for it is about what has them. Tells a repetition from a contradiction. It is
/// kept for ever, also when its person was erased: only who has the key, which stays in the
/// store, can try texts against it.
std::string body_hash(const ProviderEvent& event, const std::string& key);

/// UTF-8 as it can be stored and shown: broken bytes and NUL become U+FFFD.
std::string clean_text(std::string_view text);

}  // namespace tandem::receive
