#include "flow/twilio_request.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdio>

#include "flow/traces.h"

namespace tandem::flow {

namespace {

std::string form_encoded(const std::string& text) {
    std::string encoded;
    for (const unsigned char letter : text) {
        const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_' ||
                           letter == '.';
        char code[4];
        std::snprintf(code, sizeof code, "%%%02X", letter);
        if (letter == ' ')
            encoded += '+';
        else if (plain)
            encoded += static_cast<char>(letter);
        else
            encoded += code;
    }
    return encoded;
}

}  // namespace

TwilioRequest twilio_request(const std::string& url,
                             const std::map<std::string, std::string>& parameters,
                             const std::string& token) {
    TwilioRequest request;
    std::string text = url;
    for (const auto& [name, value] : parameters) {  // a map is sorted by byte value
        text += name + value;
        request.body +=
            (request.body.empty() ? "" : "&") + form_encoded(name) + '=' + form_encoded(value);
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    unsigned char base64[64];
    const int length = EVP_EncodeBlock(base64, digest, static_cast<int>(size));
    request.signature.assign(reinterpret_cast<char*>(base64), static_cast<size_t>(length));
    return request;
}

std::map<std::string, std::string> incoming_message(unsigned long number, const std::string& from,
                                                    const std::string& to,
                                                    const std::string& text) {
    leave_canary("phone", from);
    leave_canary("text", text);
    char sid[40];
    std::snprintf(sid, sizeof sid, "SM%032lx", number);
    return {{"MessageSid", sid},
            {"SmsSid", sid},
            {"SmsMessageSid", sid},
            {"AccountSid", account_sid},
            {"From", from},
            {"To", to},
            {"Body", text},
            {"NumMedia", "0"},
            {"NumSegments", "1"},
            {"SmsStatus", "received"},
            {"ApiVersion", "2010-04-01"}};
}

}  // namespace tandem::flow
