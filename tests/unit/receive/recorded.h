#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "receive/record.h"

/// What the room would commit for an event of a provider, and how a test asks for it.
namespace tandem::receive {

class FixedClock : public Clock {
public:
    Time now() const override { return Time{Milliseconds{1795324691135}}; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
};

template <typename Wanted>
std::vector<Wanted> all_of(const store::ChangeSet& change_set) {
    std::vector<Wanted> found;
    for (const auto& operation : change_set.operations)
        if (const auto* one = std::get_if<Wanted>(&operation)) found.push_back(*one);
    return found;
}

template <typename Wanted>
Wanted only(const store::ChangeSet& change_set) {
    const auto found = all_of<Wanted>(change_set);
    CPPUNIT_ASSERT_EQUAL(size_t{1}, found.size());
    return found.front();
}

template <typename Wanted>
std::optional<Wanted> required(const store::ChangeSet& change_set) {
    for (const auto& condition : change_set.preconditions)
        if (const auto* one = std::get_if<Wanted>(&condition)) return *one;
    return std::nullopt;
}

inline std::string types(const store::ChangeSet& change_set) {
    std::string list;
    for (const auto& event : all_of<domain::Event>(change_set)) list += event.type + " ";
    return list;
}

inline bool says(const store::ChangeSet& change_set, std::string_view type,
                 const std::string& piece) {
    for (const auto& event : all_of<domain::Event>(change_set))
        if (event.type == type) return event.payload.find(piece) != std::string::npos;
    return false;
}

/// A shop, and one of its customers.
class Shop : public CppUnit::TestFixture {
public:
    void setUp() override {
        shop_ = {"bici", "BICI", "US", {"+14155550100"}, "twilio", "eleven", "brain"};
        scope_ = {&shop_, "twilio", "+14155550100", "+14155550199", true};
        ids_ = std::make_unique<IdSource>(clock_);
        moment_ = {clock_.now(), ids_.get(), Milliseconds{1500}};
    }

protected:
    using Delivery = domain::Delivery;

    store::Snapshot known() const {
        store::Snapshot snapshot;
        snapshot.lead.emplace();
        snapshot.lead->id = "lead-1";
        snapshot.lead->address = scope_.customer;
        snapshot.conversation.emplace();
        snapshot.conversation->address = scope_.customer;
        snapshot.conversation->lead_id = "lead-1";
        snapshot.conversation->version = 7;
        snapshot.conversation->control_epoch = 3;
        return snapshot;
    }

    store::Snapshot opted_out() const {
        auto snapshot = known();
        snapshot.conversation->opted_out = true;
        return snapshot;
    }

    static MessageReceived text(std::string words) {
        MessageReceived event;
        event.dedupe_key = "message:SM1";
        event.provider_id = "SM1";
        event.text = std::move(words);
        return event;
    }

    FixedClock clock_;
    domain::Organization shop_;
    Scope scope_;
    std::unique_ptr<IdSource> ids_;
    Moment moment_;
};

}  // namespace tandem::receive
