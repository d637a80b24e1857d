#include "trespass/inquiry.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/percent.h"
#include "trespass/compare.h"

namespace tandem::trespass {

namespace {

constexpr char later_phones[] = "+155501001";  // and two digits
constexpr auto look_again = std::chrono::milliseconds(150);
constexpr int enough_alike = 2;  // pictures in a row, and it is at rest
constexpr int calm_within_s = 60;
constexpr size_t least_id = 8;  // shorter texts are words, and stand in anybody's answers

bool names_data(const std::string& name) {
    if (name.find(' ') != std::string::npos) return false;
    if (name == "organizationId" || name == "userId" || name == "agentId") return false;
    return name == "id" || name.find("Id") != std::string::npos || name == "position" ||
           name == "messageSid" || name == "callSid" || name == "ticket";
}

/// What ends a session or undoes something is left to `control` of the walk.
bool ends_something(const Operation& operation) {
    for (const char* verb : {"/leave", "/transfer", "/retry"})
        if (operation.path.find(verb) != std::string::npos) return true;
    return false;
}

}  // namespace

Answered Inquiry::send(const Asked& asked) {
    ++report.requests;
    auto answer = ask(house.port(), asked);
    if (!answer) throw std::runtime_error(answer.error().text);
    return *std::move(answer);
}

void Inquiry::leak(const std::string& what) {
    if (std::find(report.leaks.begin(), report.leaks.end(), what) == report.leaks.end())
        report.leaks.push_back(what);
    if (ends_early_) throw Enough();
}

void Inquiry::search(const std::string& told, const std::string& where, const std::string& sent,
                     const Person& owner, const Person& asker) {
    const auto foreign = [&](const std::string& text) {
        return told.find(text) != std::string::npos && sent.find(text) == std::string::npos &&
               sent.find(percent_encoded(text)) == std::string::npos;
    };
    const std::string whose = where + ": the " + owner.organization + "'s ";
    if (foreign(owner.canary)) leak(where + ": a text of the " + owner.organization + "'s");
    for (const auto& [name, values] : owner.ids) {
        if (!names_data(name)) continue;
        const auto own = asker.ids.find(name);
        for (const std::string& value : values) {
            const bool shared = own != asker.ids.end() && own->second.count(value) > 0;
            if (value.size() >= least_id && !shared && foreign(value)) leak(whose + name);
        }
    }
    if (foreign(owner.business_number)) leak(whose + "business number");
}

Answered Inquiry::search(const Asked& asked, const std::string& where, const Person& owner,
                         const Person& asker) {
    Answered answer = send(asked);
    // Not its fields: no answer repeats one.
    search(answer.head + answer.body, where, asked.target + asked.body, owner, asker);
    return answer;
}

void Inquiry::do_all(const std::string& method, Person& person) {
    for (const Operation& operation : operations.all()) {
        if (operation.method != method || operation.webhook || ends_something(operation)) continue;
        Choice choice;
        for (const Slot& slot : operation.slots)
            if (slot.place == Slot::Place::Header && slot.name == "Idempotency-Key")
                choice[{slot.place, slot.name}] = person.canary + operation.id;
        const auto asked = operations.request(operation, person, true, choice);
        if (!asked) continue;
        Operations::harvest(operation, send(*asked).body, person);
        for (const auto& [where, key] : choice) person.ids[where.second].insert(key);
    }
}

void Inquiry::read_all(Person& person) {
    // Twice: what the first round gave, the second can name.
    for (int round = 0; round < 2; ++round) {
        for (const Operation& operation : operations.all()) {
            if (!operation.reads() || operation.webhook || !operation.guarded || operation.stream)
                continue;
            for (const bool short_page : {false, true}) {
                Choice choice;
                for (const Slot& slot : operation.slots) {
                    const bool limit = slot.name == "limit" && short_page;
                    if (limit) choice[{slot.place, slot.name}] = "1";
                    if (slot.name == "state") choice[{slot.place, slot.name}] = "waiting";
                    if (slot.name == "status" && slot.place == Slot::Place::Query)
                        choice[{slot.place, slot.name}] = "all";
                }
                if (short_page && choice.empty()) continue;
                const auto asked = operations.request(operation, person, false, choice);
                if (asked) Operations::harvest(operation, send(*asked).body, person);
            }
        }
    }
}

void Inquiry::owe_for_later(Person& person) {
    const std::string phone = person.phone;
    person.phone = later_phones + std::to_string(owed_++);
    for (const Operation& operation : operations.all()) {
        for (const Slot& slot : operation.slots) {
            if (slot.place != Slot::Place::Body || slot.name.find("scheduled") != 0) continue;
            const auto later = iso8601(SystemClock().now() + std::chrono::hours(24));
            const auto asked =
                operations.request(operation, person, true, {{{slot.place, slot.name}, later}});
            if (asked) Operations::harvest(operation, send(*asked).body, person);
        }
    }
    person.phone = phone;
}

std::string Inquiry::picture(Person person) {
    std::string all;
    for (const std::string& phone : person.phones) {
        person.phone = phone;
        for (const Operation& operation : operations.all()) {
            // Counts are all organisations'; an export is written down itself.
            const bool moves =
                operation.path == "/metrics" || operation.path.find("/export") != std::string::npos;
            if (!operation.reads() || operation.webhook || !operation.guarded || operation.stream ||
                moves)
                continue;
            const auto asked = operations.request(operation, person, false);
            if (!asked) continue;
            const Answered answer = send(*asked);
            all += operation.id + ' ' + std::to_string(answer.status) + ' ' +
                   field(answer.body, "position") + ' ' + masked(answer.body, "") + '\n';
        }
    }
    return all;
}

void Inquiry::settle(const Person& person) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(calm_within_s);
    std::string last = picture(person);
    for (int same = 0; same < enough_alike;) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("the " + person.organization + " does not come to rest");
        std::this_thread::sleep_for(look_again);
        std::string now = picture(person);
        same = now == last ? same + 1 : 0;
        last = std::move(now);
    }
}

}  // namespace tandem::trespass
