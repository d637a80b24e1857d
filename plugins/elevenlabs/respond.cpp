#include "respond.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "elevenlabs.h"

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

// ElevenLabs itself gives its model 20 s; what takes longer is no answer to a text.
constexpr std::int64_t longest_turn_ms = 30'000;
// An agent that is known to greet is given this long to do it: taking the greeting for the
// answer would be worse than being late.
constexpr std::int64_t known_greeting_ms = 5'000;

/// Refuses a connection that cannot be had in time.
std::uint32_t time_left(std::int64_t deadline, std::int64_t now) {
    if (now >= deadline) throw Failure(TANDEM_TIMEOUT, "the agent could not be reached in time");
    return static_cast<std::uint32_t>(deadline - now);
}

std::string small_letters(std::string text) {
    for (char& letter : text)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
    return text;
}

/// Whether an agent needs no signed URL. Which words the API has for it is not documented.
bool says_public(const HttpResult& result) {
    if (!result.answered || (result.status != 400 && result.status != 422)) return false;
    const Problem problem = problem_of(result);
    const std::string words = small_letters(problem.code + " " + problem.text);
    for (const char* known : {"is public", "public agent", "auth is not enabled",
                              "authentication is not enabled", "auth_not_enabled"}) {
        if (words.find(known) != std::string::npos) return true;
    }
    return false;
}

/// Empty: there is none. It is a password for one conversation: it goes to the host alone.
std::string signed_url_in(const std::string& body) {
    constexpr std::size_t longest_url = 4096;
    try {
        return text_at(read_object(body, "the answer"), "signed_url", longest_url);
    } catch (const Failure&) {
        return {};
    }
}

Question question_of(const Turn& turn, const std::string& needs_human_tool) {
    Question question;
    question.user_id = std::string(turn_mark) + std::string(turn.turn_id);
    question.text = std::string(turn.text);
    for (const Field& field : turn.variables)
        question.variables.emplace_back(std::string(field.name), std::string(field.value));
    question.needs_human_tool = needs_human_tool;
    return question;
}

std::int64_t option_ms(const Config& config, const char* name, std::int64_t most,
                       std::int64_t otherwise) {
    const std::int64_t value = config.find_integer(name).value_or(otherwise);
    if (value < 0 || value > most)
        throw Failure(TANDEM_INVALID, std::string(name) + " must be between 0 and " +
                                          std::to_string(most) + " milliseconds");
    return value;
}

/// Talks until the conversation is over. A broken line ends it, too.
void hold(Conversation& conversation, Connection& line, const Clock& clock) {
    while (true) {
        std::optional<Failure> deaf;
        try {
            for (const std::string& message : conversation.to_send()) line.send(message);
        } catch (const Failure& failure) {
            // What the agent said before it hung up may tell why.
            deaf = failure;
        }
        if (conversation.over()) return;
        const std::int64_t wait =
            deaf ? 0 : std::max<std::int64_t>(conversation.wake_at() - clock.monotonic_ms(), 0);
        const Received received = line.receive(static_cast<std::uint32_t>(wait));
        const std::int64_t now = clock.monotonic_ms();
        switch (received.kind) {
            case Received::Kind::Message: conversation.take(received.text, now); break;
            case Received::Kind::Nothing:
                if (deaf) throw *deaf;
                conversation.wait_over(now);
                break;
            case Received::Kind::Closed:
                conversation.closed(received.close_code, received.reason);
                break;
        }
    }
}

}  // namespace

TurnOptions TurnOptions::read(const Config& config) {
    TurnOptions options;
    Patience& patience = options.patience;
    patience.first_message =
        option_ms(config, "first_message_wait_ms", 10'000, patience.first_message);
    patience.quiet = option_ms(config, "answer_quiet_ms", 10'000, patience.quiet);
    options.needs_human_tool = config.find_text("needs_human_tool").value_or("");
    options.public_agent = config.find_yes_no("public_agent").value_or(false);
    return options;
}

std::vector<Option> TurnOptions::describe() {
    return {
        {"needs_human_tool", TANDEM_OPTION_TEXT, 0, "transfer_to_human",
         "The agent's tool that asks for a person in a text conversation"},
        {"public_agent", TANDEM_OPTION_YES_NO, 0, "false",
         "The agent has no authentication; text conversations need no signed URL"},
        {"first_message_wait_ms", TANDEM_OPTION_INTEGER, 0, "1000",
         "How long a text waits for the agent's first message; 0: it has none"},
        {"answer_quiet_ms", TANDEM_OPTION_INTEGER, 0, "1500",
         "Silence that ends an answer, where the agent sends no agent_response_complete"},
    };
}

std::string ElevenLabs::conversation_url(std::int64_t deadline) const {
    const std::string agent = "agent_id=" + query_encoded(agent_id_);
    // http becomes ws, https becomes wss.
    const std::string open_url =
        "ws" + api_.base_url().substr(4) + "/v1/convai/conversation?" + agent;
    if (turn_options_.public_agent) return open_url;
    const std::uint32_t left = time_left(deadline, host_.clock().monotonic_ms());
    const HttpResult result = api_.get("/v1/convai/conversation/get-signed-url?" + agent, left);
    if (says_public(result)) {
        host_.log().info("the agent needs no signed URL; the option public_agent saves a request",
                         {{"answer", problem_of(result).text}});
        return open_url;
    }
    if (!result.answered && result.code == TANDEM_TIMEOUT)
        throw Failure(TANDEM_TIMEOUT, "the signed URL of a conversation: " + result.error);
    expect_success(result, "the signed URL of a conversation", host_.clock().now());
    const std::string url = signed_url_in(result.body);
    if (url.empty())
        throw Failure(TANDEM_UNAVAILABLE, "ElevenLabs gave no signed URL for a conversation");
    return url;
}

void ElevenLabs::respond(const Turn& turn, ReplySink& sink) {
    const Clock& clock = host_.clock();
    const std::int64_t given = turn.deadline_ms > 0 ? turn.deadline_ms : longest_turn_ms;
    const std::int64_t deadline = clock.monotonic_ms() + std::min(given, longest_turn_ms);

    WebsocketRequest request;
    request.url = conversation_url(deadline);
    request.deadline_ms = time_left(deadline, clock.monotonic_ms());
    const std::unique_ptr<Connection> line = host_.websocket().open(request);

    Patience patience = turn_options_.patience;
    if (agent_greets_ && patience.first_message > 0)
        patience.first_message = std::max(patience.first_message, known_greeting_ms);
    Conversation conversation(question_of(turn, turn_options_.needs_human_tool), patience,
                              deadline);
    try {
        hold(conversation, *line, clock);
    } catch (const Failure& failure) {
        // Nothing more comes; what came may be the whole answer.
        conversation.closed(0, failure.what());
    }
    if (conversation.greeted()) agent_greets_ = true;
    // It is in the list of what may have been missed, too, and no call.
    if (!conversation.id().empty()) dismissed_.add(conversation.id(), {});
    host_.log().debug("a text conversation is over",
                      {{"conversation", conversation.id()}, {"turn", std::string(turn.turn_id)}});
    if (conversation.status() != TANDEM_OK)
        throw Failure(conversation.status(), conversation.failure());
    if (const std::string answer = conversation.answer(); !answer.empty()) sink.text(answer);
    if (conversation.needs_human()) sink.needs_human(*conversation.needs_human());
    line->close(1000);
}

}  // namespace tandem::elevenlabs
