#include <filesystem>
#include <iostream>

#include "operate/opened.h"
#include "trespass/trespass.h"

namespace tandem::operate {

namespace {

std::string list_of(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + json(text);
    return out + "]";
}

void tell(const Call& call, const trespass::Report& report) {
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

}  // namespace

int audit_isolation(const Call& call) {
    trespass::Attempt attempt;
    attempt.daemon = call.option("--daemon", program_beside("tandemd"));
    attempt.plugins = call.option("--plugins");
    attempt.ends_early = call.has("--first");
    if (!std::filesystem::exists(attempt.daemon)) {
        call.err << "tandemctl isolation-audit: no such program: " << attempt.daemon << "\n";
        return wrong_usage;
    }
    if (call.has("--only")) {
        attempt.only = trespass::part_of(call.option("--only"));
        if (!attempt.only) {
            call.err << "tandemctl isolation-audit: --only is requests, streams or webhooks\n";
            return wrong_usage;
        }
    }
    const auto report = trespass::run(attempt);
    if (!report) {
        call.err << "tandemctl isolation-audit: " << report.error().text << "\n";
        return report.error().code == Code::Unavailable ? unavailable : internal;
    }
    tell(call, *report);
    return report->leaks.empty() && report->unreached.empty() ? success : internal;
}

}  // namespace tandem::operate
