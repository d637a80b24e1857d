#pragma once

#include <memory>
#include <string>
#include <vector>

#include "domain/conversation.h"
#include "domain/event.h"
#include "domain/message.h"
#include "store/store.h"

/// What was committed, told to those who watch: live screens now, other nodes later.
namespace tandem::publish {

/// An event with its place in the journal; shared by all who are told of it.
struct Published {
    domain::OrganizationId organization;
    std::string journal_epoch;
    domain::Event event;
};

/// Someone who wants to know. Called on the committer's thread: must not block.
class Audience {
public:
    virtual ~Audience() = default;
    /// In journal order, an organisation at a time.
    virtual void published(const std::vector<std::shared_ptr<const Published>>& events) = 0;
    /// Events of this organisation were committed that will not be told: whoever watches
    /// it must read the journal again.
    virtual void lost(const domain::OrganizationId& organization) = 0;
};

/// How those who read the journal and then listen make sure that the two meet. Safe from
/// any thread.
class Feed {
public:
    virtual ~Feed() = default;
    /// Whether everything after the position is told, or was told already, or ends in
    /// `lost`. False: some of it was committed elsewhere before anyone here listened; read
    /// the journal on from the position and ask again.
    virtual bool follow(const domain::OrganizationId& organization,
                        const domain::Position& position) = 0;
};

}  // namespace tandem::publish
