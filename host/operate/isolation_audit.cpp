#include <filesystem>
#include <iostream>
#include <set>

#include "operate/isolation_walk.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

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
                 << ", \"unreached\": " << list_of(report.unreached) << "}\n";
        return;
    }
    for (const std::string& leak : report.leaks) call.out << "leak: " << leak << "\n";
    for (const std::string& id : report.unreached)
        call.out << "not reached: " << id << ": the audit could not name what it is about\n";
    call.out << report.operations << " operations, " << report.requests << " requests, "
             << report.compared << " values of another organisation: " << report.leaks.size()
             << " leaks\n";
}

}  // namespace

int audit_isolation(const Call& call) {
    const std::string daemon = call.option("--daemon", program_beside("tandemd"));
    if (!std::filesystem::exists(daemon)) {
        call.err << "tandemctl isolation-audit: no such program: " << daemon << "\n";
        return wrong_usage;
    }
    isolation::House house(daemon, call.option("--plugins"));
    if (const auto started = house.start(); !started) {
        call.err << "tandemctl isolation-audit: " << started.error().text << "\n";
        return unavailable;
    }
    const auto described = isolation::ask(house.port(), {"GET", "/api/openapi.json", {}, {}});
    if (!described) {
        call.err << "tandemctl isolation-audit: " << described.error().text << "\n";
        return unavailable;
    }
    const auto operations = isolation::Operations::read(described->body);
    if (!operations) {
        call.err << "tandemctl isolation-audit: " << operations.error().text << "\n";
        return internal;
    }
    auto report = isolation::Walk(house, *operations, call.has("--first")).run();
    if (!report) {
        call.err << "tandemctl isolation-audit: " << report.error().text << "\n";
        return unavailable;
    }
    const std::set<std::string> once(report->unreached.begin(), report->unreached.end());
    report->unreached.assign(once.begin(), once.end());
    tell(call, *report);
    return report->leaks.empty() && report->unreached.empty() ? success : internal;
}

}  // namespace tandem::operate
