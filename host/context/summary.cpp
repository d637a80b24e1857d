#include "context/summary.h"

#include <algorithm>

#include "context/line.h"

namespace tandem::context {

namespace {

// Of the contract.
constexpr size_t most_texts = 3;
// Code points of a call's summary.
constexpr size_t summary_budget = 4000;

}  // namespace

std::string comprehensive_summary(const store::Snapshot& snapshot,
                                  const std::vector<std::string>& without, size_t most) {
    const size_t wanted = std::min(most, most_texts);
    std::vector<std::string> texts;
    for (auto message = snapshot.messages.rbegin();
         message != snapshot.messages.rend() && texts.size() < wanted; ++message) {
        const bool left_out =
            std::find(without.begin(), without.end(), message->id) != without.end();
        if (is_said(*message) && message->type == domain::MessageType::Text && !left_out)
            texts.push_back(line_of(*message));
    }
    std::string summary;
    if (snapshot.conversation) summary = one_line(snapshot.conversation->summary, summary_budget);
    for (auto text = texts.rbegin(); text != texts.rend(); ++text) {
        if (!summary.empty()) summary.push_back('\n');
        summary += *text;
    }
    return summary.empty() ? std::string("No previous calls") : summary;
}

}  // namespace tandem::context
