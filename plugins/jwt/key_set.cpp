#include "key_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base64url.h"
#include "members.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

using plugin::Failure;

constexpr size_t max_id_bytes = 256;

const std::string* find_text(const Members& key, std::string_view name) {
    const auto found = key.find(name);
    return found == key.end() ? nullptr : std::get_if<std::string>(&found->second);
}

Failure unusable(const std::string& why) {
    return Failure(TANDEM_INVALID, why);
}

std::string text(const Members& key, std::string_view name) {
    const std::string* found = find_text(key, name);
    if (!found || found->empty()) throw unusable(std::string(name) + " is no text or missing");
    return *found;
}

std::string bytes(const Members& key, std::string_view name) {
    return decode_base64url(text(key, name), name);
}

void check_type(const Members& key, const std::string& type) {
    if (text(key, "kty") != type) throw unusable("it is not of type " + type);
}

/// What the key itself says it is for (RFC 7517 sections 4.2 to 4.4).
void check_purpose(const Members& key, const Algorithm& algorithm) {
    if (key.count("use") != 0 && text(key, "use") != "sig") throw unusable("it is not for signing");
    if (const auto found = key.find("key_ops"); found != key.end()) {
        const auto* operations = std::get_if<Texts>(&found->second);
        if (!operations ||
            std::find(operations->begin(), operations->end(), "verify") == operations->end())
            throw unusable("it is not for verifying");
    }
    if (key.count("alg") != 0 && text(key, "alg") != algorithm.name)
        throw unusable("it is of another algorithm");
}

KeyPointer make_key(const Members& key, const Algorithm& algorithm, Origin origin) {
    check_purpose(key, algorithm);
    if (algorithm.family == Family::Secret) {
        check_type(key, "oct");
        if (origin == Origin::Remote) throw unusable("a secret that everybody can read");
        return make_secret_key(algorithm, bytes(key, "k"));
    }
    // Whoever published it has given it away.
    if (key.count("d") != 0) throw unusable("it is a private key");
    switch (algorithm.family) {
        case Family::Rsa:
        case Family::RsaPss:
            check_type(key, "RSA");
            return make_public_key(algorithm, rsa_key(bytes(key, "n"), bytes(key, "e")));
        case Family::Curve:
            check_type(key, "EC");
            if (text(key, "crv") != algorithm.curve) throw unusable("it is of another curve");
            return make_public_key(algorithm,
                                   curve_key(algorithm, bytes(key, "x"), bytes(key, "y")));
        default:
            check_type(key, "OKP");
            if (text(key, "crv") != algorithm.curve) throw unusable("it is of another curve");
            return make_public_key(algorithm, edwards_key(bytes(key, "x")));
    }
}

/// Empty: it has none.
std::string id_of(const Members& key) {
    if (key.count("kid") == 0) return {};
    const std::string* id = find_text(key, "kid");
    if (!id || id->empty() || id->size() > max_id_bytes)
        throw unusable("its kid is no text, empty or too long");
    return *id;
}

std::vector<Members> read_set(std::string_view json) {
    if (json.size() > KeySet::max_bytes) throw unusable("the key set is over 64 KiB");
    try {
        std::vector<Members> keys = read_keys(json);
        if (keys.size() > KeySet::max_keys)
            throw unusable("the key set has " + std::to_string(keys.size()) + " keys; " +
                           std::to_string(KeySet::max_keys) + " are taken");
        std::set<std::string> ids;
        for (const Members& key : keys) {
            const std::string* id = find_text(key, "kid");
            if (id && !ids.insert(*id).second)
                throw unusable("the key set has two keys of one kid");
        }
        return keys;
    } catch (const Failure& failure) {
        throw unusable(failure.what());
    }
}

}  // namespace

KeySet::KeySet(KeyPointer key) : any_id_(true) {
    keys_.push_back({{}, std::move(key)});
}

KeySet::KeySet(std::string_view json, const Algorithm& algorithm, Origin origin) {
    size_t place = 0;
    for (const Members& key : read_set(json)) {
        ++place;
        try {
            keys_.push_back({id_of(key), make_key(key, algorithm, origin)});
        } catch (const Failure& failure) {
            left_out_ += (left_out_.empty() ? "key " : "; key ") + std::to_string(place) + ": " +
                         failure.what();
        }
    }
}

const Key* KeySet::choose(const std::optional<std::string>& key_id) const {
    // A key without a name has no name that a token could know.
    if (key_id && key_id->empty()) return nullptr;
    if (any_id_ || !key_id) return keys_.size() == 1 ? keys_.front().key.get() : nullptr;
    const auto found = std::find_if(keys_.begin(), keys_.end(),
                                    [&](const Named& one) { return one.id == *key_id; });
    return found == keys_.end() ? nullptr : found->key.get();
}

}  // namespace tandem::jwt
