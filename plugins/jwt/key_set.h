#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "key.h"

namespace tandem::jwt {

/// Who else can have written a set of keys.
enum class Origin {
    File,    // the operator
    Remote,  // an issuer: what is public cannot hold secrets
};

/// The keys of one issuer, all of one algorithm. Immutable, safe from any thread.
class KeySet {
public:
    static constexpr size_t max_bytes = 64 << 10;  // far above what issuers publish
    static constexpr size_t max_keys = 32;

    /// One key that the settings name; a token's `kid` is of no importance then.
    explicit KeySet(KeyPointer key);

    /// Reads a JSON Web Key Set (RFC 7517). Keys of another algorithm, use or operation are
    /// passed over as the RFC has it, and so are weak ones; `left_out` tells them. Throws
    /// Failure(INVALID) for what is no set, too large, or names a key twice. A set without
    /// any usable key is one: that is how an issuer takes all of them back.
    KeySet(std::string_view json, const Algorithm& algorithm, Origin origin);

    /// The key for this `kid`; without one, the only key there is. Null: none fits.
    const Key* choose(const std::optional<std::string>& key_id) const;

    size_t size() const { return keys_.size(); }
    /// Which keys cannot be used and why; contains nothing of a key but its place in the set.
    const std::string& left_out() const { return left_out_; }

private:
    struct Named {
        std::string id;  // empty: it has none
        KeyPointer key;
    };

    bool any_id_ = false;
    std::vector<Named> keys_;
    std::string left_out_;
};

using KeySetPointer = std::shared_ptr<const KeySet>;

}  // namespace tandem::jwt
