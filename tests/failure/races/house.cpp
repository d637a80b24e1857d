#include "failure/races/house.h"

#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tandem::races {

namespace {

/// What an AI's commit stands under besides its claim: nobody joined, nothing changed.
void strip_fence(store::ChangeSet& set) {
    std::erase_if(set.preconditions, [](const store::Precondition& condition) {
        return std::holds_alternative<store::EpochIs>(condition) ||
               std::holds_alternative<store::VersionIs>(condition);
    });
}

[[noreturn]] void gone() {
    throw std::runtime_error("the process is gone");
}

}  // namespace

void Providers::take(const std::string& id, const std::string& text, bool by_ai) {
    const Given request{id, text, by_ai};
    if (begins) begins(request);
    given.push_back(request);
}

bool Providers::has(const std::string& id) const {
    return std::any_of(given.begin(), given.end(), [&](const Given& one) { return one.id == id; });
}

/// The real committer, until the process dies; workers park behind their claims.
class House::Commits : public store::Committer {
public:
    Commits(House& house, store::Committer& real, Fence fence)
        : house_(house), real_(real), fence_(fence) {}

    bool submit(store::ChangeSet set, Done done) override {
        return house_.alive_ && real_.submit(std::move(set), std::move(done));
    }
    Result<store::Outcome> commit(store::ChangeSet set) override {
        const bool worker = Actor::is_worker();
        if (!worker && house_.before_commit_) std::exchange(house_.before_commit_, nullptr)();
        if (!house_.alive_) return Error{Code::Cancelled, "the process is gone"};
        if (worker && fence_ == Fence::WithoutEpoch) strip_fence(set);
        // A claim that stands alone is a turn's or a look-up's: these park where they ask.
        bool claims = false;
        for (const store::Operation& operation : set.operations)
            claims = claims ||
                     (set.operations.size() > 1 && std::holds_alternative<store::Claim>(operation));
        auto outcome = real_.commit(std::move(set));
        if (!worker && std::exchange(house_.dies_after_commit_, false)) {
            house_.die();
            return Error{Code::Cancelled, "the process is gone"};
        }
        if (worker && claims && outcome && outcome->kind == store::Outcome::Kind::Committed)
            Actor::park("claimed");
        return outcome;
    }

private:
    House& house_;
    store::Committer& real_;
    const Fence fence_;
};

/// The real store; workers park behind what they read first.
class House::Reads : public tandem::testing::PassingStore {
public:
    using PassingStore::PassingStore;
    Result<domain::Message> message(Whose organization, Text id) override {
        auto found = PassingStore::message(organization, id);
        if (found && found->delivery == domain::Delivery::Queued) Actor::park("looked");
        return found;
    }
    Result<domain::Call> call(Whose organization, Text id) override {
        auto found = PassingStore::call(organization, id);
        if (found && tandem::call::plan_of(*found).state == tandem::call::Plan::State::Queued)
            Actor::park("looked");
        return found;
    }
};

class House::Texts : public deliver::Channel {
public:
    explicit Texts(House& house) : house_(house) {}
    const std::string& instance() const override { return name_; }
    deliver::Receipt send(const deliver::OutboundMessage& message) override {
        if (!house_.alive_) gone();
        house_.providers_.take(message.message_id, message.text, message.text.starts_with("AI"));
        Actor::park("wire");
        if (!house_.alive_) gone();
        return accepted(message.message_id);
    }
    deliver::Receipt look_up(const deliver::OutboundMessage& message, Time) override {
        if (!house_.alive_) gone();
        if (house_.providers_.has(message.message_id)) return accepted(message.message_id);
        deliver::Receipt receipt;
        receipt.kind = deliver::Receipt::Kind::NotSent;
        return receipt;
    }
    unsigned max_text_units() const override { return 1600; }

private:
    static deliver::Receipt accepted(const std::string& id) {
        return tandem::testing::ScriptedChannel::accepted("SM" + id);
    }
    House& house_;
    const std::string name_ = "texts";
};

class House::Voice : public call::Voice {
public:
    explicit Voice(House& house) : house_(house) {}
    const std::string& instance() const override { return name_; }
    deliver::Receipt start_call(const call::OutboundCall& call) override {
        if (!house_.alive_) gone();
        house_.providers_.take(call.call_id, "call", true);
        Actor::park("wire");
        if (!house_.alive_) gone();
        return accepted(call.call_id);
    }
    deliver::Receipt look_up(const call::OutboundCall& call, Time) override {
        if (!house_.alive_) gone();
        if (house_.providers_.has(call.call_id)) return accepted(call.call_id);
        deliver::Receipt receipt;
        receipt.kind = deliver::Receipt::Kind::NotSent;
        return receipt;
    }
    Result<void> hang_up(const std::string&) override { return {}; }
    Result<void> transfer(const std::string&, const std::string&) override { return {}; }

private:
    static deliver::Receipt accepted(const std::string& id) {
        deliver::Receipt receipt;
        receipt.kind = deliver::Receipt::Kind::Accepted;
        receipt.provider_id = "conv-" + id;
        receipt.line_id = "CA" + id;
        return receipt;
    }
    House& house_;
    const std::string name_ = "voice";
};

