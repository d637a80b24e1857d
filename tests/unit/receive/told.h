#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "ground.h"

/// What providers tell in the tests of this room, and what is there to tell of.
namespace tandem::receive::testing {

inline constexpr char shop_number[] = "+14155550100";
inline constexpr char customer_number[] = "+14155550199";

inline MessageReceived text(std::string id, std::string words, std::string from = customer_number) {
    MessageReceived event;
    event.dedupe_key = "message:" + id;
    event.provider_id = std::move(id);
    event.business_address = shop_number;
    event.customer_address = std::move(from);
    event.text = std::move(words);
    return event;
}

/// By our id of the message.
inline MessageStatus status(std::string id, domain::Delivery delivery, std::string word) {
    MessageStatus event;
    event.dedupe_key = "status:" + id + ":" + word;
    event.message_id = std::move(id);
    event.business_address = shop_number;
    event.customer_address = customer_number;
    event.delivery = delivery;
    event.provider_word = std::move(word);
    return event;
}

/// By the provider's id of the message.
inline MessageStatus provider_status(std::string id, domain::Delivery delivery, std::string word) {
    MessageStatus event = status({}, delivery, word);
    event.dedupe_key = "status:" + id + ":" + word;
    event.provider_id = std::move(id);
    return event;
}

inline CallStarted call(std::string id, std::string from = customer_number) {
    CallStarted event;
    event.dedupe_key = "started:" + id;
    event.call_id = std::move(id);
    event.business_address = shop_number;
    event.customer_address = std::move(from);
    event.asks_context = true;
    return event;
}

inline CallEnded call_end(std::string conversation_id) {
    CallEnded event;
    event.dedupe_key = "ended:" + conversation_id;
    event.conversation_id = std::move(conversation_id);
    event.business_address = shop_number;
    event.customer_address = customer_number;
    event.outcome = domain::CallOutcome::Success;
    event.duration_s = 42;
    event.summary = "Wants a bike.";
    event.turns = {{domain::Author::Ai, 0, "Hello"}, {domain::Author::Customer, 5, "Hi"}};
    return event;
}

inline CallStatus line_status(std::string line_id, domain::Line line, std::string word) {
    CallStatus event;
    event.dedupe_key = "line:" + line_id + ":" + word;
    event.call_id = std::move(line_id);
    event.business_address = shop_number;
    event.customer_address = customer_number;
    event.line = line;
    event.provider_word = std::move(word);
    return event;
}

inline size_t count(const std::vector<domain::Event>& events, std::string_view type) {
    size_t found = 0;
    for (const auto& event : events) found += event.type == type ? 1 : 0;
    return found;
}

/// A text of ours on its way; with the provider's id once that is known.
inline void put_outbound(House& house, const std::string& id, const std::string& provider_id) {
    store::ChangeSet set;
    set.organization = "bici";
    domain::Conversation conversation;
    conversation.address = customer_number;
    domain::Message message;
    message.id = id;
    message.address = conversation.address;
    message.author = domain::Author::Ai;
    message.direction = domain::Direction::Outbound;
    message.delivery = domain::Delivery::Queued;
    message.instance = "twilio";
    message.provider_id = provider_id;
    set.operations = {conversation, message};
    const auto done = house.committer.commit(std::move(set));
    CPPUNIT_ASSERT(done && done->kind == store::Outcome::Kind::Committed);
}

/// An outbound call that was placed.
inline domain::Call put_call(House& house, const std::string& id, const std::string& line_id,
                             const std::string& conversation_id = {},
                             const std::string& record_json = {}) {
    domain::Conversation conversation;
    conversation.address = customer_number;
    domain::Call placed;
    placed.id = id;
    placed.address = customer_number;
    placed.instance = "eleven";
    placed.line_id = line_id;
    placed.conversation_id = conversation_id;
    placed.record_json = record_json;
    placed.direction = domain::CallDirection::Outbound;
    placed.active = true;
    placed.started_at = house.clock.now();
    store::ChangeSet set;
    set.organization = "bici";
    set.operations = {conversation, placed};
    const auto done = house.committer.commit(std::move(set));
    CPPUNIT_ASSERT(done && done->kind == store::Outcome::Kind::Committed);
    return placed;
}

/// Waits for a condition that another thread makes true.
template <typename Condition>
void until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        CPPUNIT_ASSERT_MESSAGE("waited too long", std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

/// Tells one request with these events, to a source, and gives the answer to wait for.
inline std::shared_ptr<Asked> tell(House& house, const std::shared_ptr<FakeSource>& source,
                                   std::vector<ProviderEvent> events) {
    auto asked = std::make_shared<Asked>();
    // Each request has its own words, so that many can be under way.
    auto once = std::make_shared<FakeSource>();
    once->name = source->name;
    once->read = [events = std::move(events)](const WebhookRequest&) {
        return Result<Normalised>(Normalised{events, {200, "text/xml", "<Response/>"}});
    };
    house.intake->take({{once, false}}, "sms/status", {}, serve::Responder(asked));
    return asked;
}

}  // namespace tandem::receive::testing
