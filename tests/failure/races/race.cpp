#include "failure/races/race.h"

#include <cppunit/extensions/HelperMacros.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "receive/record.h"

namespace tandem::races {

namespace {

using Json = nlohmann::json;

domain::Organization bikes() {
    domain::Organization row;
    row.id = organization_id;
    row.name = "Bikes";
    row.default_region = "US";
    row.numbers = {"+15550001111"};
    row.channel = "texts";
    row.responder = "writer";
    row.voice = "voice";
    return row;
}

template <typename T>
T value(Result<T> result) {
    CPPUNIT_ASSERT_MESSAGE(result ? "" : result.error().text, result);
    return std::move(*result);
}

}  // namespace

Street::Street(Fence fence) : fence_(fence), organizations_({bikes()}) {
    // Our deaths leave the machine alive, so nothing here depends on what a disk keeps: a file
    // in memory is as real and twenty times as fast.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    std::string folder =
        ((has_memory ? memory : std::filesystem::temp_directory_path()) / "tandem-races-XXXXXX")
            .string();
    CPPUNIT_ASSERT(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    rebuild();
}

Street::~Street() {
    house_.reset();
    shelf_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Street::rebuild() {
    house_.reset();
    if (lives_++ % 50 == 0) {
        shelf_.reset();
        shelf_ = std::make_unique<Shelf>(folder_ + "/tandem.db", clock);
    }
    house_ =
        std::make_unique<House>(shelf_->store(), clock, ids, organizations_, providers, fence_);
}

std::string Street::next_customer() {
    std::string number = std::to_string(++customers_);
    return "+1555" + std::string(7 - number.size(), '0') + number;
}

Race::Race(Street& street) : street_(street), customer_(street.next_customer()) {
    street_.providers.given.clear();
    street_.providers.begins = [this](const Providers::Given& request) {
        if (request.by_ai && holder_)
            violate("the AI's request '" + request.text + "' began while " + *holder_ + " held it");
        if (street_.providers.has(request.id)) violate("'" + request.text + "' was sent twice");
    };
}

Race::~Race() {
    // A broken race leaves workers behind; they end as in a process that died.
    if (turn_.busy() || send_.busy() || call_.busy()) die();
    street_.providers.begins = nullptr;
}

void Race::violate(const std::string& what) {
    if (violation_.empty()) violation_ = what;
}

unsigned Race::count(char what) const {
    return static_cast<unsigned>(std::count(done_.begin(), done_.end(), what));
}

control::Person Race::person(char who) const {
    return {&street_.organization(), std::string("agent-") + who,
            who == 'a' ? "Ann Adams" : "Bob Brown", false};
}

store::Snapshot Race::snapshot(unsigned messages) {
    return value(street_.house().store().snapshot(organization_id, customer_, messages));
}

std::vector<store::Owed> Race::due(store::OwedKind kind, Time at) {
    std::vector<store::Owed> mine;
    for (store::Owed& row : value(street_.house().store().due(kind, at, 100)))
        if (row.address == customer_) mine.push_back(std::move(row));
    return mine;
}

std::string Race::possible() {
    std::string steps = "wabd";
    const Time now = street_.clock.now();
    if (turn_.busy() || !due(store::OwedKind::AiTurn, now).empty()) steps += 't';
    if (send_.busy() || !due(store::OwedKind::Send, now).empty()) steps += 's';
    if (holder_) steps += "hlqx";
    return steps;
}

void Race::act(Step step) {
    trail_ += step.what;
    if (step.within) trail_ += std::string("(") + step.within + ')';
    if (step.cut) trail_ += '!';
    House& house = street_.house();
    if (step.within) house.before_commit([this, step] { perform(step.within); });
    if (step.cut) house.die_after_commit();
    perform(step.what);
    if (!street_.house().alive()) {
        die();
    } else {
        street_.house().before_commit({});
        street_.house().die_after_commit(false);
    }
    sync();
}

/// What the store says of the owner must be what people were told.
void Race::sync() {
    const store::Snapshot now = snapshot();
    const int64_t epoch = now.conversation ? now.conversation->control_epoch : 0;
    if (epoch < control_epoch_) violate("the control epoch fell");
    control_epoch_ = epoch;
    const bool open = now.session.has_value();
    if (open != holder_.has_value() || (open && now.session->agent_id != person(*holder_).agent_id))
        violate("the store names another holder than people were told");
    street_.clock.advance(Milliseconds{1});
}

void Race::perform(char what) {
    House& house = street_.house();
    done_ += what;
    switch (what) {
        case 'w': return customer_writes();
        case 't': return go(turn_, *house.turns);
        case 's': return go(send_, *house.sender);
        case 'c':
            if (!call_.busy() && due(store::OwedKind::Call, street_.clock.now()).empty())
                owe_call();
            return go(call_, *house.calls);
        case 'a':
        case 'b': return join(what);
        case 'h':
            as_holder("send", [&](const control::Person& who) {
                house.control->send(who,
                                    {customer_, "Human " + std::to_string(++texts_), "text", ""});
            });
            return;
        case 'q':
            as_holder("process", [&](const control::Person& who) {
                house.control->process(who, customer_, {}, true);
            });
            return;
        case 'p': return plain();
        case 'l': return leave();
        case 'x': return transfer();
        case 'd': return house.die();
        default: CPPUNIT_FAIL(std::string("no such step: ") + what);
    }
}

void Race::go(Actor& actor, dispatch::Desk& desk) {
    if (actor.busy()) return actor.go_on();
    const auto rows = due(desk.kind(), street_.clock.now());
    if (rows.empty()) return;
    actor.begin([&desk, row = rows.front()] { desk.work(row); });
}

/// As receive does; a text whose commit failed was never taken, its provider tries again.
void Race::customer_writes() {
    receive::MessageReceived event;
    const std::string number = std::to_string(++texts_);
    event.text = "Question " + number;
    event.dedupe_key = event.provider_id = customer_ + '-' + number;
    const receive::Scope scope{&street_.organization(), "texts", "+15550001111", customer_};
    for (unsigned i = 0; i < 8; ++i) {
        receive::Moment moment{street_.clock.now(), &street_.ids};
        moment.coalesce = Milliseconds{0};
        const auto outcome =
            street_.house().committer().commit(receive::record(event, scope, snapshot(), moment));
        if (!outcome || outcome->kind == store::Outcome::Kind::Committed) return;
    }
    violate("a customer's text could not be committed");
}

/// What a caller of the API is promised: refused while a human has the conversation.
void Race::owe_call() {
    const store::Snapshot now = snapshot();
    if (!now.conversation || now.session) return;
    domain::Call call;
    call.id = street_.ids.next();
    call.address = customer_;
    call.instance = "voice";
    call.direction = domain::CallDirection::Outbound;
    call.active = true;
    call.started_at = street_.clock.now();
    call::keep(call, call::Plan{});
    store::Owed owed;
    owed.id = street_.ids.next();
    owed.kind = store::OwedKind::Call;
    owed.address = customer_;
    owed.instance = "voice";
    owed.subject_id = call.id;
    owed.control_epoch = now.conversation->control_epoch;
    owed.due_at = street_.clock.now();
    owed.expires_at = owed.due_at + std::chrono::hours{1};
    store::ChangeSet set;
    set.organization = organization_id;
    set.preconditions = {store::VersionIs{customer_, now.conversation->version}};
    set.operations = {*now.conversation, call, store::Owe{owed}};
    value(street_.house().committer().commit(std::move(set)));
}

void Race::join(char who) {
    std::set<std::string> on_wire;
    try {
        control::JoinOrder order;
        order.address = customer_;
        order.handoff_reason = "manual_takeover";
        const Json told = Json::parse(street_.house().control->join(person(who), order));
        if (holder_ && *holder_ != who) violate("two people hold it");
        if (told["session"].value("agentId", "") != person(who).agent_id)
            violate("the session is somebody else's");
        for (const auto& [actor, is_text] : {std::pair{&send_, true}, std::pair{&call_, false}}) {
            if (!actor->busy() || actor->place() != "wire") continue;
            const auto& given = street_.providers.given;
            const auto last = std::find_if(given.rbegin(), given.rend(), [&](const auto& one) {
                return (one.text != "call") == is_text;
            });
            if (last->by_ai) on_wire.insert(last->id);
        }
        if (told["pendingSends"].get<std::set<std::string>>() != on_wire)
            violate("a join does not name what is on the wire: " + told["pendingSends"].dump());
        holder_ = who;
    } catch (const serve::Refused& refused) {
        if (!street_.house().alive()) return;
        if (refused.problem.code != "ALREADY_UNDER_HUMAN_CONTROL")
            return violate("a join was refused: " + refused.problem.code);
        if (!holder_ || *holder_ == who) return violate("a join was refused, nobody else holds it");
        if (refused.problem.detail.find(person(*holder_).agent_name) == std::string::npos)
            violate("a refusal does not name the holder: " + refused.problem.detail);
    }
}

template <typename Verb>
bool Race::as_holder(const char* name, Verb verb) {
    if (!holder_) return false;
    const char who = *holder_;
    try {
        verb(person(who));
        if (holder_ != who) violate(std::string(name) + " by somebody who does not hold it");
        return true;
    } catch (const serve::Refused& refused) {
        if (street_.house().alive() && holder_ == who)
            violate(std::string(name) + " was refused to the holder: " + refused.problem.code);
        return false;
    }
}

void Race::plain() {
    try {
        street_.house().control->send_plain(
            person('b'), {customer_, "Plain " + std::to_string(++texts_), "text", ""});
        if (holder_ && *holder_ != 'b') violate("a plain text came between the holder and theirs");
    } catch (const serve::Refused& refused) {
        if (street_.house().alive() && (!holder_ || *holder_ == 'b'))
            violate("a plain text was refused: " + refused.problem.code);
    }
}

void Race::leave() {
    if (as_holder("leave", [&](const control::Person& who) {
            street_.house().control->leave(who, {customer_, "", {}, true, false});
        }))
        holder_.reset();
}

void Race::transfer() {
    const char to = holder_ == 'a' ? 'b' : 'a';
    if (as_holder("transfer", [&](const control::Person& who) {
            street_.house().control->transfer(
                who, {customer_, person(to).agent_id, person(to).agent_name});
        }))
        holder_ = to;
}

/// The workers' threads end without a trace, as they would have; who holds the conversation
/// is what the store says, for nobody heard of the last commit.
void Race::die() {
    street_.house().die();
    turn_.run_out();
    send_.run_out();
    call_.run_out();
    street_.rebuild();
    const store::Snapshot now = snapshot();
    holder_.reset();
    if (now.session) holder_ = now.session->agent_id.back();
}

void Race::finish() {
    turn_.run_out();
    send_.run_out();
    call_.run_out();
    if (holder_) act({'l'});
    come_to_rest();
    look_at_answers();
}

void Race::come_to_rest() {
    using store::OwedKind;
    House& house = street_.house();
    const std::array<dispatch::Desk*, 3> desks{house.turns.get(), house.sender.get(),
                                               house.calls.get()};
    // Far more rounds than retries and look-ups are allowed.
    for (unsigned i = 0; i < 100; ++i) {
        bool any = false;
        Time next{};
        for (dispatch::Desk* desk : desks) {
            for (const store::Owed& row : due(desk->kind(), street_.clock.now())) {
                any = true;
                desk->work(row);
            }
            if (any) continue;
            for (const store::Owed& row :
                 due(desk->kind(), street_.clock.now() + std::chrono::hours{24})) {
                const Time at = std::max(row.due_at, row.lease_until);
                if (next == Time{} || at < next) next = at;
            }
        }
        if (!any && next == Time{}) return;
        if (!any) street_.clock.advance(std::max(next - street_.clock.now(), Milliseconds{1}));
    }
    violate("there is no rest");
}

void Race::look_at_answers() {
    auto messages = value(street_.house().store().messages(organization_id, customer_, 0, 200));
    std::reverse(messages.begin(), messages.end());
    const auto processed = value(store::read_processed(street_.house().store(), organization_id,
                                                       customer_, street_.clock.now()));
    bool by_ai_before = false;
    std::string waits;
    for (const domain::Message& message : messages) {
        if (message.type != domain::MessageType::Text) continue;
        if (message.author == domain::Author::Customer) {
            const bool dealt_with =
                message.number <= processed.through ||
                std::count(processed.ids.begin(), processed.ids.end(), message.id) > 0;
            if (!dealt_with) waits = message.content;
            by_ai_before = false;
            continue;
        }
        const bool sent = street_.providers.has(message.id);
        const bool by_ai = message.author == domain::Author::Ai;
        if (message.delivery != domain::Delivery::Superseded &&
            message.delivery != domain::Delivery::Sent)
            violate("'" + message.content + "' is left " +
                    std::string(domain::word(message.delivery)));
        if (!sent) continue;
        if (message.delivery == domain::Delivery::Superseded)
            violate("'" + message.content + "' was superseded and sent");
        if (by_ai && by_ai_before) violate("the AI answered twice: '" + message.content + "'");
        by_ai_before = by_ai;
        waits.clear();
    }
    if (!waits.empty()) violate("nobody answered '" + waits + "'");
}

}  // namespace tandem::races
