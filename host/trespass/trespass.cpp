#include "trespass/trespass.h"

#include <set>
#include <stdexcept>
#include <utility>

#include "trespass/plugins.h"
#include "trespass/walk.h"
#include "trespass/webhooks.h"

namespace tandem::trespass {

namespace {

/// Neither words nor numbers nor secrets stand in what the gateway says of itself, and no
/// organisation's name in what it counts.
void read_traces(Inquiry& inquiry, const std::vector<Person>& people) {
    const std::string log = inquiry.house.log();
    // The requests that were refused stand there, so that there is something to be searched.
    if (log.find("refused") == std::string::npos) inquiry.unreached("the log: nothing is refused");
    const auto metrics = inquiry.send({"GET", "/metrics", {}, {}});
    if (metrics.status != 200) inquiry.unreached("/metrics: it is not shown");
    std::vector<std::pair<const char*, std::string>> canaries;
    for (const std::string& secret : inquiry.house.secrets())
        canaries.emplace_back("a secret", secret);
    for (const Person& person : people) {
        canaries.emplace_back("a text", person.canary);
        canaries.emplace_back("a token", person.token);
        for (const std::string& phone : person.phones)
            canaries.emplace_back("a phone number", phone.substr(2));
    }
    for (const auto& [what, canary] : canaries) {
        if (log.find(canary) != std::string::npos) inquiry.leak(std::string("the log: ") + what);
        if (metrics.body.find(canary) != std::string::npos)
            inquiry.leak(std::string("/metrics: ") + what);
    }
    for (const Person& person : people)
        if (metrics.body.find('"' + person.organization + '"') != std::string::npos)
            inquiry.leak("/metrics: an organisation's id");
}

/// All parts, or the one. Throws std::runtime_error where the gateway went away.
void try_parts(Inquiry& inquiry, const Attempt& attempt) {
    const auto wanted = [&attempt](Part part) { return attempt.only.value_or(part) == part; };
    std::vector<Person> people;
    try {
        if (wanted(Part::Requests) || wanted(Part::Streams)) {
            Walk walk(inquiry);
            walk.seed();
            if (wanted(Part::Requests)) walk.swap_requests();
            if (wanted(Part::Streams)) walk.swap_streams();
            if (wanted(Part::Requests)) walk.control();
            people = {walk.north(), walk.south()};
        }
        if (wanted(Part::Webhooks)) {
            Plugins plugins = look_at_plugins(inquiry.house.plugins(), attempt.daemon);
            for (const std::string& what : plugins.unreached) inquiry.unreached(what);
            inquiry.report.not_walked = std::move(plugins.not_walked);
            Webhooks webhooks(inquiry);
            webhooks.run();
            for (const auto& [organization, person] : webhooks.people()) people.push_back(person);
        }
        read_traces(inquiry, people);
    } catch (const Enough&) {
    }
    Report& report = inquiry.report;
    report.operations = inquiry.operations.all().size();
    const std::set<std::string> once(report.unreached.begin(), report.unreached.end());
    report.unreached.assign(once.begin(), once.end());
}

}  // namespace

std::optional<Part> part_of(std::string_view name) {
    if (name == "requests") return Part::Requests;
    if (name == "streams") return Part::Streams;
    if (name == "webhooks") return Part::Webhooks;
    return std::nullopt;
}

Result<Report> run(const Attempt& attempt) {
    House house(attempt.daemon, attempt.plugins);
    if (const auto started = house.start(); !started) return started.error();
    const auto described = ask(house.port(), {"GET", "/api/openapi.json", {}, {}});
    if (!described) return described.error();
    const auto operations = Operations::read(described->body);
    if (!operations) return operations.error();
    Inquiry inquiry(house, *operations, attempt.ends_early);
    try {
        try_parts(inquiry, attempt);
    } catch (const std::runtime_error& gone) {
        return Error{Code::Unavailable, gone.what()};
    }
    return std::move(inquiry.report);
}

}  // namespace tandem::trespass
