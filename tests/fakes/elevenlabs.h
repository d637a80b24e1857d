#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/front.h"

namespace tandem::fakes {

/// ElevenLabs Agents as far as a gateway meets them: one agent with one number, its calls,
/// its text conversations over WebSocket, what can be read back of them, and its webhooks
/// (`providers.md`, sections 1 to 8). Safe from any thread.
class ElevenLabs : public Provider {
public:
    struct Account {
        std::string api_key, agent_id, phone_number_id, phone_number;
        std::string initiation_secret, post_call_secret;
    };
    struct Conversation {
        std::string id, user_id, status = "in-progress", direction, source, call_sid;
        std::string external_number, summary, success = "unknown", termination;
        bool text_only = false;
        std::time_t start = 0;
        int duration = 0;
        int closed_with = 0;  // the client's close code of a text conversation; 0: none came
        Json turns = Json::array();
        Json client_data = Json::object();
    };
    /// How the agent behaves at the beginning of every text conversation.
    struct Agent {
        std::string first_message = "Hello! How can I help you today?";
        int first_message_after_ms = 0;
        bool metadata = true;
        bool post_call = false;  // whether a text conversation is told by webhook at its end
        std::vector<std::string> variables;  // what its prompt uses
    };

    explicit ElevenLabs(Account account);

    void sign(Webhook& webhook) const;
    void calls_back(Gateway& gateway, Script& script);

    std::string endpoint(const Request& request) const override;
    Json fields(const Request& request) const override;
    void check(const std::string& endpoint, const Request& request) override;
    Done carry_out(const std::string& endpoint, const Request& request) override;
    void before_answer(const Done&, const Mood&) override {}
    void after_answer(const Done&, const Mood&) override {}
    Answer error(int status, int code, const std::string& text) const override;
    Json order(const std::string& name, const Json& body) override;
    bool converse(const std::string& endpoint, const Mood& mood,
                  Poco::Net::HTTPServerRequest& request,
                  Poco::Net::HTTPServerResponse& response) override;

    // For a conversation in hand.
    Agent agent() const;
    const Account& account() const { return account_; }
    Json next_reply();
    /// Waits while replies are held, at most this long.
    void await_replies(int seconds);
    void keep(const Conversation& conversation);
    std::string new_id(const char* prefix);
    void broken(const std::string& rule) const { script_->violation(rule); }
    Json told(const Conversation& conversation);

private:
    [[noreturn]] void invalid(const std::vector<std::string>& place, const std::string& text) const;
    void check_outbound(const Json& body) const;
    void check_list(const Pairs& query) const;
    Done call_out(const Json& body);
    Json list(const Pairs& query) const;
    Json detail(const Conversation& conversation) const;
    Conversation* find(const std::string& id);

    Json begin_call(const Json& body);
    Json ring(const Json& body);
    Json finish(const Json& body);
    Json failed(const Json& body);
    Json event(const std::string& type, const Json& data, bool post);

    const Account account_;
    Gateway* gateway_ = nullptr;
    Script* script_ = nullptr;
    mutable std::mutex mutex_;
    std::condition_variable released_;
    std::vector<Conversation> conversations_;  // guarded by mutex_
    std::vector<std::string> tickets_;         // of signed URLs, unused; guarded by mutex_
    std::deque<Json> replies_;                 // guarded by mutex_
    Agent agent_;                              // guarded by mutex_
    bool replies_held_ = false;                // guarded by mutex_
    unsigned long next_id_ = 1;                // guarded by mutex_
};

/// What is wrong with a conversation's client data; empty: nothing. `more` names fields that
/// are allowed here beside the common ones.
std::string client_data_problem(const Json& data, const std::vector<std::string>& more);

}  // namespace tandem::fakes
