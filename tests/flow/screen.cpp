#include "flow/screen.h"

#include <algorithm>
#include <stdexcept>

#include "flow/fake.h"

namespace tandem::flow {

Screen::Screen(Gateway& gateway)
    : gateway_(gateway),
      token_(gateway.token("bikes", "conversations:read,conversations:write")),
      path_(gateway.url() + "/api/stream/organization?lastEventId=") {}

void Screen::open() {
    taken_ = 0;
    if (position_.empty()) {
        inbox_ = std::make_unique<EventSource>(path_ + "0-0", bearer());
        if (inbox_->await("stream_reset") < 0) throw std::runtime_error("no inbox");
        const std::string now = inbox_->last_id();
        if (now.empty()) return;  // no event yet: all that comes is seen live
        position_ = now.substr(0, now.find('-')) + "-0";
    }
    taken_ = 0;
    inbox_ = std::make_unique<EventSource>(path_ + position_, bearer());
    if (inbox_->await("connected") < 0) throw std::runtime_error("no inbox again");
}

const std::vector<nlohmann::json>& Screen::events() {
    if (!inbox_ || (inbox_->await_end(std::chrono::seconds(0)) && gateway_.running())) open();
    const std::vector<StreamedEvent> all = inbox_->events();
    for (; taken_ < all.size(); ++taken_)
        if (!all[taken_].id.empty() && all[taken_].type != "stream_reset") take(all[taken_]);
    return events_;
}

void Screen::take(const StreamedEvent& event) {
    const auto number = [](const std::string& id) {
        return std::stoull(id.substr(id.find('-') + 1));
    };
    if (!position_.empty() && number(event.id) != number(position_) + 1)
        throw std::runtime_error("after " + position_ + " came " + event.id);
    position_ = event.id;
    events_.push_back(nlohmann::json::parse(event.data));
    const nlohmann::json& told = events_.back();
    if (told.at("phoneNumber").is_null()) return;
    auto& answers = answers_[told.at("phoneNumber")];
    if (event.type == "ai_message_sent") {
        const nlohmann::json& message = told.at("conversationMessage");
        if (!answers.emplace(message.at("id"), message.at("status")).second)
            throw std::runtime_error("an answer was told twice");
    }
    if (event.type == "sms_status_update") {
        const auto answer = answers.find(told.at("messageId"));
        if (answer != answers.end()) answer->second = told.at("status");
    }
}

std::vector<nlohmann::json> Screen::events(const std::string& type) {
    std::vector<nlohmann::json> found;
    for (const auto& event : events())
        if (event.at("type") == type) found.push_back(event);
    return found;
}

bool Screen::await_events(const std::string& type, size_t count, std::chrono::seconds limit) {
    return await([&] { return events(type).size() >= count; }, limit);
}

std::string Screen::answer_status(const std::string& phone) {
    events();
    const auto& answers = answers_[phone];
    if (answers.size() > 1) return "several";
    return answers.empty() ? "" : answers.begin()->second;
}

nlohmann::json Screen::history(const std::string& phone) {
    EventSource stream(gateway_.url() +
                           "/api/stream/conversation/unknown?load=true&phoneNumber=%2B" +
                           phone.substr(1),
                       bearer());
    const int index = stream.await("conversation_history");
    if (index < 0)
        throw std::runtime_error("no history of " + phone + ": " + std::to_string(stream.status()));
    return nlohmann::json::parse(stream.event(index).data);
}

}  // namespace tandem::flow
