#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::control {

/// What a session's record has no member for, under the contract's names, as publish shows
/// them.
struct SessionRecord {
    int64_t message_count = 0;
    std::string handoff_reason = "manual_takeover";
    std::string custom_message;
    std::string summary;
    std::vector<std::string> next_steps;
    bool over = false;  // the three above and below say something
    bool handoff_success = true;
    int64_t queue_from = 0;  // the number of the first message of the queue; 0: none yet
};

std::string to_json(const SessionRecord& record);
/// What cannot be read is as at the beginning.
SessionRecord parse_record(std::string_view json);

}  // namespace tandem::control
