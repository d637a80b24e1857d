#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/control.h"
#include "control/session_record.h"
#include "domain/waiting.h"
#include "publish/payload.h"

namespace tandem::control {

/// How many messages a decision looks back over: also the longest queue.
constexpr unsigned messages_seen = 200;

struct Control::Look {
    Time now{};
    std::string address;
    store::Snapshot snapshot;
    domain::Processed processed;
    std::vector<const domain::Message*> waiting;  // of the snapshot, oldest first

    int64_t newest_number() const {
        return snapshot.messages.empty() ? 0 : snapshot.messages.back().number;
    }
};

/// One ChangeSet in the making, with conversation, lead and session as they will be.
struct Control::Draft {
    const Person& person;
    const Look& before;
    IdSource& ids;
    domain::Conversation conversation{};
    domain::Lead lead{};
    domain::ControlSession session{};
    SessionRecord record{};
    bool new_lead = false;
    bool writes_session = false;
    const Keyed* key = nullptr;  // remembered with the rest
    limit::Charge charge{};      // for what the draft sends
    std::string unsent{};        // why an announcement is not sent; empty: it is
    std::vector<store::Precondition> conditions{};
    std::vector<store::Operation> operations{};

    publish::Scene scene() const {
        return {ids.next(), person.organization->id, conversation.address,
                lead.id,    lead.customer_name,      lead.status,
                before.now};
    }
    void write(store::Operation operation) { operations.push_back(std::move(operation)); }
    /// A line of the record that no customer sees.
    void note_down(const std::string& text) {
        domain::Message line;
        line.id = ids.next();
        line.address = conversation.address;
        line.author = domain::Author::System;
        line.type = domain::MessageType::System;
        line.direction = domain::Direction::Internal;
        line.content = text;
        line.session_id = session.id;
        line.at = before.now;
        write(std::move(line));
    }
    void audit(std::string action, std::string subject) {
        write(store::AuditLine{ids.next(),
                               person.agent_id,
                               std::move(action),
                               conversation.address,
                               std::move(subject),
                               {},
                               before.now});
    }
};

/// The customer's texts since the queue of this session began.
std::vector<const domain::Message*> queue_of(const Control::Look& look,
                                             const SessionRecord& record);

using serve::refuse;
using serve::refuse_field;
using serve::refuse_without_storage;

}  // namespace tandem::control
