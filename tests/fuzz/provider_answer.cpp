#include <nlohmann/json.hpp>
#include <string>

#include "answers.hpp"
#include "api.h"
#include "ended.h"
#include "json.h"
#include "outcome.hpp"
#include "target.h"

// Answers of providers are read as hostile input: only what clearly says so was accepted, and
// what reaches an administrator is one short line.

namespace tandem::fuzz {

namespace {

constexpr tandem_time now = 1'700'000'000'000;

plugin::HttpResult answered(unsigned status, std::string_view retry_after, std::string_view body) {
    plugin::HttpResult result;
    result.answered = true;
    result.status = static_cast<std::int32_t>(status);
    if (!retry_after.empty()) result.headers.push_back({"Retry-After", std::string(retry_after)});
    result.body = std::string(body);
    return result;
}

void check_twilio(const plugin::HttpResult& result) {
    plugin::Receipt receipt = twilio::receipt_of(result, now);
    if (seeded_bug() && result.status == 200 && result.body.find("SMS") != std::string::npos)
        receipt = plugin::Receipt::accepted("SMS");
    const bool said_yes = result.status >= 200 && result.status < 300;
    if (receipt.outcome == plugin::SendOutcome::Accepted) {
        expect(said_yes, "only a 2xx accepts");
        expect(
            twilio::is_sid(receipt.provider_id, "SM") || twilio::is_sid(receipt.provider_id, "MM"),
            "what is accepted has a message's sid");
    }
    expect(!said_yes || receipt.outcome == plugin::SendOutcome::Accepted ||
               receipt.outcome == plugin::SendOutcome::Unknown ||
               receipt.outcome == plugin::SendOutcome::Refused,
           "what was answered with 2xx is never sent again without a look-up");
    expect(receipt.retry_after_ms <= 3'600'000, "no provider makes us wait longer than an hour");
    // Whoever reads no object in it reads nothing else in it either.
    if (!twilio::read_parameters(result.body, 256)) {
        expect(!twilio::read_message_page(result.body), "what is no object has no messages");
        return;
    }
    if (const auto message = twilio::read_message(result.body)) (void)twilio::receipt_of(*message);
    if (const auto page = twilio::read_message_page(result.body))
        for (const auto& message : page->messages) (void)twilio::receipt_of(message);
    (void)twilio::read_media_list(result.body);
    (void)twilio::read_call(result.body);
    const twilio::Complaint complaint = twilio::read_complaint(result.body);
    expect(complaint.code.size() <= 300 && complaint.words.size() <= 300, "a complaint is short");
}

void check_elevenlabs(const plugin::HttpResult& result) {
    const elevenlabs::Problem problem = elevenlabs::problem_of(result);
    expect(problem.text.size() <= 300, "a problem is short");
    for (const char letter : problem.text)
        expect(static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f,
               "a problem is one line");
    expect(elevenlabs::retry_after_ms(result, now) <= 3'600'000,
           "no provider makes us wait longer than an hour");
    try {
        const auto told = elevenlabs::read_object(result.body, "the answer");
        const auto call = elevenlabs::ended_call(told, elevenlabs::Origin::Fetched);
        if (call) expect(!call->dedupe_key.empty(), "every call has a key");
    } catch (const plugin::Failure&) {
        return;  // what is no object is refused
    }
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    static constexpr unsigned statuses[] = {200, 201, 204, 301, 400, 401, 402, 403, 404,
                                            409, 422, 429, 500, 502, 503, 504, 100, 999};
    std::string_view input = text(bytes, size);
    const unsigned status = statuses[take_choice(input) % std::size(statuses)];
    const std::string_view retry_after = take_until(input, '\n');
    const auto result = answered(status, retry_after, input);
    check_twilio(result);
    check_elevenlabs(result);
    return 0;
}
