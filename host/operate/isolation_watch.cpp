#include <algorithm>
#include <memory>

#include "operate/isolation_walk.h"

namespace tandem::operate::isolation {

namespace {

constexpr char shared_phone[] = "+15550100142";
constexpr int told_within_s = 20;

bool is_stream(const Operation& operation) {
    return operation.reads() && operation.path.rfind("/api/stream/", 0) == 0;
}

/// How often it stands there.
size_t count_of(const std::string& text, const std::string& what) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++count;
    return count;
}

}  // namespace

void Walk::watch_streams() {
    using Streams = std::vector<std::pair<std::string, std::unique_ptr<Watched>>>;
    const auto open = [this](const Person& person) {
        Streams streams;
        for (const Operation& operation : operations_.all()) {
            if (!is_stream(operation)) continue;
            Choice choice;
            for (const Slot& slot : operation.slots) {
                // Of a lead that nobody has and a number, it is the number's.
                if (slot.name == "leadId") choice[{slot.place, slot.name}] = "none";
                if (slot.kind == Slot::Kind::Phone) choice[{slot.place, slot.name}] = shared_phone;
            }
            if (const auto asked = operations_.request(operation, person, false, choice))
                streams.emplace_back(operation.id,
                                     std::make_unique<Watched>(house_.port(), *asked));
        }
        return streams;
    };
    north_.phone = south_.phone = shared_phone;
    const std::string north_before = north_.canary, south_before = south_.canary;
    const Streams souths = open(south_), norths = open(north_);
    for (const Streams* all : {&souths, &norths})
        for (const auto& [id, stream] : *all)
            if (!stream->await("\"connected\"", told_within_s)) report_.unreached.push_back(id);
    north_.canary += "live";
    south_.canary += "live";
    do_all("POST", north_);
    do_all("POST", south_);
    // Each sees its own, or nothing was shown by seeing nothing else.
    for (const auto& [id, stream] : norths)
        if (!stream->await(north_.canary, told_within_s)) report_.unreached.push_back(id);
    for (const auto& [id, stream] : souths) {
        if (!stream->await(south_.canary, told_within_s)) report_.unreached.push_back(id);
        if (count_of(stream->seen(), north_before) > 0) leak(id + ": a text of the north's, live");
        search({200, {}, stream->seen()}, id + ", live", "");
    }
    for (const auto& [id, stream] : norths)
        if (count_of(stream->seen(), south_before) > 0) leak(id + ": a text of the south's, live");
}

void Walk::control() {
    owe_for_later(north_);
    owe_for_later(north_);
    read_all(north_);
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const Operation& operation : operations_.all()) {
            if (operation.method != method || operation.webhook || is_stream(operation)) continue;
            const auto slot = std::find_if(
                operation.slots.begin(), operation.slots.end(),
                [](const Slot& one) { return one.place == Slot::Place::Path && one.required; });
            if (slot == operation.slots.end()) continue;
            bool found = false;
            for (const std::string& value : Operations::values(operation, *slot, north_)) {
                if (found) break;  // what it takes away others may name
                const auto asked = operations_.request(operation, north_, true,
                                                       {{{slot->place, slot->name}, value}});
                found = found || (asked && send(*asked).status != 404);
            }
            if (!found) report_.unreached.push_back(operation.id);
        }
    }
}

void Walk::read_traces() {
    const std::string log = house_.log();
    // The requests that were refused stand there, so that there is something to be searched.
    if (log.find("\"refused\"") == std::string::npos) report_.unreached.emplace_back("the log");
    const auto metrics = send({"GET", "/metrics", {}, {}});
    if (metrics.status != 200) report_.unreached.emplace_back("/metrics");
    const std::pair<const char*, std::string> canaries[] = {{"a text", north_.canary.substr(0, 22)},
                                                            {"a text", south_.canary.substr(0, 22)},
                                                            {"a token", north_.token},
                                                            {"a token", south_.token},
                                                            {"a secret", house_.secret()},
                                                            {"a phone number", "5550100142"},
                                                            {"a phone number", "5550100143"}};
    for (const auto& [what, canary] : canaries) {
        if (log.find(canary) != std::string::npos) leak(std::string("the log: ") + what);
        if (metrics.body.find(canary) != std::string::npos) leak(std::string("/metrics: ") + what);
    }
    for (const char* organization : {House::north, House::south})
        if (metrics.body.find('"' + std::string(organization) + '"') != std::string::npos)
            leak("/metrics: an organisation's id");
}

}  // namespace tandem::operate::isolation
