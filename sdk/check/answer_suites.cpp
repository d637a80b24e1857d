#include <chrono>
#include <random>
#include <string>

#include "check.h"
#include "tandem/host/auth.hpp"
#include "tandem/host/responder.hpp"

// tandem.auth/1 and tandem.responder/1.
namespace tandem::check {
namespace {

constexpr tandem_time now = 1'700'000'000'000;

void refused(Check& check, const host::Auth& auth, const std::string& what,
             const std::string& token) {
    host::Identity identity;
    const host::Outcome outcome = auth.authenticate(token, now, identity);
    check.expect(
        outcome.status == TANDEM_UNAUTHORIZED || outcome.status == TANDEM_UNSUPPORTED,
        what + " gives " + host::word(outcome.status) + ", not unauthorized or unsupported");
    check.expect_reason("authenticate", outcome);
    check.expect(outcome.text.size() < 8 || token.size() < 24 ||
                     outcome.text.find(token) == std::string::npos,
                 "the reason repeats the credential");
}

void refusals(Check& check) {
    host::Instance& instance = check.started();
    const host::Auth auth(instance.self(), instance.extension(TANDEM_AUTH));
    if (!auth.complete()) throw std::runtime_error("its table lacks functions");
    refused(check, auth, "an empty credential", "");
    refused(check, auth, "a blank", " ");
    refused(check, auth, "a NUL", std::string(1, '\0'));
    refused(check, auth, "100 kB", std::string(100'000, 'a'));
    refused(check, auth, "dots", "..");
    refused(check, auth, "many dots", std::string(1000, '.'));
    refused(check, auth, "an unsigned token",
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."
            "eyJzdWIiOiJhIiwib3JnYW5pemF0aW9uSWQiOiJvIiwiZXhwIjo5OTk5OTk5OTk5fQ.");
    refused(check, auth, "a token with a made-up signature",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
            "eyJzdWIiOiJhIiwib3JnYW5pemF0aW9uSWQiOiJvIiwiZXhwIjo5OTk5OTk5OTk5fQ."
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    std::mt19937_64 random(check.subject().seed);
    for (int round = 0; round < 1000; ++round) {
        std::string token;
        for (size_t length = random() % 200; length > 0; --length) {
            token += round % 2 ? static_cast<char>(random()) : "abcXYZ019-_.=+/"[random() % 15];
        }
        refused(check, auth, "random text", token);
        if (check.remarks().size() > 3) break;
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

void answers(Check& check) {
    host::Instance& instance = check.started();
    const host::Responder responder(instance.self(), instance.extension(TANDEM_RESPONDER));
    if (!responder.complete()) throw std::runtime_error("its table lacks functions");
    for (const char* text : {"Hello", "",
                             "Gr\xC3\xBC\xC3\x9F"
                             "e",
                             "I want to talk to a person"}) {
        host::Turn turn;
        turn.turn_id = "0190f0c0-0000-7000-8000-000000000003";
        turn.customer = "+15550001111";
        turn.text = text;
        turn.variables = {{"customer_name", "Zo\xC3\xAB"}};
        turn.deadline_ms = 3000;
        host::Reply reply;
        const auto begin = std::chrono::steady_clock::now();
        const host::Outcome outcome = responder.respond(turn, reply);
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin);
        check.expect_reason("respond", outcome);
        check.expect(took.count() < 3000 + 2000,
                     "a turn with a deadline of 3 s took " + std::to_string(took.count()) + " ms");
        check.expect(!outcome.ok() || !reply.text.empty() || reply.asked_for_human,
                     "OK, and neither an answer nor a wish for a person");
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

// Nobody wants the rest: a human took over.
void stops(Check& check) {
    host::Instance& instance = check.started();
    const auto table = host::known_part<tandem_responder>(instance.extension(TANDEM_RESPONDER));
    auto turn = host::sized<tandem_turn>();
    turn.deadline_ms = 3000;
    turn.turn_id = host::view("0190f0c0-0000-7000-8000-000000000004");
    turn.customer = host::view("+15550001111");
    turn.text = host::view("Tell me a long story, please.");
    int pieces = 0;
    auto sink = host::sized<tandem_reply_sink>();
    sink.context = &pieces;
    sink.text = [](void* context, tandem_view) -> tandem_status {
        ++*static_cast<int*>(context);
        return TANDEM_STOP;
    };
    sink.needs_human = [](void*, tandem_view) {};
    check.expect_reason("respond", host::guarded([&](tandem_error* error) {
                            return table.respond(instance.self(), &turn, &sink, error);
                        }));
    check.expect(pieces <= 1, "it went on after STOP: " + std::to_string(pieces) + " pieces");
}

const Registered registered[] = {
    {"auth.refusals", "refuses what is no credential of its own, with a reason", TANDEM_AUTH,
     &refusals},
    {"responder.answers", "answers within the deadline, or says why not", TANDEM_RESPONDER,
     &answers},
    {"responder.stops", "stops when nobody wants its answer any more", TANDEM_RESPONDER, &stops},
};

}  // namespace
}  // namespace tandem::check
