#include "check.h"
#include "recording.h"
#include "tandem/host/voice.hpp"

// tandem.channel/1 and tandem.voice/1: what became of a send is never guessed.
namespace tandem::check {
namespace {

host::Channel channel_of(host::Instance& instance) {
    const host::Channel channel(instance.self(), instance.extension(TANDEM_CHANNEL));
    if (!channel.complete()) throw std::runtime_error("its table lacks functions");
    return channel;
}

host::OutboundMessage message() {
    host::OutboundMessage made;
    made.message_id = "0190f0c0-0000-7000-8000-000000000001";
    made.from = "+15550000000";
    made.to = "+15550001111";
    made.text =
        "Gr\xC3\xBC\xC3\x9F"
        "e & bye \xF0\x9F\x91\x8B";
    made.deadline_ms = 5000;
    return made;
}

host::HttpResult failed(uint32_t progress) {
    host::HttpResult result;
    result.outcome = {TANDEM_UNAVAILABLE, "http: the line is dead", 0};
    result.progress = progress;
    return result;
}

host::HttpResult answered(int status, const std::string& body) {
    host::HttpResult result;
    result.status = status;
    result.body = body;
    return result;
}

void limits(Check& check) {
    const uint32_t units = channel_of(check.started()).max_text_units();
    check.expect(units >= 1 && units <= 100'000,
                 "max_text_units is " + std::to_string(units) + ", which no channel has");
}

// One send against this answer; skips if the plugin does not use the host's http.
host::Receipt sent(Check& check, const host::Channel& channel, host::HttpResult answer) {
    BorrowedServices& services = check.last_services();
    const size_t before = services.requests();
    services.replay(std::move(answer));
    host::Receipt receipt;
    check.expect_reason("send", channel.send(message(), receipt));
    if (services.requests() == before) check.skip("it does not send through the host's http");
    return receipt;
}

void outcomes(Check& check) {
    const host::Channel channel = channel_of(check.started());
    const host::Receipt nothing = sent(check, channel, failed(TANDEM_HTTP_NOTHING_SENT));
    check.expect(nothing.outcome == TANDEM_SEND_NOT_SENT,
                 "the provider was not reached: that is NOT_SENT, it may be tried again");
    const host::Receipt maybe = sent(check, channel, failed(TANDEM_HTTP_MAYBE_SENT));
    check.expect(maybe.outcome == TANDEM_SEND_UNKNOWN,
                 "the request left and no answer came: that is UNKNOWN, or it is sent twice");
    for (const int status : {500, 502, 504}) {
        const host::Receipt receipt = sent(check, channel, answered(status, "<html>oops"));
        check.expect(
            receipt.outcome == TANDEM_SEND_UNKNOWN || receipt.outcome == TANDEM_SEND_NOT_SENT,
            "an answer " + std::to_string(status) + " says neither yes nor no");
    }
    for (const char* body : {"", "not what was agreed", "{}", "[]", "{\"sid\":7}"}) {
        const host::Receipt receipt = sent(check, channel, answered(200, body));
        check.expect(receipt.outcome != TANDEM_SEND_ACCEPTED || !receipt.provider_id.empty(),
                     "ACCEPTED without the provider's id");
        check.expect(
            receipt.outcome == TANDEM_SEND_UNKNOWN || receipt.outcome == TANDEM_SEND_ACCEPTED,
            std::string("a 200 with the body '") + body + "' may have been sent: it is no refusal");
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

void recordings(Check& check) {
    const std::vector<std::string> names =
        recorded(check.subject().conformance, ".answer", ".receipt");
    if (names.empty()) check.skip("there are no recorded answers (--conformance DIR)");
    const host::Channel channel = channel_of(check.started());
    for (const std::string& name : names) {
        const std::string said =
            transcript(sent(check, channel, recorded_answer(read_file(name + ".answer"))));
        check.expect(said == read_file(name + ".receipt"),
                     name + ".answer gives another receipt than expected: " + said);
    }
}

void calls(Check& check) {
    host::Instance& instance = check.started();
    const host::Voice voice(instance.self(), instance.extension(TANDEM_VOICE));
    if (!voice.complete()) throw std::runtime_error("its table lacks functions");
    BorrowedServices& services = check.last_services();
    host::OutboundCall call;
    call.call_id = "0190f0c0-0000-7000-8000-000000000002";
    call.from = "+15550000000";
    call.to = "+15550001111";
    call.variables = {{"customer_name", "Zo\xC3\xAB"}};
    host::Receipt receipt;
    services.replay(failed(TANDEM_HTTP_NOTHING_SENT));
    check.expect_reason("start_call", voice.start_call(call, receipt));
    if (services.requests() == 0) check.skip("it does not call through the host's http");
    check.expect(receipt.outcome == TANDEM_SEND_NOT_SENT, "the provider was not reached: NOT_SENT");
    services.replay(failed(TANDEM_HTTP_MAYBE_SENT));
    check.expect_reason("start_call", voice.start_call(call, receipt));
    check.expect(receipt.outcome == TANDEM_SEND_UNKNOWN,
                 "the request left and no answer came: UNKNOWN, or the person is called twice");
    check.expect_reason("hang_up", voice.hang_up("unknown-call"));
    check.expect_reason("transfer", voice.transfer("unknown-call", "+15550002222"));
}

const Registered registered[] = {
    {"channel.limits", "has sane limits", TANDEM_CHANNEL, &limits},
    {"channel.outcomes", "tells accepted, refused, not sent and unknown apart", TANDEM_CHANNEL,
     &outcomes},
    {"channel.recordings", "makes of recorded answers what is expected", TANDEM_CHANNEL,
     &recordings},
    {"voice.outcomes", "tells a call that was not made from one that may have been", TANDEM_VOICE,
     &calls},
};

}  // namespace
}  // namespace tandem::check
