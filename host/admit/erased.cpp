#include "admit/erased.h"

#include <algorithm>
#include <new>
#include <utility>

#include "admit/mac.h"
#include "base/id.h"

namespace tandem::admit {

namespace {

constexpr char key_scope[] = "erasure-key";
constexpr char key_name[] = "v1";
constexpr char opt_out_scope[] = "erased-opt-out";
constexpr size_t key_bytes = 32;  // as long as the hash (RFC 2104 section 3)

/// The value of this very note; empty where there is none.
Result<std::string> note_value(store::Store& store, const domain::OrganizationId& organization,
                               const char* scope, const std::string& key, Time now) {
    const auto notes = store.notes(organization, scope, key, now, 1);
    if (!notes) return notes.error();
    if (notes->empty() || notes->front().key != key) return std::string();
    return notes->front().value;
}

}  // namespace

std::string keyed_hash(const std::string& key, const std::string& text) {
    const std::string hash = mac(Hash::Sha256, key, text);
    if (hash.empty()) throw std::bad_alloc();
    return hex(hash);
}

Result<std::string> erasure_key(store::Store& store, store::Committer& committer,
                                const domain::OrganizationId& organization, Time now) {
    auto key = note_value(store, organization, key_scope, key_name, now);
    if (!key || !key->empty()) return key;
    store::ChangeSet first;
    first.organization = organization;
    first.preconditions.push_back(store::NoteIs{key_scope, key_name, std::nullopt, now});
    first.operations.push_back(
        store::Note{key_scope, key_name, random_hex(key_bytes), now, {}, {}});
    const auto made = committer.commit(std::move(first));
    if (!made) return made.error();
    // Whoever was first: what stands there now is the key.
    key = note_value(store, organization, key_scope, key_name, now);
    if (key && key->empty()) return Error{Code::Internal, "the erasure key could not be made"};
    return key;
}

Result<Remains> remains_of(store::Store& store, const domain::OrganizationId& organization,
                           const std::string& address,
                           const std::optional<domain::Conversation>& conversation, Time now) {
    Remains remains;
    auto key = note_value(store, organization, key_scope, key_name, now);
    if (!key && key.error().code == Code::Unsupported) return remains;
    if (!key) return key.error();
    if (key->empty()) {
        *key = random_hex(key_bytes);
        // Two first erasures at once must not use two keys.
        remains.conditions.push_back(store::NoteIs{key_scope, key_name, std::nullopt, now});
        remains.operations.push_back(store::Note{key_scope, key_name, *key, now, {}, {}});
    }
    remains.name = keyed_hash(*key, address);
    if (conversation && conversation->opted_out)
        remains.operations.push_back(store::Note{opt_out_scope, remains.name, "1", now, {}, {}});
    else if (conversation)
        remains.operations.push_back(store::ForgetNote{opt_out_scope, remains.name});
    return remains;
}

Result<void> recall(store::Store& store, const domain::OrganizationId& organization,
                    const std::string& address, Time now, store::Snapshot& snapshot) {
    if (snapshot.conversation) return {};
    const auto key = note_value(store, organization, key_scope, key_name, now);
    if (!key && key.error().code == Code::Unsupported) return {};
    if (!key) return key.error();
    if (key->empty()) return {};
    const std::string name = keyed_hash(*key, address);
    const auto opted_out = note_value(store, organization, opt_out_scope, name, now);
    if (!opted_out) return opted_out.error();
    if (opted_out->empty()) return {};
    snapshot.conversation.emplace();
    snapshot.conversation->address = address;
    snapshot.conversation->opted_out = true;
    if (snapshot.lead) snapshot.conversation->lead_id = snapshot.lead->id;
    return {};
}

}  // namespace tandem::admit
