#include <Poco/Buffer.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <thread>

#include "fakes/elevenlabs.h"

namespace tandem::fakes {

namespace {

using Poco::Net::WebSocket;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// As the real one: without input from the client the conversation ends.
constexpr int idle_seconds = 60;
constexpr int patience_seconds = 10;

struct Ended {};  // thrown where the conversation is over

/// One text conversation, from the client's first message to its end; its thread's alone.
/// What an agent does after a customer's message is a reply of the test's, JSON:
///   text | texts[]    what it says; by default an echo
///   parts_only        parts of an answer, never the whole
///   correction        what it turns out to have said
///   tool              the name of a client tool that is called first
///   tentative         an answer before the true one, to an older event
///   complete          whether agent_response_complete follows
///   silence           nothing is said
///   delay_ms
///   error, close      {error_type, code}: an error event; the close code without an answer
///   reset             the line breaks
class Talk {
public:
    Talk(ElevenLabs& elevenlabs, WebSocket& socket) : elevenlabs_(elevenlabs), socket_(socket) {
        conversation_.id = elevenlabs.new_id("conv_");
        conversation_.text_only = true;
        conversation_.source = "unknown";
        conversation_.start = now();
    }

    void run() {
        try {
            begin();
            while (true) {
                const auto message = next(idle_seconds);
                if (!message) fail("transport_receive_timeout", 1002);
                if (message->at("type") == "user_message") answer(*message);
            }
        } catch (const Ended&) {
            // However it ended, it is on record.
        } catch (const Poco::Exception&) {
            conversation_.termination = "broken";
        }
        if (!open_pings_.empty() && steady_clock::now() - pinged_ > std::chrono::seconds(20))
            elevenlabs_.broken("a ping was never answered");
        conversation_.status = "done";
        conversation_.success = "success";
        conversation_.summary = "A text conversation.";
        conversation_.duration = static_cast<int>(now() - conversation_.start);
        elevenlabs_.keep(conversation_);
        if (elevenlabs_.agent().post_call && begun_) elevenlabs_.told(conversation_);
    }

private:
    void begin() {
        const auto first = next(patience_seconds);
        if (!first || first->at("type") != "conversation_initiation_client_data")
            return refuse("the first message is no conversation_initiation_client_data");
        const std::string problem = client_data_problem(*first, {"type", "tool_mock_config"});
        if (!problem.empty()) return refuse(problem);
        conversation_.client_data = *first;
        conversation_.client_data.erase("type");
        conversation_.user_id = first->value("user_id", "");
        const Json override = first->value("conversation_config_override", Json::object());
        if (!override.value("conversation", Json::object()).value("text_only", false))
            elevenlabs_.broken("a text conversation without conversation.text_only");
        const ElevenLabs::Agent agent = elevenlabs_.agent();
        const Json variables = first->value("dynamic_variables", Json::object());
        for (const std::string& name : agent.variables)
            if (!variables.contains(name)) fail("missing_dynamic_variable", 1008);
        begun_ = true;
        elevenlabs_.keep(conversation_);
        if (!agent.metadata) return;
        say({{"type", "conversation_initiation_metadata"},
             {"conversation_initiation_metadata_event",
              {{"conversation_id", conversation_.id},
               {"agent_output_audio_format", "pcm_16000"},
               {"user_input_audio_format", "pcm_16000"}}}});
        ping();
        const Json own = override.value("agent", Json::object());
        const std::string greeting = own.value("first_message", agent.first_message);
        if (greeting.empty()) return;
        std::this_thread::sleep_for(milliseconds(agent.first_message_after_ms));
        respond(greeting);
    }

    void answer(const Json& message) {
        const std::string text = message.value("text", "");
        if (text.empty() || message.size() != 2)
            elevenlabs_.broken("a user_message of " + message.dump());
        turn("user", text);
        const Json reply = elevenlabs_.next_reply();
        ping();
        elevenlabs_.await_replies(patience_seconds * 6);
        std::this_thread::sleep_for(milliseconds(reply.value("delay_ms", 0)));
        if (reply.contains("reset")) {
            socket_.setLinger(true, 0);
            socket_.close();
            throw Ended();
        }
        if (reply.contains("error")) {
            const Json error = reply.at("error");
            fail(error.at("error_type"), error.value("code", 1002));
        }
        if (reply.contains("close")) close(reply.at("close"), "by the script");
        if (reply.contains("silence")) return;
        if (reply.contains("tentative")) respond(reply.at("tentative"), 1);
        if (reply.contains("tool")) use_tool(reply.at("tool"));
        std::vector<std::string> texts =
            reply.value("texts", std::vector<std::string>{reply.value("text", "Echo: " + text)});
        for (const std::string& one : texts) {
            parts(one);
            if (!reply.contains("parts_only")) respond(one);
        }
        if (reply.contains("correction"))
            say({{"type", "agent_response_correction"},
                 {"agent_response_correction_event",
                  {{"original_agent_response", texts.back()},
                   {"corrected_agent_response", reply.at("correction")},
                   {"event_id", event_}}}});
        if (reply.contains("complete")) say({{"type", "agent_response_complete"}});
    }

    void parts(const std::string& text) {
        ++event_;
        const size_t half = text.size() / 2;
        // A cut in the middle of a letter would be no text.
        const bool plain = valid_utf8(text.substr(0, half));
        part("", "start");
        part(plain ? text.substr(0, half) : text, "delta");
        if (plain) part(text.substr(half), "delta");
        part("", "stop");
    }

    void part(const std::string& text, const char* type) {
        say({{"type", "agent_chat_response_part"},
             {"text_response_part", {{"text", text}, {"type", type}, {"event_id", event_}}}});
    }

