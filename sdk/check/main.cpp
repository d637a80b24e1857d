#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "report.h"
#include "run.h"

namespace {

using namespace tandem::check;

constexpr const char* usage =
    "usage: tandem-plugin-check FILE.so [options]\n"
    "  --list              list the checks and end\n"
    "  --only PATTERN      only checks whose name matches (* and ?)\n"
    "  --options K=V ...   options for the plugin; a list's elements by commas\n"
    "  --conformance DIR   recorded requests and answers of the provider\n"
    "  --timeout SECONDS   for each check (60)\n"
    "  --seed NUMBER       for everything random (1)\n"
    "  --json              the report as JSON\n"
    "  --manifest          what the plugin says of itself, as YAML\n"
    "  --in-process        no process of its own for each check, for a debugger\n";

struct Wrong {
    std::string text;
};

Plan parsed(const std::vector<std::string>& arguments) {
    Plan plan;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (++i == arguments.size()) throw Wrong{argument + " needs a value"};
            return arguments[i];
        };
        const auto number = [&] {
            const std::string& text = value();
            char* end = nullptr;
            const unsigned long long read = std::strtoull(text.c_str(), &end, 10);
            if (text.empty() || *end) throw Wrong{argument + " needs a number"};
            return read;
        };
        if (argument == "--list") {
            plan.list = true;
        } else if (argument == "--json") {
            plan.json = true;
        } else if (argument == "--manifest") {
            plan.manifest = true;
        } else if (argument == "--in-process") {
            plan.in_process = true;
        } else if (argument == "--only") {
            plan.only = value();
        } else if (argument == "--conformance") {
            plan.subject.conformance = value();
        } else if (argument == "--timeout") {
            plan.timeout_s = static_cast<unsigned>(number());
        } else if (argument == "--seed") {
            plan.subject.seed = number();
        } else if (argument == "--report-to") {
            plan.report_to = static_cast<int>(number());
        } else if (argument == "--options") {
            while (i + 1 < arguments.size() && arguments[i + 1].find('=') != std::string::npos &&
                   arguments[i + 1][0] != '-') {
                const std::string& pair = arguments[++i];
                plan.subject.options[pair.substr(0, pair.find('='))] =
                    pair.substr(pair.find('=') + 1);
            }
        } else if (argument[0] == '-' || !plan.subject.file.empty()) {
            throw Wrong{"unknown argument " + argument};
        } else {
            plan.subject.file = argument;
        }
    }
    if (plan.subject.file.empty() && !plan.list) throw Wrong{"which plugin?"};
    return plan;
}

}  // namespace

int main(int argc, char** argv) {
    Plan plan;
    try {
        plan = parsed({argv + 1, argv + argc});
    } catch (const Wrong& wrong) {
        std::cerr << "tandem-plugin-check: " << wrong.text << '\n' << usage;
        return 64;
    }
    if (plan.list) {
        list_checks(std::cout);
        return 0;
    }
    if (const std::string fault = make_absolute(plan); !fault.empty()) {
        std::cerr << "tandem-plugin-check: " << fault << '\n';
        return 66;
    }
    if (plan.manifest) return print_manifest(plan.subject, std::cout, std::cerr) ? 0 : 1;
    const std::vector<Verdict> verdicts = run_checks(plan);
    if (verdicts.empty()) {
        std::cerr << "tandem-plugin-check: no check matches " << plan.only << '\n';
        return 64;
    }
    if (plan.report_to < 0) {
        plan.json ? write_json(plan.subject, verdicts, std::cout)
                  : write_text(plan.subject, verdicts, std::cout);
    }
    return passed(verdicts) ? 0 : 1;
}
