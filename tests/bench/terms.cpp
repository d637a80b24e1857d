#include "bench/terms.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <thread>

#include "bench/client.h"

namespace tandem::bench {

namespace {

size_t raise_descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

Terms read_terms(int argc, char** argv, size_t least_streams, size_t usual) {
    size_t wanted = usual;
    bool pinned = std::thread::hardware_concurrency() >= 2;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--anywhere") == 0)
            pinned = false;
        else
            wanted = std::strtoul(argv[i], nullptr, 10);
    }
    if (pinned) pin_to_core(1);
    return {std::clamp(wanted, least_streams, raise_descriptor_limit() - 100), pinned ? 0 : -1};
}

int run(const char* program, const std::function<void()>& benchmark) {
    try {
        benchmark();
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << program << ": " << failure.what() << '\n';
        return 1;
    }
}

}  // namespace tandem::bench
