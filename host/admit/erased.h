#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

/// What outlives the erasure of a person: a keyed hash of their address, and whether they had
/// opted out. Without the second, whoever erased somebody could write to them again.
///
/// The key is random, one for each organisation, and a note of the store. So hashes of two
/// organisations tell nothing about each other, and a list of hashes without its store tells
/// nothing at all.
namespace tandem::admit {

/// The organisation's key, made where there is none yet. Blocks for a read, and the first time
/// for a commit. Unsupported: the store keeps no notes, and so nothing for ever.
Result<std::string> erasure_key(store::Store& store, store::Committer& committer,
                                const domain::OrganizationId& organization, Time now);

/// HMAC-SHA256 (RFC 2104) in hex. Throws std::bad_alloc where OpenSSL has no memory.
std::string keyed_hash(const std::string& key, const std::string& text);

/// What a ChangeSet that erases an address writes beside it. Who reads it elsewhere meanwhile
/// shows at a condition: read again.
struct Remains {
    std::string name;  // stands for the address in audit lines
    std::vector<store::Precondition> conditions;
    std::vector<store::Operation> operations;
};

/// Blocks for a read or two. `conversation` is the address's, if there is one: whether it is
/// opted out is remembered. A store without notes remembers nothing; its name is empty.
Result<Remains> remains_of(store::Store& store, const domain::OrganizationId& organization,
                           const std::string& address,
                           const std::optional<domain::Conversation>& conversation, Time now);

/// To be asked wherever a conversation may begin. Where there is none and the person had opted
/// out before they were erased, the snapshot gets one of version 0 that is opted out; else
/// nothing happens. Blocks for a read or two where there is no conversation.
Result<void> recall(store::Store& store, const domain::OrganizationId& organization,
                    const std::string& address, Time now, store::Snapshot& snapshot);

}  // namespace tandem::admit
