#include "fakes/twilio.h"

#include <algorithm>
#include <thread>

namespace tandem::fakes {

namespace {

bool is_media(const std::string& path) {
    return path.find("/Media") != std::string::npos;
}

}  // namespace

std::string value_of(const Pairs& fields, const std::string& name) {
    for (const auto& [own, value] : fields)
        if (own == name) return value;
    return {};
}

bool has(const Pairs& fields, const std::string& name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const auto& field) { return field.first == name; });
}

std::string rfc2822(std::time_t time) {
    char text[64];
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    return text;
}

Twilio::Twilio(std::string account_sid, std::string auth_token)
    : account_sid_(std::move(account_sid)), auth_token_(std::move(auth_token)) {}

void Twilio::calls_back(Gateway& gateway, Script& script) {
    gateway_ = &gateway;
    script_ = &script;
}

void Twilio::sign(Webhook& webhook, const std::string& public_url) const {
    Pairs fields = form_of(webhook.body);
    std::sort(fields.begin(), fields.end());
    std::string text = public_url + webhook.target;
    for (const auto& [name, value] : fields) text += name + value;
    webhook.headers.emplace_back("X-Twilio-Signature", base64(hmac("SHA1", auth_token_, text)));
}

std::string Twilio::sid(const char* prefix) {
    char text[40];
    // Of its own for every run, and in no order that could be relied on.
    static const unsigned long long run =
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    std::snprintf(text, sizeof text, "%s%016llx%016lx", prefix, run,
                  next_sid_++ * 0x9e3779b97f4a7c15ul);
    return text;
}

std::string Twilio::sid_in(const std::string& path, const std::string& collection) {
    const size_t begin = path.find(collection + "/");
    if (begin == std::string::npos) return {};
    const size_t first = begin + collection.size() + 1;
    return path.substr(first, path.find_first_of("./", first) - first);
}

void Twilio::refuse(int status, int code, const std::string& text) const {
    throw Refusal{error(status, code, text), text};
}

void Twilio::decline(int status, int code, const std::string& text) const {
    throw Refusal{error(status, code, text), ""};
}

Answer Twilio::error(int status, int code, const std::string& text) const {
    if (code == 0)
        code = status == 401   ? 20003
               : status == 404 ? 20404
               : status == 429 ? 20429
               : status == 503 ? 20503
               : status >= 500 ? 20500
                               : 20001;
    return {status,
            Json{{"code", code},
                 {"message", text},
                 {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)},
                 {"status", status}}
                .dump(),
            "application/json",
            {{"Twilio-Concurrent-Requests", "1"}}};
}

std::string Twilio::endpoint(const Request& request) const {
    const auto rest = request.below("/2010-04-01/Accounts/");
    if (!rest) return {};
    const std::string path = rest->substr(std::min(rest->find('/'), rest->size()));
    const bool reads = request.method == "GET";
    if (path == "/Messages.json") return reads ? "messages.list" : "messages.create";
    if (path == "/Calls.json" && reads) return "calls.list";
    if (path.rfind("/Messages/", 0) == 0) {
        if (is_media(path)) return reads && path.ends_with("/Media.json") ? "media.list" : "";
        if (!path.ends_with(".json")) return {};
        if (request.method == "DELETE") return "messages.delete";
        return reads ? "messages.get" : "messages.update";
    }
    if (path.rfind("/Calls/", 0) == 0 && path.ends_with(".json"))
        return reads ? "calls.get" : "calls.update";
    return {};
}

Json Twilio::fields(const Request& request) const {
    Json fields = Json::object();
    for (const auto& [name, value] : form_of(request.body)) fields[name] = value;
    for (const auto& [name, value] : request.query) fields[name] = value;
    return fields;
}

