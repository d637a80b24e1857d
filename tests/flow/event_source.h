#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "flow/http_client.h"

namespace tandem::flow {

struct StreamedEvent {
    std::string id;    // empty: the event had none
    std::string name;  // `message` unless the event was named
    std::string data;
    std::string type;  // the `type` member of the data
};

/// Reads one event stream as the EventSource specification says (WHATWG HTML 9.2.6), on
/// its own thread, until the server or the owner ends it. It never reconnects by itself.
class EventSource {
public:
    EventSource(const std::string& url, const Headers& headers = {});
    ~EventSource();

    /// Waits for an event of this type that comes at or after the index; its index, or -1
    /// after `limit`.
    int await(const std::string& type, size_t from = 0,
              std::chrono::seconds limit = std::chrono::seconds(30));
    /// Waits until the stream has ended.
    bool await_end(std::chrono::seconds limit = std::chrono::seconds(30));
    std::vector<StreamedEvent> events();
    StreamedEvent event(int index);
    /// What a browser would send as Last-Event-ID.
    std::string last_id();
    int status();
    void cut();

private:
    void line(const std::string& text);
    void feed(const char* data, size_t size);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<StreamedEvent> events_;  // guarded by mutex_
    std::string last_id_;                // guarded by mutex_
    int status_ = 0;                     // guarded by mutex_
    bool ended_ = false;                 // guarded by mutex_
    bool cut_ = false;                   // guarded by mutex_
    std::string rest_;                   // the reader's
    std::string name_, data_, id_;       // the reader's: the event being read
    bool has_data_ = false, has_id_ = false;
    std::thread reader_;
};

}  // namespace tandem::flow
