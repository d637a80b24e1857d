#include "flow/bike_store.h"

namespace tandem::flow {

BikeStore answered_by_sandbox(const std::string& twilio_url) {
    BikeStore store;
    store.twilio_url = twilio_url;
    store.responder = "sandbox";
    store.more_providers = "  - {id: sandbox, plugin: sandbox}\n";
    return store;
}

BikeStore answered_by_agent(const std::string& twilio_url, const std::string& provider) {
    BikeStore store;
    store.twilio_url = twilio_url;
    store.responder = "elevenlabs";
    store.voice = "elevenlabs";
    store.more_providers = provider;
    return store;
}

std::string settings(const BikeStore& store) {
    const std::string responder = store.responder.empty() ? "" : ", responder: " + store.responder;
    const std::string more = store.more_of_bikes.empty() ? "" : ", " + store.more_of_bikes;
    const std::string voice = store.voice.empty() ? "" : ", voice: " + store.voice;
    return R"(
storage: {plugin: sqlite, options: {path: "${TEST_FOLDER}tandem.db"}}
auth:
  - plugin: jwt
    options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}
providers:
  - id: twilio
    plugin: twilio
    options:
      account_sid: ")" +
           std::string(account_sid) + R"("
      auth_token: ")" +
           auth_token + R"("
      from: ")" +
           bikes_number + R"("
      api_base_url: ")" +
           store.twilio_url + "\"\n" + store.more_providers + R"(
organizations:
  - {id: bikes, name: Bikes, default_region: US, numbers: [")" +
           bikes_number + "\"], channel: twilio" + responder + voice + more + "}\n" +
           store.more_organizations + store.more;
}

TwilioRequest signed_text(unsigned long number, const std::string& text, const std::string& from,
                          const std::string& to) {
    return twilio_request(std::string("https://gateway.example.com") + webhook_path,
                          incoming_message(number, from, to, text), auth_token);
}

Headers signed_headers(const TwilioRequest& request) {
    return {{"Content-Type", "application/x-www-form-urlencoded"},
            {"X-Twilio-Signature", request.signature}};
}

HttpAnswer deliver(HttpClient& client, const TwilioRequest& request) {
    return client.post(webhook_path, request.body, signed_headers(request));
}

}  // namespace tandem::flow
