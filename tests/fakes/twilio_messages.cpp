#include <algorithm>
#include <ctime>

#include "fakes/twilio.h"

namespace tandem::fakes {

namespace {

constexpr size_t max_text_units = 1600;

bool is_address(const std::string& text) {
    if (text.rfind("whatsapp:", 0) == 0) return text.size() > 9;
    return is_e164(text) || (all_digits(text) && text.size() >= 3 && text.size() <= 8);
}

bool is_url(const std::string& text) {
    const size_t scheme = text.find("://");
    if (scheme == std::string::npos) return false;
    const std::string name = text.substr(0, scheme);
    const std::string rest = text.substr(scheme + 3);
    const std::string host = rest.substr(0, rest.find_first_of("/?:"));
    return (name == "http" || name == "https") && !host.empty() &&
           host.find('_') == std::string::npos;
}

/// What the gateway may give, of all that the provider knows.
const std::set<std::string>& create_fields() {
    static const std::set<std::string> names{"To",
                                             "From",
                                             "MessagingServiceSid",
                                             "Body",
                                             "MediaUrl",
                                             "ContentSid",
                                             "ContentVariables",
                                             "StatusCallback",
                                             "SmartEncoded",
                                             "ShortenUrls",
                                             "SendAsMms",
                                             "ScheduleType",
                                             "SendAt",
                                             "Attempt",
                                             "ProvideFeedback",
                                             "ValidityPeriod",
                                             "RiskCheck",
                                             "TrafficType",
                                             "PersistentAction",
                                             "FallbackFrom",
                                             "MaxPrice",
                                             "ForceDelivery",
                                             "ContentRetention",
                                             "AddressRetention",
                                             "ApplicationSid"};
    return names;
}

std::string whole_word(std::string text) {
    while (!text.empty() && !std::isalpha(static_cast<unsigned char>(text.back()))) text.pop_back();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return std::toupper(letter); });
    return text;
}

bool is_final(const std::string& status) {
    return status == "delivered" || status == "undelivered" || status == "failed" ||
           status == "read";
}

/// A date or an instant, as the filters take it: from, and until where it is a date.
bool parse_when(const std::string& text, std::time_t& from, std::time_t& until) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    const bool instant = end && !*end;
    if (!instant) {
        parts = {};
        end = strptime(text.c_str(), "%Y-%m-%d", &parts);
        if (!end || *end) return false;
    }
    from = timegm(&parts);
    until = instant ? from : from + 24 * 3600 - 1;
    return true;
}

bool within(const Pairs& query, const std::string& name, std::time_t created) {
    for (const auto& [key, value] : query) {
        std::time_t from = 0, until = 0;
        if (key.rfind(name, 0) != 0 || key.size() > name.size() + 1 ||
            !parse_when(value, from, until))
            continue;
        const char relation = key.size() > name.size() ? key.back() : '=';
        if (relation == '>' && created < from) return false;
        if (relation == '<' && created > until) return false;
        if (relation == '=' && (created < from || created > until)) return false;
    }
    return true;
}

}  // namespace

void Twilio::check_create(const Pairs& form) const {
    std::set<std::string> seen;
    for (const auto& [name, value] : form) {
        if (!create_fields().count(name)) refuse(400, 20001, "no field " + name);
        if (name != "MediaUrl" && name != "PersistentAction" && !seen.insert(name).second)
            refuse(400, 20001, name + " twice");
        if (value.empty()) refuse(400, 20001, name + " is empty");
    }
    const std::string to = value_of(form, "To");
    const std::string from = value_of(form, "From");
    if (to.empty()) refuse(400, 21604, "'To' is required");
    if (!is_address(to)) refuse(400, 21211, "The 'To' number is not valid: " + to);
    if (from.empty() && !has(form, "MessagingServiceSid")) refuse(400, 21603, "'From' is required");
    if (!from.empty() && !is_address(from)) refuse(400, 21212, "'From' is not valid: " + from);
    if (!has(form, "Body") && !has(form, "MediaUrl") && !has(form, "ContentSid"))
        refuse(400, 21602, "Message body is required");
    if (utf16_units(value_of(form, "Body")) > max_text_units)
        refuse(400, 21617, "The message body exceeds the 1600 character limit");
    if (has(form, "StatusCallback") && !is_url(value_of(form, "StatusCallback")))
        refuse(400, 21609, "The 'StatusCallback' URL is not valid");
    if (has(form, "ValidityPeriod")) {
        const std::string period = value_of(form, "ValidityPeriod");
        if (!all_digits(period) || period.size() > 5 || std::stoi(period) < 1 ||
            std::stoi(period) > 36000)
            refuse(400, 20001, "ValidityPeriod is not 1 to 36000: " + period);
    }
    if (opted_out_.count({from, to}))
        decline(400, 21610, "Attempt to send to unsubscribed recipient");
}

