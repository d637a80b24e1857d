#include "trespass/walk.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "trespass/compare.h"

namespace tandem::trespass {

namespace {

constexpr auto look_again = std::chrono::milliseconds(50);
constexpr int most_attempts = 20;

}  // namespace

Walk::Walk(Inquiry& inquiry)
    : inquiry_(inquiry),
      north_(inquiry.house.person(House::north)),
      south_(inquiry.house.person(House::south)) {
    north_.phones = {House::north_customer, House::common_customer};
    south_.phones = {House::common_customer};
}

void Walk::seed() {
    // A customer of the north alone first, then one whom both know.
    for (const std::string& phone : north_.phones) {
        north_.phone = phone;
        // Twice: what the first round gave, the second can name.
        for (int round = 0; round < 2; ++round) {
            inquiry_.do_all("POST", north_);
            inquiry_.do_all("PATCH", north_);
        }
        inquiry_.owe_for_later(north_);
        inquiry_.read_all(north_);
    }
    south_.phone = House::common_customer;
    inquiry_.do_all("POST", south_);
    inquiry_.read_all(south_);
    inquiry_.settle(north_);
}

template <typename Work>
void Walk::changing_nothing(Work work) {
    const std::string before = inquiry_.picture(north_);
    work();
    inquiry_.settle(north_);
    if (inquiry_.picture(north_) != before)
        inquiry_.leak("the north's data changed while the south asked");
}

void Walk::swap_requests() {
    changing_nothing([this] {
        // What removes comes last, what reads first: each finds what there is to find.
        for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
            for (const Operation& operation : inquiry_.operations.all())
                if (operation.method == method && !operation.stream && !operation.webhook)
                    visit(operation);
    });
    // What came to be the south's by all that; ids it may have by asking with them.
    Person words = north_;
    words.ids.clear();
    for (const Operation& operation : inquiry_.operations.all()) {
        if (!operation.reads() || operation.webhook || operation.stream) continue;
        if (const auto asked = inquiry_.operations.request(operation, south_, false))
            inquiry_.search(*asked, operation.id + " afterwards", words, south_);
    }
}

void Walk::swap_streams() {
    changing_nothing([this] {
        for (const Operation& operation : inquiry_.operations.all())
            if (operation.stream) visit(operation);
        swap_tickets();
    });
    watch();
}

void Walk::visit(const Operation& operation) {
    const auto own = inquiry_.operations.request(operation, south_, true);
    bool asked_once = own.has_value();
    if (own) inquiry_.search(*own, operation.id, north_, south_);
    bool nameless = false;
    for (const Slot& slot : operation.slots) {
        for (const std::string& word : slot.words) {
            const auto worded = inquiry_.operations.request(operation, south_, true,
                                                            {{{slot.place, slot.name}, word}});
            if (worded)
                inquiry_.search(*worded, operation.id + " with " + slot.name + "=" + word, north_,
                                south_);
        }
        if (slot.kind == Slot::Kind::Position) replay(operation, slot);
        const bool known = !Operations::values(operation, slot, north_).empty();
        asked_once = asked_once || known;
        nameless = nameless || (slot.place == Slot::Place::Path && !known);
        swap(operation, slot);
    }
    if (!asked_once || nameless)
        inquiry_.unreached(operation.id + ": the audit could not name what it is about");
    if (operation.guarded) name_other_organization(operation);
}

void Walk::replay(const Operation& operation, const Slot& slot) {
    for (const std::string& last : Operations::values(operation, slot, south_)) {
        const std::string first = last.substr(0, last.rfind('-') + 1) + "1";
        const auto asked = inquiry_.operations.request(operation, south_, true,
                                                       {{{slot.place, slot.name}, first}});
        if (asked) inquiry_.search(*asked, operation.id + " from the beginning", north_, south_);
    }
}

void Walk::swap(const Operation& operation, const Slot& slot) {
    std::vector<std::string> values = Operations::values(operation, slot, north_);
    if (slot.kind == Slot::Kind::Phone) values = north_.phones;
    const std::string what = slot.name;
    for (const std::string& value : values) {
        const auto ask = [&](const std::string& used, bool foreign) -> std::optional<Answered> {
            const auto asked = inquiry_.operations.request(operation, south_, true,
                                                           {{{slot.place, slot.name}, used}});
            if (!asked) return std::nullopt;
            if (!foreign) return inquiry_.send(*asked);
            return inquiry_.search(*asked, operation.id + " with the north's " + what, north_,
                                   south_);
        };
        const auto both = compare(value, operation.reads(), ask);
        if (!both) return;
        if (!both->alike)
            inquiry_.leak(operation.id + ": the north's " + what +
                          " is not answered as nobody's (" + outcome_of(both->foreign) + ", " +
                          outcome_of(both->nobodys) + ')');
    }
}

std::optional<Walk::Compared> Walk::compare(const std::string& value, bool reads, const Ask& ask) {
    const std::string twin = twin_of(value);
    Compared both;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        if (attempt > 0) std::this_thread::sleep_for(look_again);
        auto foreign = ask(value, true);
        if (!foreign) return std::nullopt;
        auto nobodys = ask(twin, false);
        if (!nobodys) return std::nullopt;
        both = {std::move(*foreign), std::move(*nobodys), false};
        // A customer whom both know is in the south's own right there; only foreign words count.
        both.alike = value == House::common_customer ||
                     essence(both.foreign, reads, value) == essence(both.nobodys, reads, twin);
        if (both.alike || !reads) break;
    }
    ++inquiry_.report.compared;
    return both;
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
        auto asked = inquiry_.operations.request(
            operation, whoever, true,
            place.first == Slot::Place::Query ? Choice{} : Choice{{place, House::north}});
        if (!asked) continue;
        if (place.first == Slot::Place::Query)
            asked->target += (asked->target.find('?') == std::string::npos ? "?" : "&") +
                             std::string("organizationId=") + House::north;
        const Answered answer =
            inquiry_.search(*asked, operation.id + " for the north", north_, south_);
        const std::string code = field(answer.body, "code");
        const bool metrics = operation.path == "/metrics";  // free on this machine
        if (!metrics && code != "ORGANIZATION_ACCESS_DENIED" && answer.status < 400)
            inquiry_.leak(operation.id + ": the south may name the north in " +
                          (place.first == Slot::Place::Query    ? "the query"
                           : place.first == Slot::Place::Header ? "a header"
                                                                : "the body"));
    }
}

void Walk::control() {
    inquiry_.owe_for_later(north_);
    inquiry_.owe_for_later(north_);
    inquiry_.read_all(north_);
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const Operation& operation : inquiry_.operations.all()) {
            if (operation.method != method || operation.webhook || operation.stream) continue;
            const auto slot = std::find_if(
                operation.slots.begin(), operation.slots.end(),
                [](const Slot& one) { return one.place == Slot::Place::Path && one.required; });
            if (slot == operation.slots.end()) continue;
            bool found = false;
            for (const std::string& value : Operations::values(operation, *slot, north_)) {
                if (found) break;  // what it takes away others may name
                const auto asked = inquiry_.operations.request(
                    operation, north_, true, {{{slot->place, slot->name}, value}});
                found = found || (asked && inquiry_.send(*asked).status != 404);
            }
            if (!found)
                inquiry_.unreached(operation.id + ": the north itself was answered as nobody");
        }
    }
}

}  // namespace tandem::trespass
