#include "operate/isolation_walk.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "operate/percent.h"

namespace tandem::operate::isolation {

namespace {

constexpr char person_phone[] = "+15550100142";  // of both: the same customer of two businesses
constexpr char north_phone[] = "+15550100143";   // a customer of the north alone
constexpr char later_phones[] = "+155501001";    // and two digits
constexpr char nobody_phone[] = "+15550100942";
constexpr auto look_again = std::chrono::milliseconds(50);
constexpr int calm_within_s = 20;
constexpr size_t least_id = 8;  // shorter texts are words, and stand in anybody's answers

/// Thrown at the first leak where that is enough.
struct Enough {};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_mark(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-' ||
           c == ':' || c == '.' || c == 'T' || c == 'Z';
}

/// A text of the same form that nobody has.
std::string twin_of(const std::string& value) {
    if (value == north_phone || value == person_phone) return nobody_phone;
    std::string twin = value;
    for (size_t i = twin.size() / 2; i < twin.size(); ++i) {
        if (is_digit(twin[i]))
            twin[i] = static_cast<char>('0' + (twin[i] - '0' + 3) % 10);
        else if (twin[i] >= 'a' && twin[i] <= 'f')
            twin[i] = static_cast<char>('a' + (twin[i] - 'a' + 2) % 6);
        else if (twin[i] >= 'g' && twin[i] <= 'z')
            twin[i] = static_cast<char>('g' + (twin[i] - 'g' + 5) % 20);
    }
    return twin == value ? value + "0" : twin;
}

void replace(std::string& text, const std::string& what, const std::string& with) {
    if (what.empty()) return;
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
}

/// What two answers may differ in goes: the value asked for, ids, times and durations.
std::string masked(std::string text, const std::string& value) {
    replace(text, value, "<value>");
    replace(text, encoded(value), "<value>");
    if (!value.empty() && value[0] == '+') replace(text, value.substr(1), "<value>");
    std::string out;
    for (size_t i = 0; i < text.size();) {
        size_t end = i;
        bool number = false;
        for (; end < text.size() && is_mark(text[end]); ++end)
            number = number || is_digit(text[end]);
        if (end - i >= 6 && number) {
            out += '#';
            i = end;
        } else if (end == i) {
            out += text[i++];
        } else {
            out.append(text, i, end - i);
            i = end;
        }
    }
    for (const char* name : {"uration\":", "timeInCallSecs\":", "retry: "}) {
        for (size_t at = 0; (at = out.find(name, at)) != std::string::npos;) {
            at += std::string(name).size();
            size_t end = at;
            while (end < out.size() && is_digit(out[end])) ++end;
            out.replace(at, end - at, "#");
        }
    }
    return out;
}

std::string field(const std::string& json, const std::string& name) {
    const std::string begin = "\"" + name + "\":\"";
    const size_t at = json.find(begin);
    if (at == std::string::npos) return {};
    return json.substr(at + begin.size(), json.find('"', at + begin.size()) - at - begin.size());
}

/// What must be equal for what is foreign and for what is nobody's. What a request changed in
/// the asker's own house may be worded by what else goes on there.
std::string essence(const Answered& answer, const Operation& operation, const std::string& value) {
    const std::string status = std::to_string(answer.status) + ' ';
    if (operation.reads()) return status + masked(answer.body, value);
    return status + field(answer.body, "code") + ' ' + masked(field(answer.body, "detail"), value);
}

bool is_stream(const Operation& operation) {
    return operation.reads() && operation.path.rfind("/api/stream/", 0) == 0;
}

}  // namespace

Walk::Walk(const House& house, const Operations& operations, bool ends_early)
    : house_(house), operations_(operations), ends_early_(ends_early) {
    north_.token = house.token(House::north, "agent-north");
    north_.phone = person_phone;
    north_.business_number = House::north_number;
    north_.canary = "canary" + random_hex(8) + "north";
    south_.token = house.token(House::south, "agent-south");
    south_.phone = "+15550200142";
    south_.business_number = House::south_number;
    south_.canary = "canary" + random_hex(8) + "south";
}

Result<Report> Walk::run() {
    try {
        report_.operations = operations_.all().size();
        seed();
        settle();
        const std::string before = picture();
        swap_all();
        settle();
        if (picture() != before) leak("the north's data changed while the south asked");
        watch_streams();
        control();
        read_traces();
    } catch (const Enough&) {
        return report_;
    } catch (const std::runtime_error& gone) {
        return Error{Code::Unavailable, gone.what()};
    }
    return report_;
}

Answered Walk::send(const Asked& asked) {
    ++report_.requests;
    auto answer = ask(house_.port(), asked);
    if (!answer) throw std::runtime_error(answer.error().text);
    return *std::move(answer);
}

void Walk::leak(const std::string& what) {
    if (std::find(report_.leaks.begin(), report_.leaks.end(), what) == report_.leaks.end())
        report_.leaks.push_back(what);
    if (ends_early_) throw Enough();
}

void Walk::do_all(const std::string& method, Person& person) {
    for (const Operation& operation : operations_.all()) {
        if (operation.method != method || operation.webhook) continue;
        // Each lives its life out of order where it must: what ends a session or undoes is left
        // to `control`.
        if (operation.path.find("/leave") != std::string::npos ||
            operation.path.find("/transfer") != std::string::npos ||
            operation.path.find("/retry") != std::string::npos)
            continue;
        Choice choice;
        for (const Slot& slot : operation.slots) {
            if (slot.place == Slot::Place::Header && slot.name == "Idempotency-Key")
                choice[{slot.place, slot.name}] = person.canary + operation.id;
        }
        const auto asked = operations_.request(operation, person, true, choice);
        if (!asked) continue;
        const Answered answer = send(*asked);
        Operations::harvest(operation, answer.body, person);
        for (const auto& [where, key] : choice) person.ids[where.second].insert(key);
    }
}

void Walk::read_all(Person& person) {
    for (int round = 0; round < 2; ++round) {
        for (const Operation& operation : operations_.all()) {
            if (!operation.reads() || operation.webhook || !operation.guarded) continue;
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
                const auto asked = operations_.request(operation, person, false, choice);
                if (asked) Operations::harvest(operation, send(*asked).body, person);
            }
        }
    }
}

