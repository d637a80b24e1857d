#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elevenlabs.h"
#include "tandem/plugin/testing.hpp"

/// What the tests of this plugin share: an instance, requests to it, and signatures made
/// apart from the plugin's own code.
namespace tandem::elevenlabs::testing {

constexpr const char* post_call_secret = "wsec_0123456789abcdef0123456789abcdef";
constexpr const char* initiation_secret = "initiation-secret-0123456789abcdef";
constexpr tandem_time now = 1'700'000'000'000;

std::string read(const std::string& name);
nlohmann::json recorded(const std::string& name);

/// HMAC-SHA-256 of `time`, a dot and the body, in small hex digits.
std::string mac(const std::string& secret, const std::string& time, const std::string& body);
std::string signature(const std::string& body, tandem_time at = now);

using Options = std::vector<plugin::Header>;

/// A plugin with all options set, unless they are given otherwise (empty: not set).
class Instance {
public:
    explicit Instance(const Options& options = {});

    plugin::testing::FakeHost host{"elevenlabs"};
    std::unique_ptr<ElevenLabs> plugin;

    /// Why a request is not genuine; empty: it is.
    std::string refusal(const std::string& path, const std::vector<plugin::Header>& headers,
                        const std::string& body, tandem_time received_at = now);
    /// The events of a genuine post-call body; throws what normalise throws.
    std::vector<plugin::AnyEvent> post_call(const std::string& body);
    std::vector<plugin::AnyEvent> initiation(const std::string& body);
    plugin::CallEnded ended(const std::string& body);

private:
    std::vector<plugin::AnyEvent> said(const std::string& path,
                                       const std::vector<plugin::Header>& headers,
                                       const std::string& body);
};

}  // namespace tandem::elevenlabs::testing
