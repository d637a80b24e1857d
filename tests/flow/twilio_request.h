#pragma once

#include <map>
#include <string>

namespace tandem::flow {

/// A form-encoded Twilio webhook and its signature, computed here from Twilio's published
/// rules and without the plugin's code, so that both can be wrong only in different ways.
struct TwilioRequest {
    std::string body;
    std::string signature;
};

TwilioRequest twilio_request(const std::string& url,
                             const std::map<std::string, std::string>& parameters,
                             const std::string& auth_token);

/// The parameters of an incoming message; the sid is made from `number`.
std::map<std::string, std::string> incoming_message(unsigned long number, const std::string& from,
                                                    const std::string& to, const std::string& text);

/// The account that the parameters name, and a token for it.
inline constexpr char account_sid[] = "AC00000000000000000000000000000001";
inline constexpr char auth_token[] = "an-auth-token-of-the-tests-0001";

}  // namespace tandem::flow
