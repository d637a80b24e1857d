#pragma once

#include <string>

#include "base/result.h"

namespace tandem::load {

/// Runs `PROGRAM --probe-plugin FILE` and waits for its word, at most five seconds for
/// each step. OK only if the program said so over the pipe, whatever its exit code: a
/// plugin may call exit(0). The error says at which step the plugin died, hung or was
/// refused.
Result<void> run_probe(const std::string& program, const std::string& file);

}  // namespace tandem::load
