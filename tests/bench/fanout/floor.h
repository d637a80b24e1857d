#pragma once

#include <cstdint>
#include <functional>
#include <string>

/// The least that a fan-out can cost: plain send() to each socket, no queue, no checks.
/// Speaks just enough HTTP for the load client: GET opens a stream; POST /all sends one
/// event to all streams, POST /pairs?N sends N events, each to two streams in turn.
namespace tandem::bench {

/// Serves on one thread until `until_told`, which gets the port, returns.
void run_floor(const std::string& event, const std::function<void(uint16_t port)>& until_told);

}  // namespace tandem::bench
