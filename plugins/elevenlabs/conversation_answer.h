// What an agent says after a question: pieces, whole texts and corrections, in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::elevenlabs {

/// Whole texts (`agent_response`) are the truth, and what corrects them; pieces only tell
/// that more is to come. An event without id is 0. One thread.
class ConversationAnswer {
public:
    // The host takes as much; far more than anybody reads on a telephone.
    static constexpr std::size_t max_bytes = 64 * 1024;
    static constexpr std::size_t max_texts = 64;

    /// A message begins or goes on (`start`, `delta`), or there are no more pieces (`stop`).
    void piece(std::int64_t event);
    void last_piece(std::int64_t event);
    /// The whole of a message. A second one for the same event replaces the first, unless a
    /// tool was used in between. False: more than anybody may say in one turn.
    bool whole(std::int64_t event, std::string text);
    /// False as `whole`.
    bool correct(std::int64_t event, std::string original, std::string corrected);
    /// Nothing more is to come of these messages.
    void interrupted(std::int64_t up_to_event);
    void tool_used() { after_tool_ = true; }

    bool empty() const;
    /// A message has begun and its whole is not here.
    bool unfinished() const { return !begun_.empty(); }
    /// All its pieces came, the whole did not.
    bool lacks_whole() const;
    /// All of it. `greeted`: the agent's first message came before the question; otherwise a
    /// first text without pieces, before one with pieces, was that message.
    std::string text(bool greeted) const;

private:
    struct Text {
        std::int64_t event;
        std::string text;
        bool in_pieces;
    };
    struct Correction {
        std::int64_t event;
        std::string original, corrected;
    };

    void apply(const Correction& correction, bool exactly);
    std::vector<Text>::iterator find(std::int64_t event);

    std::vector<Text> texts_;
    std::vector<Correction> corrections_;
    std::map<std::int64_t, bool> begun_;  // by event: whether its last piece came
    std::size_t bytes_ = 0;
    bool after_tool_ = false;
};

}  // namespace tandem::elevenlabs
