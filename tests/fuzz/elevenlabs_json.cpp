#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "elevenlabs.h"
#include "json.h"
#include "tandem/plugin/testing.hpp"
#include "target.h"

// A header and a body for the webhooks of ElevenLabs: without a secret nobody is genuine and an
// independent signer is, whatever is read is read the same each time, and what was read can be
// written and read again.

namespace tandem::fuzz {

namespace {

using namespace elevenlabs;

constexpr tandem_time now = 1'700'000'000'000;
constexpr const char* post_call_secret = "wsec_5f1e9a72c0d84b6f8ad3";

/// A host whose secrets no input can know. It keeps no log: one that only grows looks like a leak.
class Instance {
public:
    Instance() {
        host_.withhold(TANDEM_HOST_LOG);
        host_.option("api_key", "xi-key");
        host_.option("agent_id", "agent_0001");
        host_.option("agent_phone_number_id", "phnum_0001");
        host_.option("conversation_initiation_webhook_secret", "1f0c-initiation-secret-9b7e");
        host_.option("post_call_webhook_secret", post_call_secret);
        host_.option("api_base_url", "http://127.0.0.1:9");
        host_.apply_defaults<ElevenLabs>();
        host_.now(now);
        plugin_ = std::make_unique<ElevenLabs>(host_.host());
    }
    ElevenLabs& plugin() { return *plugin_; }

private:
    plugin::testing::FakeHost host_{"elevenlabs"};
    std::unique_ptr<ElevenLabs> plugin_;
};

bool is_genuine(ElevenLabs& plugin, const plugin::WebhookRequest& request) {
    try {
        plugin.verify(request);
        return true;
    } catch (const plugin::Failure& failure) {
        expect(failure.code() == TANDEM_UNAUTHORIZED, "what is not genuine is unauthorized");
        return false;
    }
}

/// As ElevenLabs documents it: HMAC-SHA256 of the time, a dot and the body.
std::string signed_header(std::string_view body) {
    const std::string time = std::to_string(now / 1000);
    const std::string text = time + '.' + std::string(body);
    const std::string secret = post_call_secret;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
    std::string header = "t=" + time + ",v0=";
    for (unsigned i = 0; i < size; ++i) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", mac[i]);
        header += two;
    }
    return header;
}

void check_signature(ElevenLabs& plugin, plugin::WebhookRequest request) {
    std::string header = signed_header(request.body);
    request.headers.assign(1, {"ElevenLabs-Signature", header});
    expect(is_genuine(plugin, request), "a genuine body is believed");
    header.back() ^= 1;
    request.headers.assign(1, {"ElevenLabs-Signature", header});
    expect(!is_genuine(plugin, request), "a changed signature is not believed");
}

std::string said(ElevenLabs& plugin, const plugin::WebhookRequest& request) {
    plugin::testing::RecordedWebhook recorded;
    try {
        plugin.normalise(request, recorded.sink());
    } catch (const plugin::Failure& failure) {
        expect(failure.code() == TANDEM_INVALID || failure.code() == TANDEM_LIMITED,
               "a refusal is one of the body's own");
        return std::to_string(failure.code());
    }
    std::string keys;
    for (const plugin::AnyEvent& event : recorded.events())
        std::visit(
            [&](const auto& one) {
                expect(!one.dedupe_key.empty() && one.dedupe_key.size() <= 512,
                       "every event has a key of bounded length");
                expect(first_invalid_utf8(one.customer_address) == std::string::npos,
                       "an address is text");
                keys += one.dedupe_key + "\n";
            },
            event);
    return keys;
}

void check_rereading(std::string_view body) {
    Json once;
    try {
        once = read_object(body, "the body");
    } catch (const plugin::Failure&) {
        return;
    }
    expect(read_object(written(once), "what was written") == once,
           "what was read and written is read the same");
}

/// What the gateway tells the agent, whatever is in it, is JSON.
void check_context(ElevenLabs& plugin, const plugin::WebhookRequest& request,
                   std::string_view text) {
    plugin::testing::RecordedWebhook recorded;
    plugin.render_context(request, {{"summary", text}}, recorded.sink());
    expect(recorded.answer().has_value(), "there is always an answer");
    read_object(recorded.answer()->body, "the answer");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    static Instance instance;
    std::string_view input = text(bytes, size);
    const unsigned choice = take_choice(input) % 4;
    const std::string_view header = take_until(input, '\n');
    static const std::string paths[] = {"post-call", "conversation-initiation",
                                        "conversation-initiation",
                                        "conversation-initiation/{secret}"};
    static const std::string names[] = {"ElevenLabs-Signature", "X-Webhook-Secret", "Authorization",
                                        "X-Other"};
    tandem::plugin::WebhookRequest request;
    request.method = "POST";
    request.path = paths[choice];
    const std::string target = "conversation-initiation/" + std::string(header);
    request.target = target;
    request.headers.push_back({names[choice], header});
    request.body = input;
    request.received_at = now;
    const bool forged = seeded_bug() && header.substr(0, 3) == "t=7";
    expect(!is_genuine(instance.plugin(), request) && !forged,
           "nobody is genuine without a secret");
    if (choice == 0) check_signature(instance.plugin(), request);
    const std::string once = said(instance.plugin(), request);
    if (size % 4 == 0)
        expect(said(instance.plugin(), request) == once, "a body is read the same each time");
    check_rereading(input);
    check_context(instance.plugin(), request, header);
    return 0;
}