void Twilio::check(const std::string& endpoint, const Request& request) {
    if (request.header("Authorization") != "Basic " + base64(account_sid_ + ":" + auth_token_))
        refuse(401, 20003, "Authenticate");
    if (!request.below(account_path())) refuse(404, 20404, "another account: " + request.path);
    const bool reads = request.method == "GET";
    if (reads && !request.body.empty()) refuse(400, 20001, "a GET with a body");
    if (request.method == "POST" &&
        request.header("Content-Type").rfind("application/x-www-form-urlencoded", 0) != 0)
        refuse(400, 20001, "not a form: " + request.header("Content-Type"));
    const Pairs form = form_of(request.body);
    for (const auto& [name, value] : form)
        if (!valid_utf8(value)) refuse(400, 20001, name + " is not UTF-8");

    const std::lock_guard lock(mutex_);
    if (endpoint == "messages.create") check_create(form);
    if (endpoint == "messages.list")
        check_list(request.query, {"To", "From", "DateSent", "DateSent<", "DateSent>"});
    if (endpoint == "calls.list")
        check_list(request.query, {"To", "From", "Status", "ParentCallSid", "StartTime",
                                   "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"});
    const std::string message = sid_in(request.path, "/Messages");
    const std::string call = sid_in(request.path, "/Calls");
    const bool of_message = endpoint.rfind("messages.", 0) == 0 || endpoint == "media.list";
    if (of_message && !message.empty()) check_message_update(message, form);
    if (endpoint == "calls.get" || endpoint == "calls.update") check_call_update(call, form);
}

Provider::Done Twilio::carry_out(const std::string& endpoint, const Request& request) {
    const std::lock_guard lock(mutex_);
    const auto found = [&](const std::string& sid) {
        return std::find_if(messages_.begin(), messages_.end(),
                            [&](const Message& message) { return message.sid == sid; });
    };
    Json json;
    if (endpoint == "messages.create") return create(form_of(request.body));
    if (endpoint == "calls.update")
        return update_call(sid_in(request.path, "/Calls"), form_of(request.body));
    if (endpoint == "messages.list") json = list_messages(request);
    if (endpoint == "calls.list") json = list_calls(request);
    if (endpoint == "calls.get")
        for (const Call& call : calls_)
            if (call.sid == sid_in(request.path, "/Calls")) json = shown(call);
    const auto message = found(sid_in(request.path, "/Messages"));
    if (endpoint == "messages.get") json = shown(*message);
    if (endpoint == "messages.update") {
        const Pairs form = form_of(request.body);
        if (has(form, "Body")) message->body.clear();
        if (has(form, "Status")) message->status = "canceled";
        json = shown(*message);
    }
    if (endpoint == "messages.delete") {
        messages_.erase(message);
        return {{204, "", "application/json", {}}, ""};
    }
    if (endpoint == "media.list") {
        Json list = Json::array();
        for (size_t i = 0; i < message->media.size(); ++i)
            list.push_back({{"sid", "ME" + message->sid.substr(2, 30) + std::to_string(10 + i)},
                            {"parent_sid", message->sid},
                            {"content_type", message->media[i].second}});
        json = {{"media_list", list}, {"page", 0}, {"page_size", 50}, {"next_page_uri", nullptr}};
    }
    return {{200, json.dump(), "application/json", {}}, ""};
}

void Twilio::before_answer(const Done& done, const Mood& mood) {
    Plan plan;
    {
        const std::lock_guard lock(mutex_);
        plan = mood.more.contains("callbacks") ? plan_of(mood.more) : plan_;
    }
    if (plan.before_answer) run(plan, done.made);
}

void Twilio::after_answer(const Done& done, const Mood& mood) {
    Plan plan;
    {
        const std::lock_guard lock(mutex_);
        plan = mood.more.contains("callbacks") ? plan_of(mood.more) : plan_;
    }
    if (!plan.before_answer && !plan.statuses.empty())
        std::thread([this, plan, sid = done.made] { run(plan, sid); }).detach();
}

Json Twilio::order(const std::string& name, const Json& body) {
    if (name == "receive") return receive(body);
    if (name == "status") return tell_status(body);
    if (name == "call") return add_call(body);
    if (name == "call_status") return call_status(body);
    const std::lock_guard lock(mutex_);
    if (name == "plan") {
        plan_ = plan_of(body);
        return Json::object();
    }
    Json list = Json::array();
    if (name == "messages") {
        for (const Message& message : messages_)
            if (body.value("direction", "outbound-api") == message.direction)
                list.push_back(shown(message));
    } else if (name == "calls") {
        for (const Call& call : calls_) {
            list.push_back(shown(call));
            list.back()["twiml"] = call.twiml;
        }
    } else {
        throw std::runtime_error("no such order: " + name);
    }
    return list;
}

}  // namespace tandem::fakes
