// What proves that a webhook is genuine. Compared in constant time, and never written out.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/base.h"

namespace tandem::elevenlabs {

/// The secrets of one webhook, several while they are rotated. Constant after construction.
class Secrets {
public:
    /// Empty ones are none: without any secret nobody is genuine.
    explicit Secrets(std::vector<std::string> secrets);

    bool none() const noexcept { return secrets_.empty(); }

    /// Whether this is one of the secrets, by comparing digests.
    bool contains(std::string_view candidate) const;

    /// Why `ElevenLabs-Signature` does not prove this body, for the log; empty: it does.
    /// `t=<unix seconds>,v0=<hex>`: HMAC-SHA-256 of `t`, a dot and the raw body, under any of
    /// the secrets; any `v0` will do. `t` is at most 30 minutes away from `received_at`.
    std::string reason_against(std::string_view header, std::string_view body,
                               tandem_time received_at) const;

private:
    using Digest = std::array<unsigned char, 32>;
    static Digest digest_of(std::string_view text);

    std::vector<std::string> secrets_;
    std::vector<Digest> digests_;
};

}  // namespace tandem::elevenlabs
