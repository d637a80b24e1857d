#include "trespass/dialects.h"

#include <algorithm>
#include <chrono>
#include <map>

#include <nlohmann/json.hpp>

#include "admit/mac.h"
#include "base/clock.h"
#include "base/percent.h"

namespace tandem::trespass {

namespace {

using Kind = Notice::Field::Kind;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string encoded_pairs(const Pairs& pairs) {
    std::string text;
    for (const auto& [name, value] : pairs)
        text += (text.empty() ? "" : "&") + name + "=" + percent_encoded(value);
    return text;
}

std::string secret_of(const Account& signer, Proof proof) {
    return proof == Proof::Right ? signer.secret
                                 : std::string(signer.secret.rbegin(), signer.secret.rend());
}

std::string twilio_options(const Account& account, int api_port) {
    return "account_sid: " + account.name + ", auth_token: \"" + account.secret +
           "\", api_base_url: \"http://127.0.0.1:" + std::to_string(api_port) + "\"";
}

/// Twilio's: HMAC-SHA1 of the URL and, of a form, its names and values in order of the names.
Asked twilio_request(const std::string& method, const std::string& target,
                     const std::string& public_url, const std::vector<Said>& said,
                     const Account& signer, Proof proof) {
    Pairs query, form;
    for (const Said& one : said) {
        if (one.field->name[0] == '?')
            query.emplace_back(one.field->name.substr(1), one.value);
        else
            (method == "GET" ? query : form).emplace_back(one.field->name, one.value);
    }
    Asked asked{method, target, {}, encoded_pairs(form)};
    if (!query.empty()) asked.target += "?" + encoded_pairs(query);
    if (method != "GET")
        asked.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    if (proof == Proof::None) return asked;
    std::string text = public_url + asked.target;
    for (const auto& [name, value] : std::map<std::string, std::string>(form.begin(), form.end()))
        text += name + value;
    asked.headers.emplace_back(
        "X-Twilio-Signature",
        admit::base64(admit::mac(admit::Hash::Sha1, secret_of(signer, proof), text)));
    return asked;
}

std::string elevenlabs_options(const Account& account, int api_port) {
    return "api_key: \"" + account.password + "\", agent_id: " + account.name +
           ", agent_phone_number_id: phnum_" + account.name +
           ", conversation_initiation_webhook_secret: \"" + account.password +
           "\", post_call_webhook_secret: \"" + account.secret +
           "\", api_base_url: \"http://127.0.0.1:" + std::to_string(api_port) + "\"";
}

/// ElevenLabs': a secret in a field or the path before a call, HMAC-SHA256 over time and body
/// after it.
Asked elevenlabs_request(const std::string& method, const std::string& target, const std::string&,
                         const std::vector<Said>& said, const Account& signer, Proof proof) {
    nlohmann::json body;
    for (const Said& one : said) {
        auto& place = body[nlohmann::json::json_pointer(one.field->name)];
        if (one.field->kind == Kind::Json)
            place = nlohmann::json::parse(one.value);
        else
            place = one.value;
    }
    Asked asked{method, target, {{"Content-Type", "application/json"}}, body.dump()};
    const std::string password = proof == Proof::Right ? signer.password : "another's";
    const size_t brace = asked.target.find('{');
    if (brace != std::string::npos) {
        asked.target.replace(brace, std::string::npos,
                             proof == Proof::None ? "none" : percent_encoded(password));
    } else if (proof == Proof::None) {
        return asked;
    } else if (target.find("post-call") == std::string::npos) {
        asked.headers.emplace_back("X-Webhook-Secret", password);
    } else {
        const auto now = std::chrono::duration_cast<std::chrono::seconds>(
            SystemClock().now().time_since_epoch());
        const std::string time = std::to_string(now.count());
        asked.headers.emplace_back(
            "ElevenLabs-Signature",
            "t=" + time + ",v0=" +
                admit::hex(admit::mac(admit::Hash::Sha256, secret_of(signer, proof),
                                      time + "." + asked.body)));
    }
    return asked;
}

std::vector<Notice> twilio_notices() {
    const Notice::Field account{"AccountSid", Kind::Account};
    const std::vector<Notice::Field> status = {account,
                                               {"MessageSid", Kind::Known, "SM", "messageSid"},
                                               {"From", Kind::Business},
                                               {"To", Kind::Customer}};
    const auto with = [](std::vector<Notice::Field> fields,
                         std::initializer_list<Notice::Field> more) {
        fields.insert(fields.end(), more);
        return fields;
    };
    const std::vector<Notice::Field> line = {account,
                                             {"CallSid", Kind::Known, "CA", "callSid"},
                                             {"From", Kind::Customer},
                                             {"To", Kind::Business},
                                             {"Direction", Kind::Word, "inbound"},
                                             {"SequenceNumber", Kind::Count}};
    return {
        {"sms/incoming",
         "a text",
         {account,
          {"MessageSid", Kind::Fresh, "SM", "messageSid"},
          {"From", Kind::Customer},
          {"To", Kind::Business},
          {"Body", Kind::Text},
          {"NumMedia", Kind::Word, "0"}}},
        {"sms/status", "a status", with(status, {{"MessageStatus", Kind::Word, "delivered"}})},
        {"sms/status", "a status with our id",
         with(status, {{"?message_id", Kind::Known, {}, "messageId"},
                       {"?sender", Kind::Business},
                       {"MessageStatus", Kind::Word, "read"}})},
        {"sms/status", "an opt-out",
         with(status,
              {{"MessageStatus", Kind::Word, "failed"}, {"ErrorCode", Kind::Word, "21610"}})},
        {"voice/status", "a line's end",
         with(line, {{"CallStatus", Kind::Word, "completed"}, {"CallDuration", Kind::Count}})},
        {"voice/status", "a busy line", with(line, {{"CallStatus", Kind::Word, "busy"}})},
    };
}

std::vector<Notice> elevenlabs_notices() {
    const std::vector<Notice::Field> ringing = {
        {"/caller_id", Kind::Customer},
        {"/called_number", Kind::Business},
        {"/agent_id", Kind::Account},
        {"/call_sid", Kind::Fresh, "CA", "callSid"},
        {"/conversation_id", Kind::Fresh, "conv_", "conversationId"}};
    const auto ended = [](const char* direction, const char* our_id) {
        return std::vector<Notice::Field>{
            {"/type", Kind::Word, "post_call_transcription"},
            {"/data/agent_id", Kind::Account},
            {"/data/conversation_id", Kind::Fresh, "conv_", "conversationId"},
            {"/data/status", Kind::Word, "done"},
            {our_id, Kind::Known, {}, "callId"},
            {"/data/transcript", Kind::Json,
             R"([{"role": "agent", "message": "Hello", "time_in_call_secs": 1}])"},
            {"/data/analysis/transcript_summary", Kind::Text},
            {"/data/metadata/call_duration_secs", Kind::Json, "7"},
            {"/data/metadata/phone_call/type", Kind::Word, "twilio"},
            {"/data/metadata/phone_call/direction", Kind::Word, direction},
            {"/data/metadata/phone_call/agent_number", Kind::Business},
            {"/data/metadata/phone_call/external_number", Kind::Customer},
            {"/data/metadata/phone_call/call_sid", Kind::Fresh, "CA", "callSid"}};
    };
    constexpr char variable[] =
        "/data/conversation_initiation_client_data/dynamic_variables/tandem_call_id";
    return {
        {"conversation-initiation", "a call that rings", ringing},
        {"conversation-initiation/{secret}", "a call that rings", ringing},
        {"post-call", "the end of a call", ended("inbound", variable)},
        {"post-call", "the end of a call of ours", ended("outbound", "/data/user_id")},
        {"post-call",
         "a call that never came about",
         {{"/type", Kind::Word, "call_initiation_failure"},
          {"/data/agent_id", Kind::Account},
          {"/data/conversation_id", Kind::Fresh, "conv_", "conversationId"},
          {"/data/user_id", Kind::Known, {}, "callId"},
          {"/data/failure_reason", Kind::Word, "busy"},
          {"/data/metadata/type", Kind::Word, "twilio"},
          {"/data/metadata/body/CallSid", Kind::Fresh, "CA", "callSid"},
          {"/data/metadata/body/From", Kind::Business},
          {"/data/metadata/body/To", Kind::Customer}}},
    };
}

}  // namespace

const std::vector<Dialect>& dialects() {
    static const std::vector<Dialect> all = {
        {"twilio", "AC", twilio_notices(), twilio_options, twilio_request},
        {"elevenlabs", "agent_", elevenlabs_notices(), elevenlabs_options, elevenlabs_request}};
    return all;
}

const Dialect* dialect_of(const std::string& plugin) {
    for (const Dialect& one : dialects())
        if (one.plugin == plugin) return &one;
    return nullptr;
}

}  // namespace tandem::trespass
