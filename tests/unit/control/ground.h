#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/control.h"
#include "unit/deliver/world.h"

namespace tandem::testing {

using Json = nlohmann::json;

/// Reaches lines as the test says, and remembers what it was told to do.
class LineVoice : public call::Voice {
public:
    explicit LineVoice(std::string instance) : instance_(std::move(instance)) {}
    const std::string& instance() const override { return instance_; }
    deliver::Receipt start_call(const call::OutboundCall&) override { return {}; }
    Result<void> hang_up(const std::string& line) override {
        orders.push_back("hang up " + line);
        return outcome;
    }
    Result<void> transfer(const std::string& line, const std::string& to) override {
        orders.push_back("transfer " + line + " to " + to);
        return outcome;
    }

    std::vector<std::string> orders;
    Result<void> outcome;

private:
    const std::string instance_;
};

/// The room with a real store, agents, and an organisation that has an AI and a voice. The
/// clock stands still unless a test moves it.
class People : public World {
public:
    People() { open_again(); }

    /// As after a restart: all that the room knew by itself is gone.
    void open_again(control::Options options = {}) {
        room = std::make_unique<control::Control>(
            control::Ground{{store.get(), committer.get(), &clock, &ids, &staffed, &log, &metrics},
                            &gate},
            control::Control::Voices{{"voice", voice}, {"twilio", carrier}},
            control::Control::Channels{{"twilio", channel}}, std::move(options));
    }

    control::Person agent(const std::string& id, bool is_admin = false) const {
        return {staffed.by_id(organization), id, "Agent " + id, is_admin};
    }
    /// Of an organisation with neither AI nor providers.
    control::Person alone() const { return {staffed.by_id("bare"), "ann", "Agent ann", false}; }

    Json join(const std::string& who = "ann", control::JoinOrder order = {}) {
        if (order.address.empty()) order.address = customer;
        if (order.handoff_reason.empty()) order.handoff_reason = "manual_takeover";
        return Json::parse(room->join(agent(who), order));
    }
    Json leave(const std::string& who = "ann", control::LeaveOrder order = {}) {
        if (order.address.empty()) order.address = customer;
        return Json::parse(room->leave(agent(who), order));
    }
    Json send(const std::string& who = "ann", const std::string& text = "Hello") {
        return Json::parse(room->send(agent(who), {customer, text, "text", ""}));
    }
    Json send_plain(const std::string& who, const std::string& text = "Hello") {
        return Json::parse(room->send_plain(agent(who), {customer, text, "text", ""}));
    }
    Json transfer(const std::string& who, const std::string& to) {
        return Json::parse(room->transfer(agent(who), {customer, to, "Agent " + to}));
    }
    Json queue(bool with_processed = false) {
        return Json::parse(room->queue(agent("ann"), customer, with_processed));
    }
    Json process(const std::string& who = "ann", const std::vector<std::string>& marked = {}) {
        return Json::parse(room->process(agent(who), customer, marked, marked.empty()));
    }
    Json status() { return Json::parse(room->status(agent("ann"), customer, false)); }
    std::pair<Json, Json> sessions(control::SessionsOrder order = {}) {
        const auto [data, pagination] = room->sessions(agent("ann"), order);
        return {Json::parse(data), Json::parse(pagination)};
    }
    size_t seen(const std::string& event) {
        const std::vector<std::string> all = events();
        return static_cast<size_t>(std::count(all.begin(), all.end(), event));
    }
    std::vector<store::Owed> turns() { return due(store::OwedKind::AiTurn); }
    std::vector<store::Owed> texts() { return due(store::OwedKind::Send); }
    void calls(bool with_line = true) {
        domain::Call call;
        call.id = "call-1";
        call.address = customer;
        call.instance = "voice";
        call.line_id = with_line ? "CA1" : "";
        call.active = true;
        call.started_at = clock.now();
        commit({conversation(), call});
    }

    domain::Organizations staffed{organizations_with_people()};
    deliver::FenceGate gate;
    std::shared_ptr<ScriptedChannel> channel = std::make_shared<ScriptedChannel>();
    std::shared_ptr<LineVoice> voice = std::make_shared<LineVoice>("voice");
    std::shared_ptr<LineVoice> carrier = std::make_shared<LineVoice>("twilio");
    std::unique_ptr<control::Control> room;

private:
    static std::vector<domain::Organization> organizations_with_people() {
        domain::Organization staffed;
        staffed.id = organization;
        staffed.name = "BICI Bike Store";
        staffed.default_region = "US";
        staffed.numbers = {"+15550001111"};
        staffed.channel = "twilio";
        staffed.voice = "voice";
        staffed.responder = "ai";
        domain::Organization bare;
        bare.id = "bare";
        bare.name = "Bare";
        bare.default_region = "US";
        bare.numbers = {"+15550002222"};
        return {staffed, bare};
    }
};

/// The refusal that this comes to: `409 OPTED_OUT: The customer …`.
inline std::string refusal(const std::function<void()>& verb) {
    try {
        verb();
    } catch (const serve::Refused& refused) {
        const serve::Problem& problem = refused.problem;
        return std::to_string(problem.status) + ' ' + problem.code + ": " + problem.detail;
    }
    return "nothing was refused";
}

inline void expect_refused(const std::string& what, const std::function<void()>& verb) {
    const std::string got = refusal(verb);
    CPPUNIT_ASSERT_MESSAGE(got + ", not " + what, got.find(what) != std::string::npos);
}

}  // namespace tandem::testing
