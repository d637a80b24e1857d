#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/host/channel.hpp"
#include "tandem/host/services.hpp"
#include "tandem/host/webhook.hpp"

/// Recorded talk with a provider, in the form of tandem/plugin/testing/recordings.hpp, so
/// that an author's own test and this checker read the same folder:
///   NAME.request, NAME.expected  what the provider sends, and what the plugin makes of it
///   NAME.answer, NAME.receipt    what the provider answers to a send, and what became of it
namespace tandem::check {

/// The names in the folder that have both files, sorted. Throws if one of a pair is missing.
std::vector<std::string> recorded(const std::string& folder, const std::string& input,
                                  const std::string& expected);

/// The bytes of a file. Throws if it cannot be read.
std::string read_file(const std::string& file);

/// A recorded request. It owns the bytes that `request` shows, so it stays where it is.
class Recording {
public:
    /// Throws where the bytes are no request.
    explicit Recording(std::string bytes);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    host::WebhookRequest& request() { return request_; }

private:
    std::string bytes_, public_url_;
    host::WebhookRequest request_;
};

/// A recorded answer of a provider. Throws where the bytes are none.
host::HttpResult recorded_answer(const std::string& bytes);

/// What the plugin makes of a request, as the .expected file has it.
std::string replay(const host::Webhook& webhook, const host::WebhookRequest& request);

/// A receipt as the .receipt file has it.
std::string transcript(const host::Receipt& receipt);

}  // namespace tandem::check
