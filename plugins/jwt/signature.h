#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tandem::jwt {

/// Decodes base64url (RFC 4648 section 5) as RFC 7515 wants it: no padding, no other
/// characters, unused bits zero, so that one value has one text. Throws
/// Failure(UNAUTHORIZED); `what` names it in the text.
std::string decode_base64url(std::string_view text, std::string_view what);

/// One algorithm with its key; immutable, safe from any thread. A token never chooses
/// between algorithms: it names the only one there is, or is refused.
class Verifier {
public:
    virtual ~Verifier() = default;
    /// The word that the header's `alg` must be.
    virtual std::string_view algorithm() const = 0;
    virtual bool genuine(std::string_view signed_text, std::string_view signature) const = 0;
};

/// Throws Failure(INVALID) for an algorithm that is not offered, or a secret below 32 bytes
/// (RFC 7518 section 3.2). The secret is the bytes of its text.
std::unique_ptr<Verifier> make_verifier(const std::string& algorithm, const std::string& secret);

}  // namespace tandem::jwt
