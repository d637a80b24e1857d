#pragma once

#include <cstddef>
#include <functional>

namespace tandem::bench {

/// What a benchmark was asked for: `[STREAMS] [--anywhere]`.
struct Terms {
    size_t streams;  // as asked, at least some, and no more than descriptors allow
    int core;        // for the server; negative: anywhere
};

/// The server gets one core and this process, which is pinned here, another; with
/// `--anywhere` and on a machine of one core, both run where they may.
Terms read_terms(int argc, char** argv, size_t least_streams, size_t usual = 10'000);

/// Runs a benchmark and says on stderr what it threw; the program's exit code.
int run(const char* program, const std::function<void()>& benchmark);

}  // namespace tandem::bench
