#pragma once

#include <string>
#include <vector>

#include "check.h"

namespace tandem::check {

/// What the command line asks for.
struct Plan {
    Subject subject;
    std::string only = "*";
    bool list = false, json = false, manifest = false, in_process = false;
    unsigned timeout_s = 60;  // fifty lives of a plugin with a database, on a slow machine
    int report_to = -1;       // of a child: the pipe to the parent
};

/// What became of one check.
struct Verdict {
    std::string name, promise;
    std::vector<Remark> remarks;
    long milliseconds = 0;

    bool failed() const;
    bool skipped() const;
};

/// Empty, or why a file that is named is not there. Checks run in folders of their own, so
/// every path must be absolute.
std::string make_absolute(Plan& plan);

/// Runs what `only` matches, each check in a process of its own unless the plan says
/// otherwise: a crash, a hang or an exit of the plugin fails that check alone.
std::vector<Verdict> run_checks(const Plan& plan);

bool passed(const std::vector<Verdict>& verdicts);

}  // namespace tandem::check
