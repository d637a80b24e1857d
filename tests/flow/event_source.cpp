#include "flow/event_source.h"

#include <curl/curl.h>

#include <nlohmann/json.hpp>

namespace tandem::flow {

EventSource::EventSource(const std::string& url, const Headers& headers) {
    reader_ = std::thread([this, url, headers] {
        CURL* curl = curl_easy_init();
        curl_slist* list = curl_slist_append(nullptr, "Accept: text/event-stream");
        for (const auto& [name, value] : headers)
            list = curl_slist_append(list, (name + ": " + value).c_str());
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 120000L);
        struct Context {
            EventSource* self;
            CURL* curl;
        } context{this, curl};
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &context);
        curl_easy_setopt(
            curl, CURLOPT_WRITEFUNCTION,
            +[](char* data, size_t size, size_t count, void* pointer) -> size_t {
                auto* own = static_cast<Context*>(pointer);
                long status = 0;
                curl_easy_getinfo(own->curl, CURLINFO_RESPONSE_CODE, &status);
                {
                    const std::lock_guard lock(own->self->mutex_);
                    own->self->status_ = static_cast<int>(status);
                    if (own->self->cut_) return 0;
                }
                if (status == 200) own->self->feed(data, size * count);
                return size * count;
            });
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
        curl_easy_setopt(
            curl, CURLOPT_XFERINFOFUNCTION,
            +[](void* pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
                auto* self = static_cast<EventSource*>(pointer);
                const std::lock_guard lock(self->mutex_);
                return self->cut_ ? 1 : 0;
            });
        curl_easy_perform(curl);
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(list);
        const std::lock_guard lock(mutex_);
        status_ = static_cast<int>(status);
        ended_ = true;
        changed_.notify_all();
    });
}

EventSource::~EventSource() {
    cut();
}

void EventSource::cut() {
    {
        const std::lock_guard lock(mutex_);
        cut_ = true;
    }
    if (reader_.joinable()) reader_.join();
}

void EventSource::feed(const char* data, size_t size) {
    // The gateway promises LF line ends; a CR would be a defect and shows in the data.
    rest_.append(data, size);
    size_t start = 0;
    for (size_t end; (end = rest_.find('\n', start)) != std::string::npos; start = end + 1)
        line(rest_.substr(start, end - start));
    rest_.erase(0, start);
}

void EventSource::line(const std::string& text) {
    if (text.empty()) {
        const std::lock_guard lock(mutex_);
        if (has_id_) last_id_ = id_;
        if (has_data_) {
            StreamedEvent event{has_id_ ? id_ : "", name_.empty() ? "message" : name_, data_, ""};
            const auto json = nlohmann::json::parse(data_, nullptr, false);
            if (json.is_object()) event.type = json.value("type", "");
            events_.push_back(std::move(event));
            changed_.notify_all();
        }
        name_.clear(), data_.clear(), id_.clear();
        has_data_ = has_id_ = false;
        return;
    }
    if (text.front() == ':') return;
    const size_t colon = text.find(':');
    const std::string field = text.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.erase(0, 1);
    if (field == "event") name_ = value;
    if (field == "data") data_ += (has_data_ ? "\n" : "") + value, has_data_ = true;
    if (field == "id" && value.find('\0') == std::string::npos) id_ = value, has_id_ = true;
}

int EventSource::await(const std::string& type, size_t from, std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    int found = -1;
    changed_.wait_for(lock, limit, [&] {
        for (size_t i = from; i < events_.size(); ++i) {
            if (events_[i].type != type && events_[i].name != type) continue;
            found = static_cast<int>(i);
            return true;
        }
        return ended_;
    });
    return found;
}

bool EventSource::await_end(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return ended_; });
}

std::vector<StreamedEvent> EventSource::events() {
    const std::lock_guard lock(mutex_);
    return events_;
}

StreamedEvent EventSource::event(int index) {
    const std::lock_guard lock(mutex_);
    return events_.at(static_cast<size_t>(index));
}

std::string EventSource::last_id() {
    const std::lock_guard lock(mutex_);
    return last_id_;
}

int EventSource::status() {
    const std::lock_guard lock(mutex_);
    return status_;
}

}  // namespace tandem::flow
