#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance.h"
#include "signing.h"

/// Requests of an account, signed, and what the host is told of them.
namespace tandem::twilio::testing {

using namespace plugin;

inline const std::string base = "https://gw.example.com/api/webhooks/twilio/";
constexpr const char* form_type = "application/x-www-form-urlencoded";

inline Fields text_message() {
    return {{"MessageSid", message_sid}, {"AccountSid", own_account}, {"From", "+14155550199"},
            {"To", "+14155550100"},      {"Body", "Hello"},           {"NumMedia", "0"},
            {"SmsStatus", "received"}};
}

inline Fields delivered() {
    return {{"MessageSid", message_sid},
            {"AccountSid", own_account},
            {"From", "+14155550100"},
            {"To", "+14155550199"},
            {"MessageStatus", "delivered"}};
}

inline Fields line(const std::string& word) {
    return {{"CallSid", "CA11111111111111111111111111111111"},
            {"AccountSid", own_account},
            {"From", "+14155550199"},
            {"To", "+14155550100"},
            {"CallStatus", word},
            {"Direction", "inbound"},
            {"CallDuration", "61"},
            {"Duration", "2"},
            {"Timestamp", "Tue, 14 Nov 2023 22:13:20 +0000"}};
}

inline void put(Fields& fields, const std::string& name, const std::string& value) {
    for (auto& field : fields)
        if (field.first == name) {
            field.second = value;
            return;
        }
    fields.emplace_back(name, value);
}

inline Fields with(Fields fields, const std::string& name, const std::string& value) {
    put(fields, name, value);
    return fields;
}

inline Fields without(const Fields& fields, const std::string& name) {
    Fields rest;
    for (const auto& field : fields)
        if (field.first != name) rest.push_back(field);
    return rest;
}

class WebhookGround : public CppUnit::TestFixture {
public:
    void setUp() override { instance_ = std::make_unique<Instance>(); }

protected:
    CallStatus called(const Fields& fields) {
        path_ = "voice/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<CallStatus>(events_.at(0));
    }

    std::string url() const { return base + path_ + query_; }

    /// What the host would be told: the status of verify, then of normalise.
    int outcome(const std::string& body, const std::optional<std::string>& signature,
                const char* type = form_type) {
        const std::string public_url = url();
        const std::string target = "/api/webhooks/twilio/" + path_ + query_;
        WebhookRequest request;
        request.method = method_;
        request.public_url = public_url;
        request.target = target;
        request.path = path_;
        if (*type) request.headers.push_back({"content-type", type});
        if (signature) request.headers.push_back({"x-twilio-signature", *signature});
        request.body = body;
        plugin::testing::RecordedWebhook said;
        try {
            instance_->twilio->verify(request);
            instance_->twilio->normalise(request, said.sink());
        } catch (const Failure& failure) {
            return failure.code();
        }
        events_ = said.events();
        answer_ = said.answer().value_or(Answer{});
        return TANDEM_OK;
    }

    int outcome(const Fields& fields) {
        return outcome(encode(fields), sign(own_token, url(), fields));
    }

    MessageReceived received(const Fields& fields) {
        path_ = "sms/incoming";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<MessageReceived>(events_.at(0));
    }

    MessageStatus told(const Fields& fields) {
        path_ = "sms/status";
        CPPUNIT_ASSERT_EQUAL(TANDEM_OK, outcome(fields));
        return std::get<MessageStatus>(events_.at(0));
    }

    std::unique_ptr<Instance> instance_;
    std::string method_ = "POST";
    std::string path_ = "sms/incoming";
    std::string query_;
    std::vector<AnyEvent> events_;
    Answer answer_;
};

}  // namespace tandem::twilio::testing
