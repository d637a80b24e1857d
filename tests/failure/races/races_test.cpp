#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <stdlib.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "failure/races/race.h"

namespace tandem::races {

namespace {

using Seconds = std::chrono::seconds;

/// The orders that are all tried, from each of these moments of an AI's answer on: it is owed,
/// asked for, written, claimed, on the wire.
const std::vector<std::string> moments{"w", "wt", "wtt", "wttss", "wttsss"};
constexpr unsigned random_steps = 14;

uint64_t number_of(const char* variable, uint64_t otherwise) {
    const char* text = ::getenv(variable);
    return text && *text ? std::stoull(text) : otherwise;
}

std::string story(const Race& race) {
    return race.violation() + "; steps " + race.trail();
}

/// All orders of the explored steps after a beginning. Gives the first broken race as text.
class Orders {
public:
    Orders(Street& street, std::string beginning)
        : street_(street), beginning_(std::move(beginning)) {}

    std::string explore() {
        do {
            const std::string broken = run();
            if (!broken.empty()) return broken;
        } while (next());
        return {};
    }
    unsigned runs() const { return runs_; }
    static unsigned depth() {
        static const auto steps = static_cast<unsigned>(number_of("TANDEM_RACE_DEPTH", 3));
        return steps;
    }

private:
    /// A process dies once in a race, and a customer writes twice more, so that depth is
    /// spent on what differs.
    static std::string steps_of(Race& race) {
        std::string steps;
        for (const char step : race.possible()) {
            if (step == 'q' || step == 'x') continue;
            if (step == 'd' && race.count('d') > 0) continue;
            if (step == 'w' && race.count('w') > 2) continue;
            steps += step;
        }
        return steps;
    }

    std::string run() {
        ++runs_;
        Race race(street_);
        for (const char step : beginning_) race.act({step});
        widths_.clear();
        for (unsigned i = 0; i < depth(); ++i) {
            const std::string steps = steps_of(race);
            if (chosen_.size() <= i) chosen_.push_back(0);
            widths_.push_back(steps.size());
            race.act({steps[chosen_[i]]});
            if (!race.violation().empty()) return story(race);
        }
        race.finish();
        return race.violation().empty() ? std::string() : story(race);
    }

    bool next() {
        chosen_.resize(widths_.size());
        while (!chosen_.empty()) {
            if (++chosen_.back() < widths_[chosen_.size() - 1]) return true;
            chosen_.pop_back();
        }
        return false;
    }

    Street& street_;
    const std::string beginning_;
    std::vector<size_t> chosen_, widths_;
    unsigned runs_ = 0;
};

/// One race of this seed.
std::string random_race(Street& street, uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto one_of = [&](const std::string& steps) { return steps[random() % steps.size()]; };
    Race race(street);
    race.act({'w'});
    const unsigned steps = 4 + static_cast<unsigned>(random() % random_steps);
    for (unsigned i = 0; i < steps && race.violation().empty(); ++i) {
        // Workers often, death seldom.
        std::string possible = race.possible() + "pc";
        for (const char often : {'t', 's'})
            if (possible.find(often) != std::string::npos) possible += std::string(4, often);
        Step step{one_of(possible)};
        if (step.what == 'd' && random() % 2 == 0) continue;
        const bool commits = std::string("wabhlpqx").find(step.what) != std::string::npos;
        if (commits && random() % 4 == 0) step.within = one_of("wabhlptsc");
        if (commits && !step.within && random() % 16 == 0) step.cut = true;
        race.act(step);
    }
    if (race.violation().empty()) race.finish();
    if (race.violation().empty()) return {};
    return story(race) + "; TANDEM_RACE_SEED=" + std::to_string(seed);
}

}  // namespace

/// Promise 4: from the moment a join is acknowledged no AI text and no AI call starts, two
/// people never hold a conversation, and whatever happens no customer is left unanswered.
class RacesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RacesTest);
    CPPUNIT_TEST(every_order_of_steps_keeps_the_promise);
    CPPUNIT_TEST(random_races_keep_the_promise);
    CPPUNIT_TEST(without_the_epoch_of_the_commit_the_explorer_fails);
    CPPUNIT_TEST(without_the_last_look_before_the_wire_the_explorer_fails);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_order_of_steps_keeps_the_promise() {
        const auto begin = std::chrono::steady_clock::now();
        Street street;
        unsigned runs = 0;
        for (const std::string& moment : moments) {
            Orders orders(street, moment);
            const std::string broken = orders.explore();
            runs += orders.runs();
            CPPUNIT_ASSERT_EQUAL(std::string(), broken);
        }
        report("orders, depth " + std::to_string(Orders::depth()), runs, begin);
    }

    void random_races_keep_the_promise() {
        const auto begin = std::chrono::steady_clock::now();
        const uint64_t races = number_of("TANDEM_RACES", 400);
        const uint64_t first = number_of("TANDEM_RACE_SEED", std::random_device{}());
        std::cout << "\nfirst seed: TANDEM_RACE_SEED=" << first << std::endl;
        Street street;
        for (uint64_t i = 0; i < races; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string(), random_race(street, first + i));
        report("random races", races, begin);
    }

    void without_the_epoch_of_the_commit_the_explorer_fails() {
        must_fail(Fence::WithoutEpoch, "wtts");
    }
    void without_the_last_look_before_the_wire_the_explorer_fails() {
        must_fail(Fence::WithoutGate, "wttss");
    }

private:
    static void must_fail(Fence fence, const std::string& moment) {
        Street street(fence);
        const std::string broken = Orders(street, moment).explore();
        CPPUNIT_ASSERT_MESSAGE("nobody noticed", !broken.empty());
        CPPUNIT_ASSERT_MESSAGE(broken, broken.find("began while") != std::string::npos);
        std::cout << "\nnoticed: " << broken << std::endl;
    }

    static void report(const std::string& what, uint64_t races,
                       std::chrono::steady_clock::time_point begin) {
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin);
        std::cout << '\n' << races << ' ' << what << " in " << took.count() << " ms" << std::endl;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RacesTest);

}  // namespace tandem::races
