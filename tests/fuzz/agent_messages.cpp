#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "conversation.h"
#include "json.h"
#include "target.h"

// What an agent sends over its WebSocket, a message a line, and how long it takes: the conversation
// ends in its time, once, with an answer or a reason; what it sends is JSON, and an answer is no
// longer than the host takes.

namespace tandem::fuzz {

namespace {

using namespace elevenlabs;

constexpr std::int64_t deadline = 60'000;

void check_sent(Conversation& conversation) {
    for (const std::string& message : conversation.to_send())
        expect(!text_at(read_object(message, "what is sent"), "type", 64).empty(),
               "what is sent has a type");
}

void check_end(const Conversation& conversation) {
    if (conversation.status() == TANDEM_OK) {
        const std::string answer = conversation.answer();
        expect(!answer.empty() || conversation.needs_human(), "an end has an answer or a person");
        expect(answer.size() <= ConversationAnswer::max_bytes + ConversationAnswer::max_texts,
               "an answer is as long as it may be");
        expect(first_invalid_utf8(answer) == std::string::npos, "an answer is text");
        return;
    }
    const std::string& why = conversation.failure();
    expect(!why.empty() && why.size() <= 300, "a failure has a short reason");
    for (const char letter : why)
        expect(static_cast<unsigned char>(letter) >= 0x20, "a reason is one line");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    std::string_view input = text(bytes, size);
    const unsigned choice = take_choice(input);
    Question question{"turn:1", "Are you open?", {{"name", "Ada"}}, "transfer_to_human"};
    Conversation conversation(question, {choice % 2 == 0 ? 1000 : 0}, deadline);
    std::int64_t now = 0;
    while (!input.empty() && !conversation.over()) {
        // Longer and longer texts need no long input.
        const unsigned wait = take_choice(input);
        std::string message(take_until(input, '\n'));
        const size_t mark = message.find("~~~");
        if (mark != std::string::npos) message.replace(mark, 3, std::string(16 * wait, 'x'));
        now += wait;
        if (message.empty() && wait == 255) {
            conversation.closed(choice * 8, "gone\x07");
        } else if (message.empty()) {
            now = conversation.wake_at();
            conversation.wait_over(now);
        } else {
            conversation.take(message, now);
        }
        check_sent(conversation);
        expect(conversation.wake_at() <= deadline, "nobody waits for longer than the deadline");
    }
    if (!conversation.over()) conversation.wait_over(deadline);
    expect(conversation.over(), "a conversation ends at its deadline");
    const bool lost = seeded_bug() && conversation.id().empty();
    expect(conversation.status() != TANDEM_OK || !lost, "an end has an answer or a person");
    check_end(conversation);
    return 0;
}
