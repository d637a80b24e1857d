#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fakes/front.h"

namespace tandem::fakes {

/// Twilio as far as a gateway meets it: messages, media lists, live calls, and the
/// webhooks of all of them. It keeps what it was given, as the real one does, and refuses
/// what the real one refuses, with its codes (`providers.md`, sections 9 to 14). Safe from
/// any thread.
class Twilio : public Provider {
public:
    Twilio(std::string account_sid, std::string auth_token);

    void sign(Webhook& webhook, const std::string& public_url) const;
    void calls_back(Gateway& gateway, Script& script);

    std::string endpoint(const Request& request) const override;
    Json fields(const Request& request) const override;
    void check(const std::string& endpoint, const Request& request) override;
    Done carry_out(const std::string& endpoint, const Request& request) override;
    void before_answer(const Done& done, const Mood& mood) override;
    void after_answer(const Done& done, const Mood& mood) override;
    Answer error(int status, int code, const std::string& text) const override;
    Json order(const std::string& name, const Json& body) override;
    bool converse(const std::string&, const Mood&, Poco::Net::HTTPServerRequest&,
                  Poco::Net::HTTPServerResponse&) override {
        return false;
    }

private:
    struct Message {
        std::string sid, from, to, body, status, direction, service_sid, status_callback;
        int error_code = 0;
        std::time_t created = 0;
        std::vector<std::pair<std::string, std::string>> media;  // URL and type
    };
    struct Call {
        std::string sid, from, to, status, direction, twiml;
        std::time_t created = 0;
    };
    struct Plan {  // status callbacks of every message from now on
        std::vector<std::string> statuses;
        int times = 1;
        bool before_answer = false;
    };

    [[noreturn]] void refuse(int status, int code, const std::string& text) const;
    /// An error that is no fault of whoever asked.
    [[noreturn]] void decline(int status, int code, const std::string& text) const;
    std::string sid(const char* prefix);
    std::string account_path() const { return "/2010-04-01/Accounts/" + account_sid_ + "/"; }
    /// The sid in `<collection>/<sid>.json` or `<collection>/<sid>/<rest>`.
    static std::string sid_in(const std::string& path, const std::string& collection);

    void check_create(const Pairs& form) const;
    void check_list(const Pairs& query, const std::set<std::string>& filters) const;
    void check_message_update(const std::string& sid, const Pairs& form) const;
    void check_call_update(const std::string& sid, const Pairs& form) const;
    Done create(const Pairs& form);
    Done update_call(const std::string& sid, const Pairs& form);
    Json listed(const std::string& path, const Pairs& query, const char* name,
                const std::vector<Json>& all) const;
    Json list_messages(const Request& request) const;
    Json list_calls(const Request& request) const;
    Json shown(const Message& message) const;
    Json shown(const Call& call) const;

    Json receive(const Json& body);
    Json tell_status(const Json& body);
    Json call_status(const Json& body);
    Json add_call(const Json& body);
    void run(const Plan& plan, const std::string& sid);
    static Plan plan_of(const Json& json);
    Json post(const std::string& kind, const std::string& target, const Pairs& parameters,
              bool post = true);

    const std::string account_sid_, auth_token_;
    Gateway* gateway_ = nullptr;
    Script* script_ = nullptr;
    mutable std::mutex mutex_;
    std::vector<Message> messages_;                            // guarded by mutex_
    std::vector<Call> calls_;                                  // guarded by mutex_
    std::set<std::pair<std::string, std::string>> opted_out_;  // guarded by mutex_
    Plan plan_;                                                // guarded by mutex_
    unsigned long next_sid_ = 1;                               // guarded by mutex_
};

/// One value of a form; empty: absent.
std::string value_of(const Pairs& fields, const std::string& name);
bool has(const Pairs& fields, const std::string& name);
std::string rfc2822(std::time_t time);

}  // namespace tandem::fakes
