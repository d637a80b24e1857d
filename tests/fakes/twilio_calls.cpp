#include <Poco/SAX/Attributes.h>
#include <Poco/SAX/DefaultHandler.h>
#include <Poco/SAX/SAXException.h>
#include <Poco/SAX/SAXParser.h>

#include <algorithm>

#include "fakes/twilio.h"

namespace tandem::fakes {

namespace {

constexpr size_t max_twiml = 4000;

/// Reads TwiML as far as Twilio's own checks go.
class Twiml : public Poco::XML::DefaultHandler {
public:
    /// What is wrong with it; empty: nothing.
    std::string problem_of(const std::string& text) {
        Poco::XML::SAXParser parser;
        parser.setContentHandler(this);
        try {
            parser.parseString(text);
        } catch (const Poco::Exception& failure) {
            return "not XML: " + failure.displayText();
        }
        return problem_;
    }

    void startElement(const Poco::XML::XMLString&, const Poco::XML::XMLString& name,
                      const Poco::XML::XMLString& qualified,
                      const Poco::XML::Attributes& attributes) override {
        const std::string tag = name.empty() ? qualified : name;
        if (first_ && tag != "Response") problem_ = "begins with " + tag;
        first_ = false;
        for (const char* url : {"action", "url", "statusCallback", "recordingStatusCallback"}) {
            const std::string value = attributes.getValue(url);
            if (!value.empty() && value.find("://") == std::string::npos)
                problem_ = "15004: " + std::string(url) + " is relative";
        }
        static const std::set<std::string> verbs{"Response", "Dial",    "Number", "Conference",
                                                 "Say",      "Pause",   "Hangup", "Redirect",
                                                 "Play",     "Connect", "Stream"};
        if (!verbs.count(tag)) problem_ = "no verb " + tag;
    }

private:
    bool first_ = true;
    std::string problem_;
};

bool over(const std::string& status) {
    return status != "queued" && status != "ringing" && status != "in-progress";
}

}  // namespace

void Twilio::check_call_update(const std::string& sid, const Pairs& form) const {
    const auto call =
        std::find_if(calls_.begin(), calls_.end(), [&](const Call& one) { return one.sid == sid; });
    if (call == calls_.end()) decline(404, 20404, "no call " + sid);
    static const std::set<std::string> names{"Url",
                                             "Method",
                                             "Status",
                                             "FallbackUrl",
                                             "FallbackMethod",
                                             "StatusCallback",
                                             "StatusCallbackMethod",
                                             "Twiml",
                                             "TimeLimit"};
    for (const auto& [name, value] : form)
        if (!names.count(name) || value.empty()) refuse(400, 20001, "a call's " + name);
    if (form.empty()) return;
    const std::string twiml = value_of(form, "Twiml");
    if (!twiml.empty() && has(form, "Url")) refuse(400, 20001, "Twiml and Url exclude each other");
    if (twiml.size() > max_twiml) refuse(400, 20001, "Twiml has more than 4000 characters");
    const std::string problem = twiml.empty() ? "" : Twiml().problem_of(twiml);
    if (!problem.empty()) refuse(400, 12100, "Twiml: " + problem);
    const std::string status = value_of(form, "Status");
    if (!status.empty() && status != "completed" && status != "canceled")
        refuse(400, 20001, "Status is " + status);
    if (over(call->status) || (status == "canceled" && call->status == "in-progress"))
        decline(400, 21220, "Invalid call state");
}

Provider::Done Twilio::update_call(const std::string& sid, const Pairs& form) {
    for (Call& call : calls_) {
        if (call.sid != sid) continue;
        if (has(form, "Status")) call.status = value_of(form, "Status");
        if (has(form, "Twiml")) call.twiml = value_of(form, "Twiml");
        return {{200, shown(call).dump(), "application/json", {}}, ""};
    }
    decline(404, 20404, "no call " + sid);
}

Json Twilio::shown(const Call& call) const {
    return {{"sid", call.sid},
            {"account_sid", account_sid_},
            {"from", call.from},
            {"to", call.to},
            {"status", call.status},
            {"direction", call.direction},
            {"date_created", rfc2822(call.created)},
            {"start_time", rfc2822(call.created)},
            {"end_time", over(call.status) ? Json(rfc2822(call.created)) : Json()},
            {"duration", over(call.status) ? Json("1") : Json()},
            {"api_version", "2010-04-01"},
            {"uri", account_path() + "Calls/" + call.sid + ".json"}};
}

Json Twilio::add_call(const Json& body) {
    const std::lock_guard lock(mutex_);
    Call call;
    call.sid = body.value("sid", "");
    if (call.sid.empty()) call.sid = sid("CA");
    call.from = body.at("from");
    call.to = body.at("to");
    call.status = body.value("status", "in-progress");
    call.direction = body.value("direction", "inbound");
    call.created = now() - body.value("seconds_ago", 0);
    calls_.push_back(call);
    return shown(call);
}

Json Twilio::call_status(const Json& body) {
    Call call;
    {
        const std::lock_guard lock(mutex_);
        for (Call& one : calls_) {
            if (one.sid != body.at("sid").get<std::string>()) continue;
            one.status = body.at("status");
            call = one;
        }
    }
    if (call.sid.empty()) throw std::runtime_error("no such call");
    Pairs parameters{{"CallSid", call.sid},
                     {"AccountSid", account_sid_},
                     {"CallStatus", call.status},
                     {"From", call.from},
                     {"To", call.to},
                     {"Caller", call.from},
                     {"Called", call.to},
                     {"Direction", call.direction},
                     {"Timestamp", rfc2822(now())},
                     {"CallbackSource", "call-progress-events"},
                     {"SequenceNumber", std::to_string(body.value("sequence", 0))},
                     {"ApiVersion", "2010-04-01"}};
    if (over(call.status)) {
        parameters.emplace_back("CallDuration", std::to_string(body.value("duration", 0)));
        parameters.emplace_back("Duration", "1");
        parameters.emplace_back("SipResponseCode", "200");
    }
    return post("call_status", gateway_->path("voice/status"), parameters,
                body.value("post", true));
}

}  // namespace tandem::fakes
