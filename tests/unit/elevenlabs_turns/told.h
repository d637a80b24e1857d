#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "conversation.h"
#include "unit/elevenlabs_turns/said.h"

/// A conversation that hears what a test says, at the time that the test says.
namespace tandem::elevenlabs {

namespace said = test::said;

inline constexpr std::int64_t begin = 1'000'000;
inline constexpr std::int64_t deadline = begin + 30'000;

/// A conversation and its clock.
class Told {
public:
    explicit Told(std::string tool = "transfer_to_human", Patience patience = {})
        : conversation({"tandem-turn:t1", "When do you open?", {{"name", "Ann"}}, std::move(tool)},
                       patience, deadline) {
        collect();
    }

    /// These come, 10 ms after one another.
    Told& hear(const std::vector<std::string>& messages) {
        for (const std::string& message : messages) {
            now += 10;
            conversation.take(message, now);
            collect();
        }
        return *this;
    }
    /// Nothing comes for so long.
    Told& wait(std::int64_t milliseconds) {
        const std::int64_t until = now + milliseconds;
        while (!conversation.over() && conversation.wake_at() <= until) {
            now = std::max(now, conversation.wake_at());
            conversation.wait_over(now);
            collect();
        }
        now = until;
        return *this;
    }
    /// Until it is over; how long that took.
    std::int64_t finish() {
        const std::int64_t from = now;
        for (int i = 0; i < 100 && !conversation.over(); ++i) {
            now = std::max(now, conversation.wake_at());
            conversation.wait_over(now);
            collect();
        }
        CPPUNIT_ASSERT(conversation.over());
        return now - from;
    }

    std::vector<std::string> types() const {
        std::vector<std::string> types;
        for (const Json& message : sent) types.push_back(message.at("type"));
        return types;
    }

    std::int64_t now = begin;
    std::vector<Json> sent;
    Conversation conversation;

private:
    void collect() {
        for (const std::string& text : conversation.to_send()) sent.push_back(Json::parse(text));
    }
};

/// One that was greeted at event 1 and has asked.
inline Told asked() {
    Told told;
    told.hear({said::metadata(), said::response("Hello, this is Bikes.", 1)});
    return told;
}

inline void expect_answer(const std::string& answer, Told& told) {
    told.finish();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(told.conversation.failure(), int{TANDEM_OK},
                                 int{told.conversation.status()});
    CPPUNIT_ASSERT_EQUAL(answer, told.conversation.answer());
}

inline void expect_failure(tandem_status status, const std::string& words, Told& told) {
    told.finish();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(told.conversation.failure(), int{status},
                                 int{told.conversation.status()});
    CPPUNIT_ASSERT_MESSAGE(told.conversation.failure(),
                           told.conversation.failure().find(words) != std::string::npos);
}

}  // namespace tandem::elevenlabs
