#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>
#include <stdexcept>

#include <unistd.h>

#include "base/clock.h"
#include "observe/logger.h"
#include "operate/isolation_walk.h"
#include "operate/isolation_webhooks.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

constexpr const char* parts[] = {"requests", "streams", "webhooks"};

std::string list_of(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + json(text);
    return out + "]";
}

void tell(const Call& call, const isolation::Report& report) {
    if (call.has("--json")) {
        call.out << "{\"operations\": " << report.operations
                 << ", \"requests\": " << report.requests << ", \"compared\": " << report.compared
                 << ", \"leaks\": " << list_of(report.leaks)
                 << ", \"unreached\": " << list_of(report.unreached)
                 << ", \"notWalked\": " << list_of(report.not_walked) << "}\n";
        return;
    }
    for (const std::string& leak : report.leaks) call.out << "leak: " << leak << "\n";
    for (const std::string& what : report.unreached) call.out << "not reached: " << what << "\n";
    for (const std::string& what : report.not_walked) call.out << "not walked: " << what << "\n";
    call.out << report.operations << " operations, " << report.requests << " requests, "
             << report.compared << " values of another organisation: " << report.leaks.size()
             << " leaks\n";
}

/// What lies among the plugins and takes webhooks that nobody here can sign, and what the audit
/// could sign and does not lie there.
void look_at_plugins(isolation::Inquiry& inquiry, const std::string& daemon) {
    const std::string& folder = inquiry.house.plugins();
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error}, clock);
    const auto registry =
        load::make_registry({{folder}, getuid(), daemon}, {.log = &log, .clock = &clock});
    const auto names = plugin_names({folder});
    for (const std::string& name : names) {
        if (name == "sandbox" || isolation::dialect_of(name)) continue;
        const auto described = registry->describe(name);
        const bool webhooks = described && std::count(described->kinds.begin(),
                                                      described->kinds.end(), "webhook") > 0;
        if (webhooks)
            inquiry.unreached("webhooks of the plugin " + name +
                              ": the audit does not know what its provider says, and how it signs "
                              "that");
    }
    for (const isolation::Dialect& dialect : isolation::dialects())
        if (names.count(dialect.plugin) == 0)
            inquiry.report.not_walked.push_back("webhooks of " + dialect.plugin +
                                                ": there is no such plugin in " + folder);
}

/// Neither words nor numbers nor secrets stand in what the gateway says of itself, and no
/// organisation's name in what it counts.
void read_traces(isolation::Inquiry& inquiry, const std::vector<isolation::Person>& people) {
    const std::string log = inquiry.house.log();
    // The requests that were refused stand there, so that there is something to be searched.
    if (log.find("refused") == std::string::npos) inquiry.unreached("the log: nothing is refused");
    const auto metrics = inquiry.send({"GET", "/metrics", {}, {}});
    if (metrics.status != 200) inquiry.unreached("/metrics: it is not shown");
    std::vector<std::pair<const char*, std::string>> canaries;
    for (const std::string& secret : inquiry.house.secrets())
        canaries.emplace_back("a secret", secret);
    for (const isolation::Person& person : people) {
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
    for (const isolation::Person& person : people)
        if (metrics.body.find('"' + person.organization + '"') != std::string::npos)
            inquiry.leak("/metrics: an organisation's id");
}

/// All of it, or the one part. Throws std::runtime_error where the gateway went away.
void audit(isolation::Inquiry& inquiry, const std::string& only, const std::string& daemon) {
    const auto wanted = [&only](const char* part) { return only.empty() || only == part; };
    std::vector<isolation::Person> people;
    try {
        if (wanted("requests") || wanted("streams")) {
            isolation::Walk walk(inquiry);
            walk.seed();
            if (wanted("requests")) walk.swap_requests();
            if (wanted("streams")) walk.swap_streams();
            if (wanted("requests")) walk.control();
            people = {walk.north(), walk.south()};
        }
        if (wanted("webhooks")) {
            look_at_plugins(inquiry, daemon);
            isolation::Webhooks webhooks(inquiry);
            webhooks.run();
            for (const auto& [organization, person] : webhooks.people()) people.push_back(person);
        }
        read_traces(inquiry, people);
    } catch (const isolation::Enough&) {
    }
    inquiry.report.operations = inquiry.operations.all().size();
}

}  // namespace

int audit_isolation(const Call& call) {
    const std::string daemon = call.option("--daemon", program_beside("tandemd"));
    const std::string only = call.option("--only");
    if (!std::filesystem::exists(daemon)) {
        call.err << "tandemctl isolation-audit: no such program: " << daemon << "\n";
        return wrong_usage;
    }
    if (!only.empty() && std::count(std::begin(parts), std::end(parts), only) == 0) {
        call.err << "tandemctl isolation-audit: --only is requests, streams or webhooks\n";
        return wrong_usage;
    }
    const auto give_up = [&call](const Error& error, int code) {
        call.err << "tandemctl isolation-audit: " << error.text << "\n";
        return code;
    };
    isolation::House house(daemon, call.option("--plugins"));
    if (const auto started = house.start(); !started) return give_up(started.error(), unavailable);
    const auto described = isolation::ask(house.port(), {"GET", "/api/openapi.json", {}, {}});
    if (!described) return give_up(described.error(), unavailable);
    const auto operations = isolation::Operations::read(described->body);
    if (!operations) return give_up(operations.error(), internal);
    isolation::Inquiry inquiry(house, *operations, call.has("--first"));
    try {
        audit(inquiry, only, daemon);
    } catch (const std::runtime_error& gone) {
        return give_up({Code::Unavailable, gone.what()}, unavailable);
    }
    isolation::Report& report = inquiry.report;
    const std::set<std::string> once(report.unreached.begin(), report.unreached.end());
    report.unreached.assign(once.begin(), once.end());
    tell(call, report);
    return report.leaks.empty() && report.unreached.empty() ? success : internal;
}

}  // namespace tandem::operate
