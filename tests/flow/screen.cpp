#include "flow/screen.h"

#include <stdexcept>

namespace tandem::flow {

Screen::Screen(Gateway& gateway)
    : gateway_(gateway), token_(gateway.token("bikes", "conversations:read conversations:write")) {}

nlohmann::json Screen::history(const std::string& phone) {
    EventSource stream(gateway_.url() +
                           "/api/stream/conversation/unknown?load=true&phoneNumber=%2B" +
                           phone.substr(1),
                       bearer());
    const int index = stream.await("conversation_history");
    if (index < 0) throw std::runtime_error("no history of " + phone);
    return nlohmann::json::parse(stream.event(index).data);
}

std::vector<nlohmann::json> Screen::messages(const std::string& phone, const std::string& sent_by) {
    std::vector<nlohmann::json> found;
    for (const auto& message : history(phone).at("messages"))
        if (message.at("sentBy") == sent_by) found.push_back(message);
    return found;
}

std::string Screen::answer_status(const std::string& phone) {
    const auto answers = messages(phone, "agent");
    if (answers.size() > 1) return "several";
    return answers.empty() ? "" : answers.front().at("status").get<std::string>();
}

std::vector<nlohmann::json> Screen::journal() {
    const std::string path = gateway_.url() + "/api/stream/organization?lastEventId=";
    std::string head;
    {
        EventSource now(path + "0-0", bearer());
        if (now.await("stream_reset") < 0) throw std::runtime_error("no position of the journal");
        head = now.last_id();
    }
    std::vector<nlohmann::json> events;
    if (head.empty()) return events;
    const std::string epoch = head.substr(0, head.find('-'));
    EventSource all(path + epoch + "-0", bearer());
    for (int next = 0;; ++next) {
        next = all.await("message", static_cast<size_t>(next));
        if (next < 0) throw std::runtime_error("the replay stopped early");
        const StreamedEvent event = all.event(next);
        if (event.id.empty()) continue;  // connected
        events.push_back(nlohmann::json::parse(event.data));
        if (event.id == head) return events;
    }
}

}  // namespace tandem::flow