void Walk::owe_for_later(Person& person) {
    // Of customers whom nobody took over.
    const std::string phone = std::exchange(person.phone, later_phones + std::to_string(owed_++));
    for (const Operation& operation : operations_.all()) {
        for (const Slot& slot : operation.slots) {
            if (slot.place != Slot::Place::Body || slot.name.find("scheduled") != 0) continue;
            const auto later = iso8601(SystemClock().now() + std::chrono::hours(24));
            const auto asked =
                operations_.request(operation, person, true, {{{slot.place, slot.name}, later}});
            if (asked) Operations::harvest(operation, send(*asked).body, person);
        }
    }
    person.phone = phone;
}

void Walk::seed() {
    Person& customer = north_;
    // A customer of the north alone first, then one whom both know.
    for (const char* phone : {north_phone, person_phone}) {
        customer.phone = phone;
        // Twice: what the first round gave, the second can name.
        for (int round = 0; round < 2; ++round) {
            do_all("POST", customer);
            do_all("PATCH", customer);
        }
        owe_for_later(customer);
        read_all(customer);
    }
    south_.phone = person_phone;
    do_all("POST", south_);
    read_all(south_);
    customer.ids["phones"] = {north_phone, person_phone};
}

void Walk::settle() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(calm_within_s);
    std::string last = picture();
    for (int same = 0; same < 4;) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("the north does not come to rest");
        std::this_thread::sleep_for(look_again * 2);
        std::string now = picture();
        same = now == last ? same + 1 : 0;
        last = std::move(now);
    }
}

std::string Walk::picture() {
    std::string all;
    for (const char* phone : {north_phone, person_phone}) {
        north_.phone = phone;
        for (const Operation& operation : operations_.all()) {
            if (!operation.reads() || operation.webhook || !operation.guarded ||
                is_stream(operation) || operation.path == "/metrics")
                continue;
            const auto asked = operations_.request(operation, north_, false);
            if (!asked) continue;
            const Answered answer = send(*asked);
            all += operation.id + ' ' + std::to_string(answer.status) + ' ' +
                   field(answer.body, "position") + ' ' + masked(answer.body, "") + '\n';
        }
    }
    return all;
}

void Walk::search(const Answered& answer, const std::string& where, const std::string& sent) {
    const std::string all = answer.head + answer.body;
    const auto foreign = [&](const std::string& text) {
        return all.find(text) != std::string::npos && sent.find(text) == std::string::npos &&
               sent.find(encoded(text)) == std::string::npos;
    };
    if (all.find(north_.canary) != std::string::npos &&
        sent.find(north_.canary) == std::string::npos)
        leak(where + ": a text of the north's");
    for (const auto& [name, values] : north_.ids) {
        if (name.find(' ') != std::string::npos) continue;
        const bool id = name == "id" || name.find("Id") != std::string::npos ||
                        name == "position" || name == "messageSid" || name == "callSid" ||
                        name == "ticket";
        if (!id || name == "organizationId" || name == "userId" || name == "agentId") continue;
        for (const std::string& value : values) {
            const auto& own = south_.ids[name];
            if (value.size() >= least_id && own.count(value) == 0 && foreign(value))
                leak(where + ": the north's " + name);
        }
    }
    if (foreign(House::north_number)) leak(where + ": the north's business number");
}

