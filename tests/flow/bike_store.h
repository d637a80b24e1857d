#pragma once

#include <string>

#include "flow/gateway.h"
#include "flow/http_client.h"
#include "flow/twilio_request.h"

/// The business that the stories are told of: `bikes`, which texts by Twilio.
namespace tandem::flow {

inline constexpr char bikes_number[] = "+15550001111";
inline constexpr char webhook_path[] = "/api/webhooks/twilio/sms/incoming";
inline constexpr char customer[] = "+15551234567";

struct BikeStore {
    std::string twilio_url;          // of a fake; empty: nothing will be sent
    std::string responder;           // an instance; empty: nobody answers
    std::string voice;               // an instance; empty: no calls
    std::string more_providers;      // YAML list items
    std::string more_of_bikes;       // YAML members of the organisation
    std::string more_organizations;  // YAML list items
    std::string more;                // YAML sections
};

/// Answered by the sandbox, which is offline.
BikeStore answered_by_sandbox(const std::string& twilio_url);
/// Answered, and called, by ElevenLabs' agent; `provider` is the fake's item of `providers`.
BikeStore answered_by_agent(const std::string& twilio_url, const std::string& provider);

/// Settings with SQLite, HS256 tokens and this business.
std::string settings(const BikeStore& store);

/// A customer's text as Twilio posts it; the sid is made from `number`.
TwilioRequest signed_text(unsigned long number, const std::string& text,
                          const std::string& from = customer, const std::string& to = bikes_number);
Headers signed_headers(const TwilioRequest& request);
/// Posts it to the gateway.
HttpAnswer deliver(HttpClient& client, const TwilioRequest& request);

}  // namespace tandem::flow
