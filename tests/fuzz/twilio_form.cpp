#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <set>
#include <string>
#include <utility>

#include "form.hpp"
#include "signature.hpp"
#include "target.h"
#include "unit/twilio/instance.h"

// A form and its signature: decoding is undone by encoding, an independent signer is believed
// and one bit less is not, and what is genuine is read the same each time.

namespace tandem::fuzz {

namespace {

using namespace twilio;

constexpr const char* form_type = "application/x-www-form-urlencoded";

/// The rule of Twilio's own libraries, written once more: names in byte order, of each name
/// every value once, in byte order.
std::string signed_text(std::string url, const Form& form) {
    std::set<std::pair<std::string, std::string>> sorted(form.fields.begin(), form.fields.end());
    for (const auto& [name, value] : sorted) url += name + value;
    return url;
}

std::string sign(const std::string& text) {
    const std::string token = twilio::testing::own_token;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    unsigned char base64[64];
    const int length = EVP_EncodeBlock(base64, digest, static_cast<int>(size));
    return {reinterpret_cast<const char*>(base64), static_cast<size_t>(length)};
}

void check_decoding(const Form& form) {
    std::string encoded;
    for (const auto& [name, value] : form.fields)
        encoded += (encoded.empty() ? "" : "&") + form_encoded(name) + "=" + form_encoded(value);
    Form again = parse_form(encoded, 4096);
    if (seeded_bug())
        for (auto& field : again.fields)
            if (field.second.find('%') != std::string::npos) field.second.clear();
    expect(again.fields == form.fields && !again.malformed,
           "what was decoded and encoded is decoded to the same");
    for (const auto& [name, value] : form.fields) {
        const std::string clean = repaired(value);
        expect(repaired(clean) == clean, "repaired text needs no repair");
        expect(clean.find('\0') == std::string::npos, "repaired text has no NUL");
    }
}

void check_signature(std::string_view body, const std::string& url, const Form& form) {
    std::string signature = sign(signed_text(url, form));
    const SignedRequest request{url, form_type, body, signature};
    expect(reason_against(request, {twilio::testing::own_token}).empty(),
           "a genuine form is believed");
    signature[body.size() % 27] ^= 1;
    expect(!reason_against(request, {twilio::testing::own_token}).empty(),
           "a changed signature is not believed");
}

/// The keys of the events, or the refusal's number.
std::string said(const std::string& path, const std::string& url, std::string_view body) {
    static twilio::testing::Instance instance;
    plugin::WebhookRequest request;
    request.method = "POST";
    request.public_url = url;
    request.target = std::string_view(url).substr(url.find("/api"));
    request.path = path;
    request.headers.push_back({"Content-Type", form_type});
    request.body = body;
    plugin::testing::RecordedWebhook recorded;
    try {
        instance.twilio->normalise(request, recorded.sink());
    } catch (const plugin::Failure& failure) {
        const int code = failure.code();
        expect(code == TANDEM_INVALID || code == TANDEM_LIMITED || code == TANDEM_UNSUPPORTED ||
                   code == TANDEM_NOT_FOUND,
               "a refusal is one of the form's own");
        return std::to_string(code);
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

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    static const std::string paths[] = {"sms/incoming", "sms/status", "voice/status"};
    std::string_view body = text(bytes, size);
    const std::string& path = paths[take_choice(body) % std::size(paths)];
    const std::string url = "https://gw.example.com/api/webhooks/twilio/" + path;
    const auto form = tandem::twilio::parse_form(body, 4096);
    if (!form.cut) {
        if (!form.malformed) check_decoding(form);
        check_signature(body, url, form);
    }
    expect(said(path, url, body) == said(path, url, body), "a form is read the same each time");
    return 0;
}