void Twilio::check_list(const Pairs& query, const std::set<std::string>& filters) const {
    for (const auto& [name, value] : query) {
        std::time_t from = 0, until = 0;
        if (name == "PageSize" || name == "Page") {
            if (!all_digits(value) || (name == "PageSize" && std::stoi(value) > 1000))
                refuse(400, 20001, name + " is " + value);
        } else if (name != "PageToken" && !filters.count(name)) {
            refuse(400, 20001, "no filter " + name);
        } else if ((name.rfind("Date", 0) == 0 || name.find("Time") != std::string::npos) &&
                   !parse_when(value, from, until)) {
            refuse(400, 20001, name + " is no date: " + value);
        }
    }
}

void Twilio::check_message_update(const std::string& sid, const Pairs& form) const {
    const bool known = std::any_of(messages_.begin(), messages_.end(),
                                   [&](const Message& message) { return message.sid == sid; });
    if (!known) decline(404, 20404, "no message " + sid);
    for (const auto& [name, value] : form) {
        const bool cancels = name == "Status" && value == "canceled";
        if (!cancels && !(name == "Body" && value.empty()))
            refuse(400, 20001, "a message's " + name + " cannot become " + value);
    }
}

Provider::Done Twilio::create(const Pairs& form) {
    Message message;
    message.sid = sid(has(form, "MediaUrl") ? "MM" : "SM");
    message.to = value_of(form, "To");
    message.from = value_of(form, "From");
    message.body = value_of(form, "Body");
    message.service_sid = value_of(form, "MessagingServiceSid");
    message.status = message.service_sid.empty() ? "queued" : "accepted";
    message.direction = "outbound-api";
    // What follows the # (Webhooks: Connection Overrides) is for Twilio, neither sent nor signed.
    const std::string callback = value_of(form, "StatusCallback");
    message.status_callback = callback.substr(0, callback.find('#'));
    message.created = now();
    messages_.push_back(message);
    return {{201, shown(message).dump(), "application/json", {}}, message.sid};
}

Json Twilio::shown(const Message& message) const {
    const bool plain = std::all_of(message.body.begin(), message.body.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x80 && letter != '`';
    });
    const size_t units = utf16_units(message.body);
    const size_t one = plain ? 160 : 70, each = plain ? 153 : 67;
    const Json nothing;
    const std::string uri = account_path() + "Messages/" + message.sid;
    return {{"sid", message.sid},
            {"account_sid", account_sid_},
            {"messaging_service_sid",
             message.service_sid.empty() ? nothing : Json(message.service_sid)},
            {"body", message.body},
            {"from", message.from.empty() ? nothing : Json(message.from)},
            {"to", message.to},
            {"status", message.status},
            {"direction", message.direction},
            {"num_segments", std::to_string(units <= one ? 1 : (units + each - 1) / each)},
            {"num_media", std::to_string(message.media.size())},
            {"date_created", rfc2822(message.created)},
            {"date_sent", rfc2822(message.created)},
            {"date_updated", rfc2822(message.created)},
            {"error_code", message.error_code ? Json(message.error_code) : nothing},
            {"error_message", nothing},
            {"price", nothing},
            {"price_unit", "USD"},
            {"api_version", "2010-04-01"},
            {"uri", uri + ".json"},
            {"subresource_uris", {{"media", uri + "/Media.json"}}}};
}

Json Twilio::listed(const std::string& path, const Pairs& query, const char* name,
                    const std::vector<Json>& all) const {
    const std::string size_text = value_of(query, "PageSize");
    const size_t size = size_text.empty() ? 50 : std::max(1, std::stoi(size_text));
    const std::string page_text = value_of(query, "Page");
    const size_t page = page_text.empty() ? 0 : std::stoul(page_text);
    const size_t begin = std::min(page * size, all.size());
    const size_t end = std::min(begin + size, all.size());
    const auto uri = [&](size_t number) {
        Pairs own;
        for (const auto& [key, value] : query)
            if (key != "Page" && key != "PageToken") own.emplace_back(key, value);
        own.emplace_back("Page", std::to_string(number));
        own.emplace_back("PageToken", "PT" + std::to_string(number));
        return path + "?" + form_text(own);
    };
    return {{name, std::vector<Json>(all.begin() + static_cast<long>(begin),
                                     all.begin() + static_cast<long>(end))},
            {"page", page},
            {"page_size", size},
            {"start", begin},
            {"end", end == begin ? begin : end - 1},
            {"first_page_uri", uri(0)},
            {"next_page_uri", end < all.size() ? Json(uri(page + 1)) : Json()},
            {"previous_page_uri", page ? Json(uri(page - 1)) : Json()},
            {"uri", uri(page)}};
}

Json Twilio::list_messages(const Request& request) const {
    std::vector<Json> found;
    for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
        const std::string to = value_of(request.query, "To");
        const std::string from = value_of(request.query, "From");
        if (!to.empty() && to != message->to) continue;
        if (!from.empty() && from != message->from) continue;
        if (within(request.query, "DateSent", message->created)) found.push_back(shown(*message));
    }
    return listed(request.path, request.query, "messages", found);
}

