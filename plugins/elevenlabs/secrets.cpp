#include "secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "tandem/plugin/failure.hpp"

namespace tandem::elevenlabs {

namespace {

// Far above what ElevenLabs sends: a header of that length is somebody's attempt.
constexpr std::size_t max_header_bytes = 4096;
constexpr std::size_t max_candidate_bytes = 1024;
constexpr std::size_t hex_bytes = 64;
// Within this, an attempt to repeat an old request passes, and so does a late delivery.
constexpr std::int64_t tolerance_s = 1800;

struct Elements {
    std::optional<std::string_view> time;
    std::vector<std::string_view> hashes;
};

/// Split at commas and not trimmed, as ElevenLabs' own libraries do; the first `t` counts.
Elements elements_of(std::string_view header) {
    Elements elements;
    while (true) {
        const std::size_t comma = header.find(',');
        const std::string_view one = header.substr(0, comma);
        if (one.substr(0, 2) == "t=" && !elements.time) elements.time = one.substr(2);
        if (one.substr(0, 3) == "v0=") elements.hashes.push_back(one.substr(3));
        if (comma == std::string_view::npos) return elements;
        header.remove_prefix(comma + 1);
    }
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
    std::int64_t seconds = 0;
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return seconds;
}

std::string signature_of(std::string_view time, std::string_view body, const std::string& secret) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(time.size() + 1 + body.size());
    text.append(time).append(1, '.').append(body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
             &size) == nullptr)
        throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL computes no HMAC-SHA256");
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += {digits[mac[i] >> 4], digits[mac[i] & 15]};
    return hex;
}

bool equal(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

Secrets::Secrets(std::vector<std::string> secrets) {
    for (std::string& secret : secrets) {
        if (secret.empty()) continue;
        digests_.push_back(digest_of(secret));
        secrets_.push_back(std::move(secret));
    }
}

bool Secrets::contains(std::string_view candidate) const {
    if (candidate.empty() || candidate.size() > max_candidate_bytes) return false;
    // Digests have one length, and how much of one is right tells nothing of the secret.
    const Digest digest = digest_of(candidate);
    bool found = false;
    for (const Digest& known : digests_)
        found |= CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0;
    return found;
}

std::string Secrets::reason_against(std::string_view header, std::string_view body,
                                    tandem_time received_at) const {
    if (none()) return "post_call_webhook_secret is not set: nobody is let in without it";
    if (header.empty()) return "ElevenLabs-Signature is missing or empty";
    if (header.size() > max_header_bytes) return "ElevenLabs-Signature is too long";
    const Elements elements = elements_of(header);
    if (!elements.time || elements.hashes.empty())
        return "ElevenLabs-Signature is not t=<seconds>,v0=<hex>";
    const std::optional<std::int64_t> seconds = seconds_of(*elements.time);
    if (!seconds) return "the time in ElevenLabs-Signature is no number";

    bool genuine = false;
    for (const std::string& secret : secrets_) {
        const std::string expected = signature_of(*elements.time, body, secret);
        for (const std::string_view hash : elements.hashes)
            genuine |= hash.size() == hex_bytes && equal(hash, expected);
    }
    if (!genuine)
        return "no post_call_webhook_secret gives this signature; compare it with the secret "
               "that ElevenLabs showed when the webhook was made";
    const std::int64_t now = received_at / 1000;
    if (*seconds < now - tolerance_s)
        return "the signature is right but older than 30 minutes: a late retry, or somebody "
               "repeats an old request; what it tells is fetched from the API instead";
    if (*seconds > now + tolerance_s)
        return "the signature is right but more than 30 minutes in the future; look at the clock";
    return {};
}

Secrets::Digest Secrets::digest_of(std::string_view text) {
    Digest digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw plugin::Failure(TANDEM_INTERNAL, "OpenSSL computes no SHA-256");
    return digest;
}

}  // namespace tandem::elevenlabs
