#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "trespass/compare.h"
#include "trespass/walk.h"

namespace tandem::trespass {

namespace {

constexpr int told_within_s = 20;

/// By the number: of a lead that nobody has and a number, a conversation is the number's.
Choice by_number(const Operation& operation, const std::string& phone) {
    Choice choice;
    for (const Slot& slot : operation.slots) {
        if (slot.place == Slot::Place::Path) choice[{slot.place, slot.name}] = "none";
        if (slot.kind == Slot::Kind::Phone) choice[{slot.place, slot.name}] = phone;
        if (slot.name == "load") choice[{slot.place, slot.name}] = "true";
    }
    return choice;
}

void name_in_query(Asked& asked, const std::string& name, const std::string& value) {
    asked.target += (asked.target.find('?') == std::string::npos ? "?" : "&") + name + "=" + value;
}

}  // namespace

std::optional<Asked> Walk::by_ticket(const Operation& operation, const Choice& order,
                                     const Choice& place) {
    const auto& all = inquiry_.operations.all();
    const auto office = std::find_if(all.begin(), all.end(), [](const Operation& one) {
        return one.method == "POST" && one.path.rfind("/tickets") == one.path.size() - 8;
    });
    if (office == all.end()) return std::nullopt;
    const auto ordered = inquiry_.operations.request(*office, south_, false, order);
    if (!ordered) return std::nullopt;
    const std::string ticket = field(inquiry_.send(*ordered).body, "ticket");
    if (ticket.empty()) return std::nullopt;
    Person bare = south_;
    bare.token.clear();
    auto asked = inquiry_.operations.request(operation, bare, false, place);
    if (asked) name_in_query(*asked, "ticket", ticket);
    return asked;
}

void Walk::swap_tickets() {
    using Place = Slot::Place;
    swap_ticket({{{Place::Body, "organization"}, "true"}}, true);
    swap_ticket({{{Place::Body, "phoneNumber"}, south_.phone}}, true);
    swap_ticket({{{Place::Body, "phoneNumber"}, House::north_customer}}, false);
    for (const bool own : {true, false})
        for (const std::string& lead : (own ? south_ : north_).ids["leadId"])
            swap_ticket({{{Place::Body, "leadId"}, lead}}, own);
    // Each stream was opened by one of them, or nothing was shown by being refused.
    for (const Operation& operation : inquiry_.operations.all())
        if (operation.stream && ticketed_.count(operation.id) == 0)
            inquiry_.unreached(operation.id + ": no ticket opened it");
}

/// What one ticket opens, at the south's own places and at the north's.
void Walk::swap_ticket(const Choice& order, bool own) {
    for (const Operation& operation : inquiry_.operations.all()) {
        if (!operation.stream) continue;
        const std::string where = operation.id + " by a ticket";
        for (const std::string& phone : {south_.phone, std::string(House::north_customer)}) {
            const auto asked = by_ticket(operation, order, by_number(operation, phone));
            if (!asked) continue;
            const Answered answer = inquiry_.search(*asked, where, north_, south_);
            if (own && answer.body.find("connected") != std::string::npos)
                ticketed_.insert(operation.id);
        }
        for (const Slot& slot : operation.slots) {
            for (const std::string& value : Operations::values(operation, slot, north_)) {
                const auto ask = [&](const std::string& used,
                                     bool foreign) -> std::optional<Answered> {
                    const auto asked =
                        by_ticket(operation, order, {{{slot.place, slot.name}, used}});
                    if (!asked) return std::nullopt;
                    if (!foreign) return inquiry_.send(*asked);
                    return inquiry_.search(*asked, where, north_, south_);
                };
                const auto both = compare(value, true, ask);
                if (!both) return;
                if (!both->alike)
                    inquiry_.leak(where + ": the north's " + slot.name +
                                  " is not answered as nobody's (" + outcome_of(both->foreign) +
                                  ", " + outcome_of(both->nobodys) + ')');
            }
        }
        if (auto asked = by_ticket(operation, order, by_number(operation, south_.phone))) {
            name_in_query(*asked, "organizationId", House::north);
            const Answered answer = inquiry_.search(*asked, where, north_, south_);
            if (answer.status < 400 && answer.status != 204)
                inquiry_.leak(where + ": the south may name the north in the query");
        }
    }
}

void Walk::watch() {
    using Streams = std::vector<std::pair<std::string, std::unique_ptr<Watched>>>;
    const std::string phone = House::common_customer;
    const auto watch_one = [this](Streams& streams, const std::string& id,
                                  const std::optional<Asked>& asked) {
        if (!asked) return inquiry_.unreached(id + ": the audit could not name what it is about");
        streams.emplace_back(id, std::make_unique<Watched>(inquiry_.house.port(), *asked));
    };
    north_.phone = south_.phone = phone;
    const std::string north_before = north_.canary, south_before = south_.canary;
    Streams souths, norths;
    for (const Operation& operation : inquiry_.operations.all()) {
        if (!operation.stream) continue;
        Choice place = by_number(operation, phone);
        for (const Slot& slot : operation.slots)
            if (slot.name == "load") place.erase({slot.place, slot.name});
        watch_one(norths, operation.id,
                  inquiry_.operations.request(operation, north_, false, place));
        watch_one(souths, operation.id,
                  inquiry_.operations.request(operation, south_, false, place));
        const bool of_one = place.size() > 0;
        const Choice order = of_one ? Choice{{{Slot::Place::Body, "phoneNumber"}, phone}}
                                    : Choice{{{Slot::Place::Body, "organization"}, "true"}};
        watch_one(souths, operation.id + " by a ticket", by_ticket(operation, order, place));
    }
    for (const Streams* all : {&souths, &norths})
        for (const auto& [id, stream] : *all)
            if (!stream->await("\"connected\"", told_within_s))
                inquiry_.unreached(id + ": the stream did not begin");
    north_.canary += "live";
    south_.canary += "live";
    inquiry_.do_all("POST", north_);
    inquiry_.do_all("POST", south_);
    // Each sees its own, or nothing was shown by seeing nothing else.
    for (const auto& [id, stream] : norths)
        if (!stream->await(north_.canary, told_within_s))
            inquiry_.unreached(id + ": the north's own was not told");
    for (const auto& [id, stream] : souths) {
        const bool told = stream->await(south_.canary, told_within_s);
        const std::string seen = stream->seen();
        if (seen.find(north_before) != std::string::npos)
            inquiry_.leak(id + ": a text of the north's, live");
        inquiry_.search(seen, id + ", live", "", north_, south_);
        if (!told) inquiry_.unreached(id + ": the south's own was not told");
    }
    for (const auto& [id, stream] : norths)
        if (stream->seen().find(south_before) != std::string::npos)
            inquiry_.leak(id + ": a text of the south's, live");
}

}  // namespace tandem::trespass