Json Twilio::receive(const Json& body) {
    Message message;
    {
        const std::lock_guard lock(mutex_);
        message.media = body.value("media", decltype(message.media)());
        message.sid = sid(message.media.empty() ? "SM" : "MM");
        message.from = body.at("from");
        message.to = body.at("to");
        message.body = body.value("body", "");
        message.status = "received";
        message.direction = "inbound";
        message.created = now() - body.value("seconds_ago", 0);
        messages_.push_back(message);
        const std::string word = whole_word(message.body);
        if (word == "STOP" || word == "UNSUBSCRIBE" || word == "QUIT" || word == "CANCEL" ||
            word == "END" || word == "STOPALL")
            opted_out_.insert({message.to, message.from});
        if (word == "START" || word == "UNSTOP" || word == "YES")
            opted_out_.erase({message.to, message.from});
    }
    Pairs parameters{{"ToCountry", "US"},
                     {"ToState", ""},
                     {"SmsMessageSid", message.sid},
                     {"NumMedia", std::to_string(message.media.size())},
                     {"ToCity", ""},
                     {"FromZip", "94105"},
                     {"SmsSid", message.sid},
                     {"FromState", "CA"},
                     {"SmsStatus", "received"},
                     {"FromCity", "SAN FRANCISCO"},
                     {"Body", message.body},
                     {"FromCountry", "US"},
                     {"To", message.to},
                     {"ToZip", ""},
                     {"NumSegments", "1"},
                     {"MessageSid", message.sid},
                     {"AccountSid", account_sid_},
                     {"From", message.from},
                     {"ApiVersion", "2010-04-01"}};
    for (size_t i = 0; i < message.media.size(); ++i) {
        parameters.emplace_back("MediaUrl" + std::to_string(i), message.media[i].first);
        parameters.emplace_back("MediaContentType" + std::to_string(i), message.media[i].second);
    }
    for (const auto& [name, value] : body.value("more", std::map<std::string, std::string>()))
        parameters.emplace_back(name, value);
    Json got = post("sms", gateway_->path("sms/incoming"), parameters, body.value("post", true));
    if (got.at("status") == 200 && (got.value("content_type", "").rfind("text/xml", 0) != 0 ||
                                    got.value("answer", "").find("<Response") == std::string::npos))
        script_->violation("12300: an incoming message was answered with no TwiML");
    got["sid"] = message.sid;
    return got;
}

Json Twilio::tell_status(const Json& body) {
    Message message;
    {
        const std::lock_guard lock(mutex_);
        const auto known = std::find_if(
            messages_.begin(), messages_.end(),
            [&](const Message& one) { return one.sid == body.at("sid").get<std::string>(); });
        if (known == messages_.end()) throw std::runtime_error("no such message");
        message = *known;
        message.status = body.at("status");
        message.error_code = body.value("error_code", 0);
        // What is said late and out of order does not undo what became of it.
        if (!is_final(known->status) || is_final(message.status)) *known = message;
    }
    Pairs parameters{
        {"SmsSid", message.sid}, {"SmsStatus", message.status}, {"MessageStatus", message.status},
        {"To", message.to},      {"MessageSid", message.sid},   {"AccountSid", account_sid_},
        {"From", message.from},  {"ApiVersion", "2010-04-01"}};
    if (message.error_code)
        parameters.emplace_back("ErrorCode", std::to_string(message.error_code));
    if (message.status == "delivered") parameters.emplace_back("RawDlrDoneDate", "2611221200");
    const std::string base = gateway_->public_url();
    if (message.status_callback.rfind(base, 0) != 0)
        return {{"status", 0}, {"answer", "no callback to the gateway was asked for"}};
    return post("status", message.status_callback.substr(base.size()), parameters,
                body.value("post", true));
}

void Twilio::run(const Plan& plan, const std::string& sid) {
    for (int i = 0; i < plan.times; ++i)
        for (const std::string& status : plan.statuses)
            tell_status({{"sid", sid}, {"status", status}});
}

Twilio::Plan Twilio::plan_of(const Json& json) {
    return {json.value("callbacks", std::vector<std::string>()), json.value("times", 1),
            json.value("before_answer", false)};
}

Json Twilio::post(const std::string& kind, const std::string& target, const Pairs& parameters,
                  bool post) {
    char token[40];
    {
        const std::lock_guard lock(mutex_);
        std::snprintf(token, sizeof token, "00000000-0000-4000-8000-%012lx", next_sid_++);
    }
    return gateway_->post({kind,
                           target,
                           {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                            {"User-Agent", "TwilioProxy/1.1"},
                            {"I-Twilio-Idempotency-Token", token}},
                           form_text(parameters)},
                          post);
}

Json Twilio::list_calls(const Request& request) const {
    std::vector<Json> found;
    for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
        const auto differs = [&](const char* name, const std::string& value) {
            return has(request.query, name) && value_of(request.query, name) != value;
        };
        if (differs("To", call->to) || differs("From", call->from) ||
            differs("Status", call->status))
            continue;
        if (within(request.query, "StartTime", call->created)) found.push_back(shown(*call));
    }
    return listed(request.path, request.query, "calls", found);
}

}  // namespace tandem::fakes
