// One question to an agent, as the conversation WebSocket has it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conversation_answer.h"
#include "json.h"
#include "tandem/abi/base.h"

namespace tandem::elevenlabs {

/// How long an agent is waited for; milliseconds.
struct Patience {
    /// For the agent's first message, which nobody asked for; zero: it has none.
    std::int64_t first_message = 1000;
    /// After the last word, where the agent does not say that it is through.
    std::int64_t quiet = 1500;
    /// After a tool: the model reads the result before it goes on.
    std::int64_t after_tool = 8000;
    /// For the whole of a message of which all pieces are here.
    std::int64_t whole = 5000;
};

/// What is asked.
struct Question {
    std::string user_id, text;
    std::vector<std::pair<std::string, std::string>> variables;
    std::string needs_human_tool;  // empty: no tool asks for a person
};

/// The protocol without its socket and its clock: it is told what comes and what time it is,
/// and tells what to send and when it wants to be asked again. Times are of one steady
/// clock, in milliseconds. One thread.
class Conversation {
public:
    Conversation(Question question, Patience patience, std::int64_t deadline);

    /// A message of the server. What is no JSON, or of no known type, is passed over.
    void take(std::string_view message, std::int64_t now);
    /// The server closed the connection, or (code 0) it broke.
    void closed(std::uint32_t code, std::string_view reason);
    /// Nothing came until now.
    void wait_over(std::int64_t now);

    /// What is to be sent, in this order; each message is given once.
    std::vector<std::string> to_send() { return std::exchange(to_send_, {}); }
    bool over() const { return over_; }
    /// When `wait_over` is due, if nothing comes.
    std::int64_t wake_at() const;

    /// Once it is over: TANDEM_OK, or why there is no answer. INVALID means that asking again
    /// changes nothing before somebody changes the agent.
    tandem_status status() const { return status_; }
    const std::string& failure() const { return failure_; }
    std::string answer() const { return answer_.text(greeted_); }
    /// Why a person is asked for; nothing: none is.
    const std::optional<std::string>& needs_human() const { return needs_human_; }

    /// The server's name of this conversation; empty: not yet told.
    const std::string& id() const { return id_; }
    /// Whether the agent's first message came before the question.
    bool greeted() const { return greeted_; }

private:
    enum class Stage { Opening, Greeting, Asked };

    void dispatch(const std::string& type, const Json& message, std::int64_t now);
    void begin();
    void greet(std::int64_t event);
    void ask(std::int64_t now);
    void on_metadata(const Json& event, std::int64_t now);
    void on_response(const Json& event, std::int64_t now);
    void on_piece(const Json& event, std::int64_t now);
    void on_correction(const Json& event, std::int64_t now);
    void on_complete(const Json& event);
    void on_client_tool(const Json& call, std::int64_t now);
    void on_tool(const Json& call, bool ended, std::int64_t now);
    void on_error(const Json& event);
    void ask_for_human(const std::string& reason);
    void send(const Json& message);

    bool is_new(std::int64_t event) const { return event == 0 || event > first_event_; }
    bool has_answer() const { return !answer_.empty() || needs_human_; }
    /// Something is under way that the answer waits for.
    bool busy() const { return !tools_.empty() || answer_.unfinished(); }
    void active(std::int64_t now, std::int64_t quiet);
    void done();
    void fail(tandem_status status, std::string text);

    const Question question_;
    const Patience patience_;
    const std::int64_t deadline_;

    Stage stage_ = Stage::Opening;
    std::vector<std::string> to_send_;
    std::string id_;
    std::int64_t first_event_ = 0;  // the newest of what was said before the question
    std::int64_t quiet_until_ = 0;  // and of the first message, before the question
    bool greeted_ = false;

    ConversationAnswer answer_;
    std::set<std::string> tools_;  // under way, by call id
    std::optional<std::string> needs_human_;

    bool over_ = false;
    tandem_status status_ = TANDEM_OK;
    std::string failure_;
};

}  // namespace tandem::elevenlabs