    void respond(const std::string& text, int event = 0) {
        if (event_ == 0) event_ = 1;
        turn("agent", text);
        say({{"type", "agent_response"},
             {"agent_response_event",
              {{"agent_response", text}, {"event_id", event ? event : event_}}}});
    }

    void use_tool(const std::string& name) {
        const std::string call = elevenlabs_.new_id("tool_");
        say({{"type", "client_tool_call"},
             {"client_tool_call",
              {{"tool_name", name},
               {"tool_call_id", call},
               {"parameters", Json::object()},
               {"event_id", event_}}}});
        const auto limit = steady_clock::now() + std::chrono::seconds(patience_seconds);
        while (steady_clock::now() < limit) {
            const auto message = next(1);
            if (message && message->at("type") == "client_tool_result" &&
                message->value("tool_call_id", "") == call)
                return;
        }
        elevenlabs_.broken("a client_tool_call was never answered");
    }

    void ping() {
        pinged_ = steady_clock::now();
        open_pings_.push_back(++ping_);
        say({{"type", "ping"}, {"ping_event", {{"event_id", ping_}, {"ping_ms", 20}}}});
    }

    /// The next message that is no pong; nothing after this long. Throws when it is over.
    std::optional<Json> next(int seconds) {
        const auto limit = steady_clock::now() + std::chrono::seconds(seconds);
        while (steady_clock::now() < limit) {
            if (!socket_.poll(Poco::Timespan(0, 100000), Poco::Net::Socket::SELECT_READ)) continue;
            Poco::Buffer<char> bytes(0);
            int flags = 0;
            const int size = socket_.receiveFrame(bytes, flags);
            const int kind = flags & WebSocket::FRAME_OP_BITMASK;
            if (size <= 0 && kind != WebSocket::FRAME_OP_CLOSE && flags == 0) throw Ended();
            if (kind == WebSocket::FRAME_OP_CLOSE) closed_by_client(bytes);
            if (kind == WebSocket::FRAME_OP_PING) {
                socket_.sendFrame(bytes.begin(), size,
                                  int{WebSocket::FRAME_FLAG_FIN} | WebSocket::FRAME_OP_PONG);
                continue;
            }
            if (kind == WebSocket::FRAME_OP_PONG) continue;
            text_.append(bytes.begin(), static_cast<size_t>(size));
            if (!(flags & WebSocket::FRAME_FLAG_FIN)) continue;
            const Json message = Json::parse(std::exchange(text_, {}), nullptr, false);
            if (!message.is_object() || !message.contains("type"))
                return refuse("a message that is no object with a type"), std::nullopt;
            if (message.at("type") == "pong") {
                pong(message);
                continue;
            }
            check(message);
            return message;
        }
        return std::nullopt;
    }

    void pong(const Json& message) {
        const int event = message.value("event_id", 0);
        if (std::erase(open_pings_, event) == 0) elevenlabs_.broken("a pong of no ping");
    }

    void check(const Json& message) {
        static const std::vector<std::string> known{"conversation_initiation_client_data",
                                                    "user_message",
                                                    "contextual_update",
                                                    "user_activity",
                                                    "feedback",
                                                    "client_tool_result"};
        const std::string type = message.at("type");
        if (std::find(known.begin(), known.end(), type) == known.end())
            elevenlabs_.broken("a message of type " + type);
        if (type == "client_tool_result" &&
            (!message.contains("tool_call_id") || !message.value("result", Json()).is_string() ||
             !message.value("is_error", Json()).is_boolean()))
            elevenlabs_.broken("a client_tool_result of " + message.dump());
    }

    void closed_by_client(const Poco::Buffer<char>& bytes) {
        if (bytes.size() >= 2)
            conversation_.closed_with =
                (static_cast<unsigned char>(bytes[0]) << 8) | static_cast<unsigned char>(bytes[1]);
        conversation_.termination = "Client disconnected";
        socket_.shutdown();
        throw Ended();
    }

    void refuse(const std::string& rule) {
        elevenlabs_.broken("conversation: " + rule);
        fail("invalid_message", 1008);
    }

    [[noreturn]] void fail(const std::string& type, int code) {
        say({{"type", "error"},
             {"error_event", {{"code", code}, {"error_type", type}, {"message", type}}}});
        close(code, type);
    }

    [[noreturn]] void close(int code, const std::string& reason) {
        conversation_.termination = reason;
        socket_.shutdown(static_cast<Poco::UInt16>(code), reason);
        throw Ended();
    }

    void say(const Json& message) {
        const std::string text = message.dump();
        socket_.sendFrame(text.data(), static_cast<int>(text.size()));
    }

    void turn(const char* role, const std::string& text) {
        conversation_.turns.push_back({{"role", role},
                                       {"message", text},
                                       {"time_in_call_secs", now() - conversation_.start},
                                       {"tool_calls", Json::array()},
                                       {"tool_results", Json::array()},
                                       {"source_medium", "text"}});
    }

    ElevenLabs& elevenlabs_;
    WebSocket& socket_;
    ElevenLabs::Conversation conversation_;
    std::string text_;  // of a message in several frames
    std::vector<int> open_pings_;
    steady_clock::time_point pinged_;
    int ping_ = 0;
    int event_ = 0;
    bool begun_ = false;
};

}  // namespace

bool ElevenLabs::converse(const std::string& endpoint, const Mood& mood,
                          Poco::Net::HTTPServerRequest& request,
                          Poco::Net::HTTPServerResponse& response) {
    if (endpoint != "socket" || mood.form != "normal") return false;
    WebSocket socket(request, response);
    Talk(*this, socket).run();
    return true;
}

}  // namespace tandem::fakes
