#include "fakes/script.h"

namespace tandem::fakes {

namespace {

bool fits(const Json& fields, const Json& match) {
    for (const auto& [name, value] : match.items())
        if (fields.value(name, Json()) != value) return false;
    return true;
}

}  // namespace

Mood Mood::of(const Json& json) {
    Mood mood;
    mood.endpoint = json.value("endpoint", "");
    mood.match = json.value("match", Json::object());
    mood.count = json.value("count", 1);
    mood.form = json.value("form", "normal");
    // An error of the provider's means that nothing was done, everything else that it was.
    mood.accept = json.value(
        "accept", mood.form != "status" && mood.form != "redirect" && mood.form != "say");
    mood.status = json.value("status", 500);
    mood.code = json.value("code", 0);
    mood.retry_after = json.value("retry_after", "");
    mood.delay_ms = json.value("delay_ms", 0);
    mood.pause_ms = json.value("pause_ms", 1000);
    mood.more = json;
    return mood;
}

void Script::add(Mood mood) {
    const std::lock_guard lock(mutex_);
    moods_.push_back(std::move(mood));
}

void Script::calm() {
    const std::lock_guard lock(mutex_);
    moods_.clear();
}

Mood Script::take(const std::string& endpoint, const Json& fields) {
    const std::lock_guard lock(mutex_);
    for (auto one = moods_.begin(); one != moods_.end(); ++one) {
        if (!one->endpoint.empty() && one->endpoint != endpoint) continue;
        if (!fits(fields, one->match)) continue;
        const Mood mood = *one;
        if (one->count > 0 && --one->count == 0) moods_.erase(one);
        return mood;
    }
    return {};
}

size_t Script::received(const std::string& endpoint, const Request& request, Json fields) {
    const std::lock_guard lock(mutex_);
    const size_t number = requests_.size() + 1;
    requests_.push_back({{"number", number},
                         {"endpoint", endpoint},
                         {"method", request.method},
                         {"path", request.path},
                         {"fields", std::move(fields)},
                         {"form", "waiting"},
                         {"status", 0},
                         {"made", ""}});
    return number;
}

void Script::settled(size_t number, const std::string& form, int status, const std::string& made) {
    const std::lock_guard lock(mutex_);
    Json& request = requests_[number - 1];
    request["form"] = form;
    request["status"] = status;
    request["made"] = made;
}

void Script::violation(const std::string& text) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(text);
}

Json Script::requests(const std::string& endpoint, const Json& match) {
    const std::lock_guard lock(mutex_);
    Json list = Json::array();
    for (const Json& request : requests_)
        if ((endpoint.empty() || request.at("endpoint") == endpoint) &&
            fits(request.at("fields"), match))
            list.push_back(request);
    return list;
}

Json Script::violations() {
    const std::lock_guard lock(mutex_);
    return violations_;
}

}  // namespace tandem::fakes
