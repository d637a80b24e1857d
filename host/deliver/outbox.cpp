#include "deliver/outbox.h"

#include <utility>

#include "deliver/course.h"
#include "publish/payload.h"

namespace tandem::deliver {

namespace {

using domain::Delivery;

// Each lost race means that another commit went through.
constexpr unsigned max_rebuilds = 8;

store::Status line_of(const domain::Message& message, std::string_view code, std::string_view text,
                      Time now) {
    store::Status line;
    line.message_id = message.id;
    line.delivery = message.delivery;
    line.keep_delivery = true;
    line.error_code = code;
    line.error_text = text;
    line.at = now;
    return line;
}

}  // namespace

/// One attempt: the entry as it is, and the conversation it stands in.
struct Outbox::Deed {
    Entry entry;
    store::Snapshot snapshot;
    Time now;
    std::function<void()> committed{};  // what is to be done then; empty: nothing
};

Result<std::optional<domain::Message>> Outbox::message_of(
    const domain::OrganizationId& organization, const store::Owed& owed) const {
    if (owed.kind != store::OwedKind::Send) return std::optional<domain::Message>();
    auto message = ground_.store->message(organization, owed.subject_id);
    if (message) return std::optional<domain::Message>(std::move(*message));
    if (message.error().code == Code::NotFound) return std::optional<domain::Message>();
    return message.error();
}

Result<std::vector<Outbox::Entry>> Outbox::list(const domain::OrganizationId& organization,
                                                bool dead, const std::string& after_id,
                                                unsigned limit) const {
    auto rows = ground_.store->owed(organization, dead, after_id, limit);
    if (!rows) return rows.error();
    std::vector<Entry> entries;
    for (store::Owed& owed : *rows) {
        auto message = message_of(organization, owed);
        if (!message) return message.error();
        entries.push_back({std::move(owed), std::move(*message)});
    }
    return entries;
}

Result<Outbox::Entry> Outbox::entry(const domain::OrganizationId& organization,
                                    const std::string& id) const {
    auto owed = ground_.store->owed_row(organization, id);
    if (!owed) return owed.error();
    auto message = message_of(organization, *owed);
    if (!message) return message.error();
    return Entry{std::move(*owed), std::move(*message)};
}

Result<std::vector<store::Status>> Outbox::history(const domain::OrganizationId& organization,
                                                   const Entry& entry) const {
    if (!entry.message) return std::vector<store::Status>();
    return ground_.store->status_history(organization, entry.message->id, lines_of_history);
}

template <typename Change>
Result<void> Outbox::change(const domain::OrganizationId& organization, const std::string& id,
                            Change make) const {
    for (unsigned i = 0; i < max_rebuilds; ++i) {
        auto row = ground_.store->owed_row(organization, id);
        if (!row) return row.error();
        // The conversation first, as everywhere: a status in between shows as another version.
        auto snapshot = ground_.store->snapshot(organization, row->address, 0);
        if (!snapshot) return snapshot.error();
        auto found = entry(organization, id);
        if (!found) return found.error();
        Deed deed{std::move(*found), std::move(*snapshot), ground_.clock->now()};
        const store::Owed& owed = deed.entry.owed;
        if (!owed.dead && owed.lease_until > deed.now)
            return Error{Code::Conflict, "it is being sent at this moment"};
        store::ChangeSet set;
        set.organization = organization;
        if (owed.dead)
            set.preconditions.push_back(store::OwedDead{id});
        else
            set.preconditions.push_back(store::OwedUnclaimed{id, deed.now});
        if (auto made = make(deed, set); !made) return made;
        const auto outcome = ground_.committer->commit(std::move(set));
        if (!outcome) return outcome.error();
        if (outcome->kind == store::Outcome::Kind::Committed) {
            if (deed.committed) deed.committed();
            return {};
        }
        if (outcome->kind == store::Outcome::Kind::Refused)
            return Error{Code::Internal, outcome->text};
    }
    return Error{Code::Conflict, "it changed too often meanwhile"};
}

Result<void> Outbox::retry(const domain::OrganizationId& organization, const std::string& id,
                           const std::string& actor) const {
    return change(organization, id, [&](const Deed& deed, store::ChangeSet& set) -> Result<void> {
        const store::Owed& owed = deed.entry.owed;
        const auto& message = deed.entry.message;
        const bool unknown = message && message->delivery == Delivery::Unknown;
        if (unknown && owed.dead)
            set.operations.push_back(
                line_of(*message, resent_mark, "An operator wants it sent again.", deed.now));
        if (owed.dead)
            set.operations.push_back(
                store::Revive{id, deed.now, deed.now + ground_.validity, owed.payload_json});
        else if (owed.worker.empty())
            set.operations.push_back(
                store::Settle{id, store::Settlement::Retry, deed.now, owed.last_error});
        // A row whose claim lapsed is due already, and its worker tells that it may have been done.
        set.operations.push_back(store::AuditLine{ground_.ids->next(),
                                                  actor,
                                                  "outbox_retry",
                                                  owed.address,
                                                  owed.subject_id,
                                                  {},
                                                  deed.now});
        return {};
    });
}

Result<void> Outbox::drop(const domain::OrganizationId& organization, const std::string& id,
                          const std::string& actor) const {
    return change(organization, id, [&](Deed& deed, store::ChangeSet& set) -> Result<void> {
        const store::Owed& owed = deed.entry.owed;
        if (deed.entry.message) end_message(deed, set);
        if (auto ended = end_other(deed, set); !ended) return ended;
        set.operations.push_back(store::Settle{id, store::Settlement::Done, {}, "dropped"});
        set.operations.push_back(store::AuditLine{ground_.ids->next(),
                                                  actor,
                                                  "outbox_drop",
                                                  owed.address,
                                                  owed.subject_id,
                                                  {},
                                                  deed.now});
        return {};
    });
}

/// What is owed of a call or an answer is ended by whoever knows it.
Result<void> Outbox::end_other(Deed& deed, store::ChangeSet& set) const {
    const store::Owed& owed = deed.entry.owed;
    const End none;
    const End& end = owed.kind == store::OwedKind::Call     ? ground_.end_call
                     : owed.kind == store::OwedKind::AiTurn ? ground_.end_turn
                                                            : none;
    if (!end) return {};
    auto committed = end(owed, set);
    if (!committed) return committed.error();
    deed.committed = std::move(*committed);
    return {};
}

/// Queued, or given back after a certain failure: it was not sent. A row whose claim lapsed
/// may have been, and then that is all that is known.
void Outbox::end_message(const Deed& deed, store::ChangeSet& set) const {
    constexpr std::string_view code = "DROPPED";
    constexpr std::string_view text = "An operator dropped it.";
    domain::Message message = *deed.entry.message;
    const bool orphaned = message.delivery == Delivery::Sending && !deed.entry.owed.worker.empty();
    const bool unsent = message.delivery == Delivery::Queued ||
                        (message.delivery == Delivery::Sending && message.provider_id.empty());
    store::Status line = line_of(message, code, text, deed.now);
    if (!unsent || !deed.snapshot.conversation) {
        set.operations.push_back(line);
        return;
    }
    message.delivery = orphaned ? Delivery::Unknown : Delivery::Failed;
    message.error_code = code;
    message.error_text = text;
    line.delivery = message.delivery;
    line.keep_delivery = false;
    const domain::Conversation& conversation = *deed.snapshot.conversation;
    set.preconditions.push_back(store::VersionIs{conversation.address, conversation.version});
    set.operations.push_back(conversation);
    set.operations.push_back(line);
    set.operations.push_back(publish::sms_status_update(
        publish::scene_of(ground_.ids->next(), set.organization, deed.snapshot, deed.now),
        message));
}

}  // namespace tandem::deliver