/// Answers what it was asked, so that a reader of a failure sees what it knew.
class House::Writer : public reply::TurnResponder {
public:
    explicit Writer(House& house) : house_(house) {}
    const std::string& instance() const override { return name_; }
    Result<reply::Answer> respond(const reply::Turn& turn) override {
        Actor::park("asked");
        if (!house_.alive_) gone();
        return reply::Answer{"AI to: " + turn.text, {}};
    }

private:
    House& house_;
    const std::string name_ = "writer";
};

Shelf::Shelf(const std::string& file, const Clock& clock) {
    load::Places places;
    places.directories = {PLUGIN_DIRECTORY};
    places.trusted_uid = ::getuid();
    load::Services services;
    services.log = &log_;
    services.clock = &clock;
    registry_ = load::make_registry(places, services);
    settings::PluginUse use;
    use.id = use.plugin = "sqlite";
    use.options["path"].value = file;
    auto instance = registry_->create(use);
    CPPUNIT_ASSERT_MESSAGE(instance ? "" : instance.error().text, instance);
    const auto started = registry_->start();
    CPPUNIT_ASSERT_MESSAGE(started ? "" : started.error().text, started);
    store_ = instance->store;
    const auto migrated = store_->migrate();
    CPPUNIT_ASSERT_MESSAGE(migrated ? "" : migrated.error().text, migrated);
}

Shelf::~Shelf() {
    registry_->stop();
}

House::House(std::shared_ptr<store::Store> store, HeldClock& clock, IdSource& ids,
             const domain::Organizations& organizations, Providers& providers, Fence fence)
    : clock_(clock), ids_(ids), providers_(providers), store_(std::move(store)) {
    // As boot does: whoever had this file before us is gone.
    const auto ended = store_->end_leases(clock.now());
    CPPUNIT_ASSERT_MESSAGE(ended ? "" : ended.error().text, ended);
    furnish(organizations, fence);
}

void House::furnish(const domain::Organizations& organizations, Fence fence) {
    group_ = std::make_unique<store::GroupCommitter>(*store_, nullptr, log_, metrics_);
    commits_ = std::make_unique<Commits>(*this, *group_, fence);
    reads_ = std::make_unique<Reads>(store_);
    const std::string worker = ids_.next();
    const std::map<std::string, std::shared_ptr<deliver::Channel>> channels{
        {"texts", std::make_shared<Texts>(*this)}};
    const std::map<std::string, std::shared_ptr<call::Voice>> voices{
        {"voice", std::make_shared<Voice>(*this)}};

    const dispatch::Ground ground{reads_.get(),   commits_.get(), &clock_,  &ids_,
                                  &organizations, &log_,          &metrics_};
    deliver::SenderOptions sending;
    sending.worker = worker;
    sending.record_pause = Milliseconds{1};
    sending.record_tries = 3;
    sending.seed = 7;
    sender = std::make_unique<deliver::Sender>(deliver::Ground{ground, &gate_}, channels, sending);
    reply::TurnOptions answering;
    answering.worker = worker;
    turns = std::make_unique<reply::Turns>(
        reply::Ground{ground},
        reply::Turns::Responders{{"writer", std::make_shared<Writer>(*this)}}, channels, answering);
    call::CallOptions calling;
    calling.worker = worker;
    calling.record_pause = Milliseconds{1};
    calling.record_tries = 3;
    calling.seed = 7;
    calls = std::make_unique<call::Calls>(call::Ground{ground, &gate_}, voices, callers_, calling);
    dispatch::Ground of_people = ground;
    of_people.store = store_.get();
    control::Options people;
    people.patience = Milliseconds{0};  // a parked worker does not go on while a join waits
    control = std::make_unique<control::Control>(
        control::Ground{of_people, fence == Fence::WithoutGate ? &nobodys_gate_ : &gate_}, voices,
        channels, people);
}

House::~House() {
    die();
    control.reset();
    group_->stop();
}

store::Committer& House::committer() {
    return *commits_;
}

}  // namespace tandem::races
