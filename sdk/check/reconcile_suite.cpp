#include <chrono>
#include <set>

#include "check.h"
#include "tandem/host/reconcile.hpp"

// tandem.reconcile/1: what was missed is fetched, and nothing is said to be complete that is not.
namespace tandem::check {
namespace {

constexpr tandem_time since = 1'700'000'000'000;
constexpr uint32_t deadline_ms = 5000;

host::Reconcile reconcile_of(host::Instance& instance) {
    const host::Reconcile reconcile(instance.self(), instance.extension(TANDEM_RECONCILE));
    if (!reconcile.complete()) throw std::runtime_error("its table lacks functions");
    return reconcile;
}

/// What one question came to.
struct Asked {
    host::Outcome outcome;
    host::MissedAnswer answer;
    std::vector<std::string> keys;
    size_t after_stop = 0;
};

Asked missed(const host::Reconcile& reconcile, bool stop_at_once = false) {
    Asked asked;
    bool stopped = false;
    host::MissedTaker taker;
    taker.known = [](std::string_view) { return false; };
    taker.event = [&](host::Event&& event) -> tandem_status {
        if (stopped) ++asked.after_stop;
        std::visit([&](const auto& known) { asked.keys.push_back(known.dedupe_key); }, event);
        stopped = stopped || stop_at_once;
        return stopped ? TANDEM_STOP : TANDEM_OK;
    };
    asked.outcome = reconcile.missed({{"+15550000000", "+15550000001"}, since, deadline_ms}, taker,
                                     asked.answer);
    return asked;
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

// A provider that cannot be asked, or that answers rubbish, has said nothing about the past.
void failures(Check& check) {
    host::Instance& instance = check.started();
    const host::Reconcile reconcile = reconcile_of(instance);
    BorrowedServices& services = check.last_services();
    const std::pair<const char*, host::HttpResult> answers[] = {
        {"a provider that is not reached", failed(TANDEM_HTTP_NOTHING_SENT)},
        {"a provider that does not answer", failed(TANDEM_HTTP_MAYBE_SENT)},
        {"an answer 401", answered(401, "{}")},
        {"an answer 429", answered(429, "")},
        {"an answer 500", answered(500, "<html>oops")},
        {"an answer that is no JSON", answered(200, "not what was agreed")},
        {"an empty answer", answered(200, "")},
    };
    for (const auto& [what, answer] : answers) {
        const size_t before = services.requests();
        services.replay(answer);
        const Asked asked = missed(reconcile);
        if (services.requests() == before) check.skip("it does not ask through the host's http");
        check.expect_reason("missed", asked.outcome);
        check.expect(!asked.outcome.ok() || !asked.answer.complete_until,
                     std::string(what) +
                         " says nothing of what was missed: complete_until would "
                         "make the host forget it");
    }
    for (const std::string& breach : services.breaches()) check.fail(breach);
}

void answers(Check& check) {
    host::Instance& instance = check.started();
    const host::Reconcile reconcile = reconcile_of(instance);
    const auto begin = std::chrono::steady_clock::now();
    const Asked asked = missed(reconcile);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    check.expect_reason("missed", asked.outcome);
    check.expect(took.count() < deadline_ms + 2000,
                 "a question with a deadline of 5 s took " + std::to_string(took.count()) + " ms");
    check.expect(!asked.answer.complete_until || *asked.answer.complete_until >= since,
                 "complete_until lies before since");
    std::set<std::string> seen;
    for (const std::string& key : asked.keys) {
        check.expect(!key.empty(), "an event without a dedupe key");
        check.expect(seen.insert(key).second, "two events of one answer have the key " + key);
    }
    const Asked stopped = missed(reconcile, true);
    check.expect(stopped.after_stop == 0,
                 "it pushed " + std::to_string(stopped.after_stop) + " events after STOP");
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

void calls(Check& check) {
    host::Instance& instance = check.started();
    const host::Reconcile reconcile = reconcile_of(instance);
    for (const char* id : {"unknown-call", "", "../conversations", "a b\r\nX: 1"}) {
        size_t ended = 0, others = 0;
        host::MissedTaker taker;
        taker.event = [&](host::Event&& event) -> tandem_status {
            ++(std::holds_alternative<host::CallEnded>(event) ? ended : others);
            return TANDEM_OK;
        };
        host::MissedAnswer answer;
        const host::Outcome outcome = reconcile.call(id, deadline_ms, taker, answer);
        check.expect_reason("call", outcome);
        check.expect(others == 0 && ended <= 1, "the end of a call is one call_ended");
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

const Registered registered[] = {
    {"reconcile.failures", "never calls complete what it could not ask", TANDEM_RECONCILE,
     &failures},
    {"reconcile.answers", "keeps its deadline, its dedupe keys, and stops when told",
     TANDEM_RECONCILE, &answers},
    {"reconcile.calls", "tells of one call, whatever the id", TANDEM_RECONCILE, &calls},
};

}  // namespace
}  // namespace tandem::check
