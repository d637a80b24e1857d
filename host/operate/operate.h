#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "settings/settings.h"

/// The operator's verbs: what tandemctl does.
namespace tandem::operate {

/// Exit codes as in sysexits.h; scripts and service managers rely on them.
enum Exit {
    success = 0,
    failure = 1,       // doctor found something
    wrong_usage = 64,  // verb or option
    wrong_data = 65,   // lines of a file were refused
    no_input = 66,     // a file is absent
    unavailable = 69,  // the database or a program beside us
    internal = 70,
    no_output = 73,  // a file cannot be made or written
    try_again = 75,  // somebody else holds the lock
    no_permission = 77,
    wrong_settings = 78,
};

/// One call of tandemctl, its name not included; what it answers is the exit code. Data
/// goes to `out`, messages to `err`.
int run(const std::vector<std::string>& arguments, const settings::Environment& environment,
        std::ostream& out, std::ostream& err);

/// The environment of this process.
settings::Environment own_environment();

}  // namespace tandem::operate
