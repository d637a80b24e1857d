#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "call/calls.h"
#include "call/plan.h"
#include "control/control.h"
#include "deliver/sender.h"
#include "failure/races/actor.h"
#include "load/load.h"
#include "reply/turns.h"
#include "store/committer.h"
#include "unit/deliver/world.h"
#include "unit/store/passing_store.h"

namespace tandem::races {

using tandem::testing::HeldClock;

/// Which half of the fence is taken away: the explorer must notice.
enum class Fence { Whole, WithoutEpoch, WithoutGate };

constexpr char organization_id[] = "bikes";

/// The providers: the world outside, which no death of ours touches. They tell truly what they
/// were given. What a worker does here parks it, so only one thread is ever in it.
class Providers {
public:
    struct Given {
        std::string id, text;
        bool by_ai = false;
    };
    std::vector<Given> given;  // texts and calls, in order
    /// Told of each request that begins.
    std::function<void(const Given&)> begins;

    void take(const std::string& id, const std::string& text, bool by_ai);
    bool has(const std::string& id) const;
};

/// The real store on a file of its own, by the real plugin.
class Shelf {
public:
    Shelf(const std::string& file, const Clock& clock);
    ~Shelf();
    const std::shared_ptr<store::Store>& store() const { return store_; }

private:
    store::QuietLog log_;
    std::unique_ptr<load::Registry> registry_;
    std::shared_ptr<store::Store> store_;
};

/// One life of the process: the rooms on a store, with the providers outside of it.
class House {
public:
    House(std::shared_ptr<store::Store> store, HeldClock& clock, IdSource& ids,
          const domain::Organizations& organizations, Providers& providers, Fence fence);
    ~House();

    /// From now on nothing is written and nothing reaches a provider: the process is gone, and
    /// only its threads do not know yet.
    void die() { alive_ = false; }
    bool alive() const { return alive_; }
    /// The next commit of the test's own thread is done, and nobody hears of it any more.
    void die_after_commit(bool dies = true) { dies_after_commit_ = dies; }
    /// Something happens between the look and the commit of the test's next step.
    void before_commit(std::function<void()> act) { before_commit_ = std::move(act); }

    store::Store& store() { return *store_; }
    store::Committer& committer();

    std::unique_ptr<control::Control> control;
    std::unique_ptr<reply::Turns> turns;
    std::unique_ptr<deliver::Sender> sender;
    std::unique_ptr<call::Calls> calls;

private:
    class Commits;
    class Reads;
    class Texts;
    class Voice;
    class Writer;

    void furnish(const domain::Organizations& organizations, Fence fence);

    HeldClock& clock_;
    IdSource& ids_;
    Providers& providers_;
    std::atomic<bool> alive_{true};
    bool dies_after_commit_ = false;
    std::function<void()> before_commit_;
    store::QuietLog log_;
    store::CountingMetrics metrics_;
    const std::shared_ptr<store::Store> store_;
    std::unique_ptr<store::GroupCommitter> group_;
    std::unique_ptr<Commits> commits_;
    std::unique_ptr<Reads> reads_;
    deliver::FenceGate gate_, nobodys_gate_;
    call::Callers callers_;
};

}  // namespace tandem::races
