#include <algorithm>
#include <string>
#include <vector>

#include "sandbox.hpp"

namespace tandem::sandbox {

namespace {

// An echo stays one text message.
constexpr std::size_t longest_echo = 300;

/// The words of a text, in small letters, without what stands around them.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char letter : text) {
        const bool upper = letter >= 'A' && letter <= 'Z';
        const char small = upper ? static_cast<char>(letter + 32) : letter;
        if (small >= 'a' && small <= 'z')
            words.back().push_back(small);
        else if (!words.back().empty())
            words.emplace_back();
    }
    return words;
}

}  // namespace

Reply reply_to(std::string_view text, std::string_view customer, std::string_view organization) {
    const std::vector<std::string> words = words_of(text);
    const auto says = [&](const char* word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    Reply reply;
    reply.slow = words.front() == "slow";
    if (words.front() == "fail") {
        reply.fails = true;
    } else if (says("human") || says("agent") || says("person")) {
        reply.text = "I am asking somebody to take over.";
        reply.needs_human = "asked";
    } else if (says("hours") || says("open")) {
        reply.text = "We are open Monday to Saturday from 9 to 18.";
    } else if (says("hello") || says("hi") || says("hey")) {
        reply.text = "Hello";
        if (!customer.empty() && customer != "Customer") reply.text += " " + std::string(customer);
        reply.text += ", this is " + std::string(organization) + ". How can I help?";
    } else {
        const std::size_t whole = plugin::whole_characters(text, longest_echo);
        reply.text = "You wrote: " + std::string(text.substr(0, whole));
    }
    return reply;
}

}  // namespace tandem::sandbox
