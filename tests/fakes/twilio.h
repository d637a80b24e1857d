#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tandem::fakes {

/// Twilio's REST side, as far as the gateway uses it: takes messages, checks path,
/// authentication and fields as the real one does, and answers as it is told. Safe from
/// any thread.
class Twilio {
public:
    struct Message {
        std::string sid;
        std::map<std::string, std::string> fields;
    };
    /// How the next requests are answered.
    enum class Mood { Accept, RateLimit, ServerError, Refuse, Garbage };

    Twilio(std::string account_sid, std::string auth_token);
    ~Twilio();

    std::string url() const;
    void mood(Mood mood);
    /// What was accepted so far, in order.
    std::vector<Message> messages();
    /// Requests that broke the contract, each with the reason; a test expects none.
    std::vector<std::string> complaints();
    size_t requests();
    /// Waits until `count` messages were accepted.
    bool await(size_t count, int seconds = 30);

private:
    struct Server;
    class Handler;

    const std::string account_sid_;
    const std::string auth_token_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Mood mood_ = Mood::Accept;             // guarded by mutex_
    std::vector<Message> messages_;        // guarded by mutex_
    std::vector<std::string> complaints_;  // guarded by mutex_
    size_t requests_ = 0;                  // guarded by mutex_
    std::unique_ptr<Server> server_;
};

}  // namespace tandem::fakes
