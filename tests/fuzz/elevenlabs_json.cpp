#include <nlohmann/json.hpp>
#include <string>

#include "elevenlabs.h"
#include "json.h"
#include "tandem/plugin/testing.hpp"
#include "target.h"

// A header and a body for the webhooks of ElevenLabs: without a secret nobody is genuine,
// whatever is read is read the same each time, and what was read can be written and read again.

namespace tandem::fuzz {

namespace {

using namespace elevenlabs;

constexpr tandem_time now = 1'700'000'000'000;

/// A host whose secrets no input can know.
class Instance {
public:
    Instance() {
        host_.option("api_key", "xi-key");
        host_.option("agent_id", "agent_0001");
        host_.option("agent_phone_number_id", "phnum_0001");
        host_.option("conversation_initiation_webhook_secret", "1f0c-initiation-secret-9b7e");
        host_.option("post_call_webhook_secret", "wsec_5f1e9a72c0d84b6f8ad3");
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

void check_refusal(ElevenLabs& plugin, const plugin::WebhookRequest& request,
                   std::string_view header) {
    bool genuine = true;
    try {
        plugin.verify(request);
    } catch (const plugin::Failure& failure) {
        genuine = false;
        expect(failure.code() == TANDEM_UNAUTHORIZED, "what is not genuine is unauthorized");
    }
    if (seeded_bug() && header.substr(0, 3) == "t=7") genuine = true;
    expect(!genuine, "nobody is genuine without a secret");
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

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    static Instance instance;
    std::string_view input = text(bytes, size);
    const bool post_call = take_choice(input) % 2 == 0;
    const std::string_view header = take_until(input, '\n');
    tandem::plugin::WebhookRequest request;
    request.method = "POST";
    request.path = post_call ? "post-call" : "conversation-initiation";
    request.target = request.path;
    request.headers.push_back({post_call ? "ElevenLabs-Signature" : "X-Webhook-Secret", header});
    request.body = input;
    request.received_at = now;
    check_refusal(instance.plugin(), request, header);
    expect(said(instance.plugin(), request) == said(instance.plugin(), request),
           "a body is read the same each time");
    check_rereading(input);
    return 0;
}
