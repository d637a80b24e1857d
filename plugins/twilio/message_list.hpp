// The messages that Twilio has, as its list shows them: newest first, page by page.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "answers.hpp"
#include "api.hpp"

namespace tandem::twilio {

/// By when all requests of one call of the host must be over.
class Deadline {
public:
    Deadline(const plugin::Host& host, std::uint32_t deadline_ms, std::uint32_t usual_ms);
    /// What is left for the next request; zero: nothing.
    std::uint32_t left_ms() const;

private:
    const plugin::Host& host_;
    const std::int64_t until_;
};

/// Takes the messages of one page, perhaps none; `ahead_ms` is how far Twilio's clock is ahead
/// of ours, where it tells.
using TakePage =
    std::function<void(std::vector<ApiMessage> messages, std::optional<std::int64_t> ahead_ms)>;

/// Reads the list that the query asks for. True: it was read to its end; false: it goes on, but
/// the pages or the time were used up. Throws Failure where Twilio did not answer as agreed; what
/// was taken before is right.
bool read_messages(const plugin::Host& host, const Api& api, const Account& account,
                   const Parameters& query, int max_pages, const Deadline& deadline,
                   const TakePage& take);

}  // namespace tandem::twilio
