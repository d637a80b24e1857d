#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tandem::bench {

/// Server and hub as the daemon has them, on one loop; commits come from its route table:
/// POST /all tells one event to the readers of conversation 0, POST /pairs?N one
/// each to N conversations, as the committer does after each transaction.
void run_tandem(const std::function<void(uint16_t port)>& until_told);

/// The text of the event that both sides send.
std::string sample_event();

}  // namespace tandem::bench
