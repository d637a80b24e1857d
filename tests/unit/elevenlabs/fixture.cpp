#include "fixture.h"

#include <cppunit/TestAssert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>
#include <sstream>

namespace tandem::elevenlabs::testing {

using namespace plugin;

namespace {

/// A request whose pattern is the target without its last segment, where that is a secret.
WebhookRequest request_to(const std::string& path, const std::vector<Header>& headers,
                          const std::string& body, tandem_time received_at) {
    static constexpr std::string_view by_path = "conversation-initiation/";
    WebhookRequest request;
    request.method = "POST";
    request.target = path;
    request.path = path;
    if (path.rfind(by_path, 0) == 0) request.path = "conversation-initiation/{secret}";
    for (const Header& header : headers) request.headers.push_back({header.name, header.value});
    request.body = body;
    request.received_at = received_at;
    return request;
}

}  // namespace

std::string read(const std::string& name) {
    std::ifstream file(std::string(RECORDINGS) + "/" + name, std::ios::binary);
    CPPUNIT_ASSERT_MESSAGE(name + " is missing", bool(file));
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

nlohmann::json recorded(const std::string& name) {
    return nlohmann::json::parse(read(name));
}

std::string mac(const std::string& secret, const std::string& time, const std::string& body) {
    const std::string text = time + "." + body;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    std::ostringstream hex;
    for (unsigned i = 0; i < size; ++i) {
        hex.width(2);
        hex.fill('0');
        hex << std::hex << static_cast<unsigned>(digest[i]);
    }
    return hex.str();
}

std::string signature(const std::string& body, tandem_time at) {
    const std::string time = std::to_string(at / 1000);
    return "t=" + time + ",v0=" + mac(post_call_secret, time, body);
}

Instance::Instance(const Options& options) {
    host.option("api_key", "xi-key");
    host.option("agent_id", "agent_0001");
    host.option("agent_phone_number_id", "phnum_0001");
    host.option("conversation_initiation_webhook_secret", initiation_secret);
    host.option("post_call_webhook_secret", post_call_secret);
    host.option("api_base_url", "http://127.0.0.1:9");
    for (const Header& option : options) {
        if (option.value.empty())
            host.option_list(option.name, {});
        else
            host.option(option.name, option.value);
    }
    host.apply_defaults<ElevenLabs>();
    host.now(now);
    plugin = std::make_unique<ElevenLabs>(host.host());
}

std::string Instance::refusal(const std::string& path, const std::vector<Header>& headers,
                              const std::string& body, tandem_time received_at) {
    try {
        plugin->verify(request_to(path, headers, body, received_at));
    } catch (const Failure& failure) {
        CPPUNIT_ASSERT_EQUAL(TANDEM_UNAUTHORIZED, failure.code());
        CPPUNIT_ASSERT(*failure.what() != '\0');
        return failure.what();
    }
    return {};
}

std::vector<AnyEvent> Instance::said(const std::string& path, const std::vector<Header>& headers,
                                     const std::string& body) {
    const WebhookRequest request = request_to(path, headers, body, now);
    plugin->verify(request);
    plugin::testing::RecordedWebhook said;
    plugin->normalise(request, said.sink());
    CPPUNIT_ASSERT_MESSAGE("only an empty 200 counts as delivered", !said.answer());
    return said.events();
}

std::vector<AnyEvent> Instance::post_call(const std::string& body) {
    return said("post-call", {{"ElevenLabs-Signature", signature(body)}}, body);
}

std::vector<AnyEvent> Instance::initiation(const std::string& body) {
    return said("conversation-initiation", {{"X-Webhook-Secret", initiation_secret}}, body);
}

CallEnded Instance::ended(const std::string& body) {
    const std::vector<AnyEvent> events = post_call(body);
    CPPUNIT_ASSERT_EQUAL(size_t{1}, events.size());
    return std::get<CallEnded>(events.front());
}

}  // namespace tandem::elevenlabs::testing
