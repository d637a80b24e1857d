#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "form.hpp"
#include "signature.hpp"
#include "tandem/plugin/testing.hpp"
#include "target.h"
#include "twilio.hpp"

// A webhook of Twilio's, as a form, as JSON or in the query, and its signature: decoding is undone
// by encoding, an independent signer is believed and one bit less is not, and what is genuine is
// read the same each time.

namespace tandem::fuzz {

namespace {

using namespace twilio;

constexpr const char* own_account = "AC00000000000000000000000000000001";
constexpr const char* own_token = "0123456789abcdef0123456789abcdef";
constexpr std::string_view base_url = "https://gw.example.com";

/// What comes, and what of it Twilio signs beside the URL.
struct Webhook {
    std::string method = "POST", path, target, content_type;
    std::string_view body;
    std::string signed_fields;
    bool signable = true;  // as Twilio's own libraries would have it

    std::string url() const { return std::string(base_url) + target; }
};

/// The rule of Twilio's own libraries, written once more: names in byte order, of each name
/// every value once, in byte order.
std::string signed_text(const Form& form) {
    std::set<std::pair<std::string, std::string>> sorted(form.fields.begin(), form.fields.end());
    std::string text;
    for (const auto& [name, value] : sorted) text += name + value;
    return text;
}

std::string hash_of(std::string_view body) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
    std::string hex;
    for (const unsigned char byte : digest) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", byte);
        hex += two;
    }
    return hex;
}

std::string sign(const std::string& text) {
    const std::string token = own_token;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha1(), token.data(), static_cast<int>(token.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    unsigned char base64[64];
    const int length = EVP_EncodeBlock(base64, digest, static_cast<int>(size));
    return {reinterpret_cast<const char*>(base64), static_cast<size_t>(length)};
}

/// The first byte chooses the route and the shape; a query ends at the first line's end.
Webhook webhook_of(std::string_view input) {
    static const std::string paths[] = {"sms/incoming", "sms/status", "voice/status"};
    const unsigned choice = take_choice(input);
    Webhook webhook;
    webhook.path = paths[choice % std::size(paths)];
    webhook.target = "/api/webhooks/twilio/" + webhook.path;
    webhook.content_type = "application/x-www-form-urlencoded";
    webhook.body = input;
    switch (choice / std::size(paths) % 4) {
        case 0: break;
        case 1:
            webhook.content_type = "application/json";
            webhook.target += "?bodySHA256=" + hash_of(input);
            return webhook;
        case 2:
            webhook.method = "GET";
            webhook.body = {};
            [[fallthrough]];
        default: {
            // A fragment is not sent, and the hash of a body is JSON's.
            std::string_view query = take_until(input, '\n');
            query = query.substr(0, query.find('#'));
            webhook.target += '?' + std::string(query);
            webhook.signable = query.find("bodySHA256") == std::string_view::npos;
            if (webhook.method == "POST") webhook.body = input;
        }
    }
    const Form form = parse_form(webhook.body, 4096);
    webhook.signable = webhook.signable && !form.cut;
    webhook.signed_fields = signed_text(form);
    return webhook;
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

/// Its host keeps no log: one that only grows looks like a leak.
class Instance {
public:
    Instance() {
        host_.withhold(TANDEM_HOST_LOG);
        host_.option("account_sid", own_account);
        host_.option_list("auth_token", {own_token, "older"});
        host_.apply_defaults<Twilio>();
        plugin_ = std::make_unique<Twilio>(host_.host());
    }
    Twilio& plugin() { return *plugin_; }

private:
    plugin::testing::FakeHost host_{"twilio"};
    std::unique_ptr<Twilio> plugin_;
};

Twilio& instance() {
    static Instance instance;
    return instance.plugin();
}

plugin::WebhookRequest request_of(const Webhook& webhook, std::string_view url) {
    plugin::WebhookRequest request;
    request.method = webhook.method;
    request.public_url = url;
    request.target = webhook.target;
    request.path = webhook.path;
    request.headers.push_back({"Content-Type", webhook.content_type});
    request.body = webhook.body;
    return request;
}

bool is_believed(plugin::WebhookRequest request, const std::string& signature) {
    request.headers.push_back({"X-Twilio-Signature", signature});
    try {
        instance().verify(request);
        return true;
    } catch (const plugin::Failure& failure) {
        expect(failure.code() == TANDEM_UNAUTHORIZED || failure.code() == TANDEM_NOT_FOUND,
               "a stranger's request is refused as one");
        return false;
    }
}

void check_signature(const Webhook& webhook, const plugin::WebhookRequest& request) {
    std::string signature = sign(webhook.url() + webhook.signed_fields);
    const SignedRequest judged{request.public_url, webhook.content_type, webhook.body, signature};
    expect(reason_against(judged, {own_token}).empty(), "a genuine request is believed");
    const bool believed = is_believed(request, signature);
    const auto account = webhook.method == "POST" && webhook.content_type != "application/json"
                             ? values_of(webhook.body, "AccountSid")
                             : std::vector<std::string>();
    if (account.size() == 1 && account.front() == own_account)
        expect(believed, "a genuine request of our account is believed");
    signature[webhook.body.size() % 27] ^= 1;
    expect(!is_believed(request, signature), "a changed signature is not believed");
}

/// The keys of the events, or the refusal's number.
std::string said(const plugin::WebhookRequest& request) {
    plugin::testing::RecordedWebhook recorded;
    try {
        instance().normalise(request, recorded.sink());
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
                expect(first_invalid_utf8(one.customer_address) == std::string::npos,
                       "an address is text");
                if constexpr (requires { one.text; })
                    expect(first_invalid_utf8(one.text) == std::string::npos,
                           "what is said is text");
                keys += one.dedupe_key + "\n";
            },
            event);
    return keys;
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    const Webhook webhook = webhook_of(text(bytes, size));
    const std::string url = webhook.url();
    const tandem::plugin::WebhookRequest request = request_of(webhook, url);
    const auto form = tandem::twilio::parse_form(webhook.body, 4096);
    if (!form.cut && !form.malformed) check_decoding(form);
    if (webhook.signable) check_signature(webhook, request);
    const std::string once = said(request);
    if (size % 4 == 0) expect(said(request) == once, "a request is read the same each time");
    return 0;
}
