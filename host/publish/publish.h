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
    std::string organization;
    std::string journal_epoch;
    domain::Event event;
};

/// Someone who wants to know. `published` is called in journal order, an organisation
/// at a time, on the committer's thread: it must not block.
class Audience {
public:
    virtual ~Audience() = default;
    virtual void published(const std::vector<std::shared_ptr<const Published>>& events) = 0;
};

}  // namespace tandem::publish
