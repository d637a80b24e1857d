#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "failure/races/actor.h"
#include "failure/races/house.h"

namespace tandem::races {

/// Where the races are run: one database file for many of them, each with a customer of its
/// own, and the world around it. The folder is removed with it.
class Street {
public:
    explicit Street(Fence fence = Fence::Whole);
    ~Street();

    /// The process is gone; another one begins on the same file. Every fiftieth opens it anew: to
    /// load a plugin takes longer than a race.
    void rebuild();
    House& house() { return *house_; }
    const domain::Organization& organization() { return *organizations_.by_id(organization_id); }
    std::string next_customer();

    HeldClock clock;
    IdSource ids{clock};
    Providers providers;

private:
    const Fence fence_;
    std::string folder_;
    unsigned customers_ = 0, lives_ = 0;
    domain::Organizations organizations_;
    std::unique_ptr<Shelf> shelf_;
    std::unique_ptr<House> house_;
};

/// What happens next: one letter of
///   w customer writes     t the AI's turn goes a step      s a text goes a step
///   a, b a human joins    h the holder sends               l the holder hands back
///   p somebody sends without a takeover                    q the holder marks all as processed
///   x the holder passes it on to the other                 c an AI's call goes a step
///   d the process dies
/// A worker's step takes it to the next place where it can be held: a turn at `asked`; a text
/// and a call at `looked`, `claimed`, `wire`.
struct Step {
    char what = 'w';
    char within = 0;   // happens between the look and the commit of `what`
    bool cut = false;  // the process dies when that commit is durable and nobody heard of it
};

/// One conversation, what happens to it, and what must be true of it all along.
class Race {
public:
    explicit Race(Street& street);
    ~Race();

    std::string possible();
    void act(Step step);
    /// Hands back, lets everything come to rest, and looks whether anybody was left unanswered.
    void finish();

    /// What was broken first; empty: nothing.
    const std::string& violation() const { return violation_; }
    /// The steps so far, as they can be read and typed again.
    const std::string& trail() const { return trail_; }
    unsigned count(char what) const;
    bool held() const { return holder_.has_value(); }

private:
    void perform(char what);
    void go(Actor& actor, dispatch::Desk& desk);
    std::vector<store::Owed> due(store::OwedKind kind, Time at);
    void customer_writes();
    void owe_call();
    void join(char who);
    /// A verb that only the holder may do, by whoever holds it now.
    template <typename Verb>
    bool as_holder(const char* name, Verb verb);
    void plain();
    void leave();
    void transfer();
    void die();
    void sync();
    void come_to_rest();
    void look_at_answers();
    void violate(const std::string& what);
    control::Person person(char who) const;
    store::Snapshot snapshot(unsigned messages = 0);

    Street& street_;
    const std::string customer_;
    Actor turn_, send_, call_;
    std::optional<char> holder_;  // whose join was acknowledged
    int64_t control_epoch_ = 0;
    std::string trail_, done_, violation_;
    unsigned texts_ = 0;
};

}  // namespace tandem::races
