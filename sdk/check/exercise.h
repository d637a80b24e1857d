#pragma once

#include <string>
#include <vector>

#include "check.h"
#include "guarded.h"

namespace tandem::check {

/// How the structs and the error look that a plugin is called with.
struct Shape {
    bool grown = false;         // longer than the plugin knows, the rest poisoned
    uint32_t error_size = 512;  // as an older or thriftier host would pass it
};

/// A call and what came of it. `fault` is what the call itself did wrong.
struct Called {
    std::string name;
    host::Outcome outcome;
    std::string fault;
};

/// Calls everything that the instance offers, once or a few times, with input that is
/// harmless or wrong, straight through its tables. Every struct and every byte of input
/// ends at a guard page and is taken away when its call is over.
std::vector<Called> exercise(Check& check, host::Instance& instance, const Shape& shape);

/// `create` as a host calls it that gives no option a value and perhaps no service.
Called create_without_options(Check& check, const Shape& shape, bool services);

}  // namespace tandem::check