void Walk::swap_all() {
    // What removes comes last, what reads first: each finds what there is to find.
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const Operation& operation : operations_.all()) {
            if (operation.method != method) continue;
            const auto own = operations_.request(operation, south_, true);
            bool asked_once = own.has_value();
            if (own) search(send(*own), operation.id, own->target + own->body);
            for (const Slot& slot : operation.slots) {
                for (const std::string& word : slot.words) {
                    const auto worded = operations_.request(operation, south_, true,
                                                            {{{slot.place, slot.name}, word}});
                    if (worded)
                        search(send(*worded), operation.id + " with " + slot.name + "=" + word,
                               worded->target + worded->body);
                }
                if (slot.kind == Slot::Kind::Position) replay(operation, slot);
                const bool known = !Operations::values(operation, slot, north_).empty();
                asked_once = asked_once || known;
                swap(operation, slot);
            }
            const bool unknown =
                std::any_of(operation.slots.begin(), operation.slots.end(), [&](const Slot& slot) {
                    return slot.place == Slot::Place::Path &&
                           Operations::values(operation, slot, north_).empty();
                });
            if ((!asked_once || unknown) && !operation.webhook)
                report_.unreached.push_back(operation.id);
            if (operation.guarded && !operation.webhook) name_other_organization(operation);
        }
    }
}

void Walk::replay(const Operation& operation, const Slot& slot) {
    for (const std::string& last : Operations::values(operation, slot, south_)) {
        const std::string first = last.substr(0, last.rfind('-') + 1) + "1";
        const auto asked =
            operations_.request(operation, south_, true, {{{slot.place, slot.name}, first}});
        if (asked)
            search(send(*asked), operation.id + " from the beginning", asked->target + first);
    }
}

void Walk::swap(const Operation& operation, const Slot& slot) {
    Values values = Operations::values(operation, slot, north_);
    if (slot.kind == Slot::Kind::Phone) values = {north_phone, person_phone};
    for (const std::string& value : values) {
        const std::string twin =
            slot.kind == Slot::Kind::BusinessNumber ? "+15550300000" : twin_of(value);
        // A customer whom both know is in the south's own right there; only foreign words count.
        const bool comparable = value != person_phone;
        Answered answers[2];
        std::string essences[2];
        for (int attempt = 0; attempt < 20; ++attempt) {
            for (int i = 0; i < 2; ++i) {
                const std::string& used = i == 0 ? value : twin;
                const auto asked =
                    operations_.request(operation, south_, true, {{{slot.place, slot.name}, used}});
                if (!asked) return;
                answers[i] = send(*asked);
                if (i == 0)
                    search(answers[0], operation.id + " with the north's " + slot.name,
                           asked->target + asked->body);
                essences[i] = essence(answers[i], operation, used);
            }
            // What the south itself set going goes on meanwhile: a read may be asked again.
            if (essences[0] == essences[1] || !operation.reads()) break;
            std::this_thread::sleep_for(look_again);
        }
        ++report_.compared;
        if (comparable && essences[0] != essences[1])
            leak(operation.id + ": the north's " + slot.name + " is not answered as nobody's (" +
                 std::to_string(answers[0].status) + ' ' + field(answers[0].body, "code") + ", " +
                 std::to_string(answers[1].status) + ' ' + field(answers[1].body, "code") + ')');
    }
}

void Walk::name_other_organization(const Operation& operation) {
    std::vector<std::pair<Slot::Place, std::string>> places = {
        {Slot::Place::Query, "organizationId"}, {Slot::Place::Header, "organizationId"}};
    for (const Slot& slot : operation.slots)
        if (slot.kind == Slot::Kind::Organization && slot.place == Slot::Place::Body)
            places.emplace_back(slot.place, slot.name);
    for (const auto& place : places) {
        // A guard looks at it before the resource, so that any value may stand in the path.
        Person whoever = south_;
        for (const auto& [name, values] : north_.ids)
            whoever.ids[name].insert(values.begin(), values.end());
        auto asked = operations_.request(
            operation, whoever, true,
            place.first == Slot::Place::Query ? Choice{} : Choice{{place, House::north}});
        if (!asked) continue;
        if (place.first == Slot::Place::Query)
            asked->target += (asked->target.find('?') == std::string::npos ? "?" : "&") +
                             std::string("organizationId=") + House::north;
        const Answered answer = send(*asked);
        search(answer, operation.id + " for the north", asked->target + asked->body);
        const std::string code = field(answer.body, "code");
        const bool metrics = operation.path == "/metrics";  // free on this machine
        if (!metrics && code != "ORGANIZATION_ACCESS_DENIED" && answer.status < 400)
            leak(operation.id + ": the south may name the north in " +
                 (place.first == Slot::Place::Query    ? "the query"
                  : place.first == Slot::Place::Header ? "a header"
                                                       : "the body"));
    }
}

}  // namespace tandem::operate::isolation
