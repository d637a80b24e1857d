#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Tries to get from one organisation to another, in a gateway of its own.
namespace tandem::trespass {

enum class Part { Requests, Streams, Webhooks };

/// What is to be tried.
struct Attempt {
    std::string daemon;        // the program
    std::string plugins;       // the folder of its plugins; empty: beside it
    std::optional<Part> only;  // nothing: all parts
    bool ends_early = false;   // with the first leak
};

/// What was done and what was found. Empty `leaks`: nothing got through.
struct Report {
    std::vector<std::string> leaks;
    std::vector<std::string> unreached;   // what could not be tried, and why
    std::vector<std::string> not_walked;  // what is not installed
    size_t operations = 0, requests = 0, compared = 0;
};

/// Starts the daemon, tries, and ends it; some minutes. Unavailable: it did not start or went
/// away meanwhile; other codes: its description of itself cannot be read.
Result<Report> run(const Attempt& attempt);

/// The part of this name, or nothing.
std::optional<Part> part_of(std::string_view name);

}  // namespace tandem::trespass
