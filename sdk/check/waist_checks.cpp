#include <cstddef>

#include "exercise.h"

// Sizes, views and reasons: the habits that the waist asks of every call.
namespace tandem::check {
namespace {

void faults_of(Check& check, const std::vector<Called>& calls) {
    for (const Called& called : calls) {
        check.expect(called.fault.empty(), called.name + ": " + called.fault);
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

void exercised(Check& check, const Shape& shape) {
    host::Instance& instance = check.started();
    faults_of(check, exercise(check, instance, shape));
    check.expect_reason("stop", instance.stop());
    instance.destroy();
}

void exact(Check& check) {
    exercised(check, {});
}

void grown(Check& check) {
    exercised(check, {true, 512 + 64});
}

void short_error(Check& check) {
    exercised(check, {false, offsetof(tandem_error, text) + 8});
    // Room for nothing but its own size.
    exercised(check, {false, sizeof(uint32_t)});
}

void no_services(Check& check) {
    const Called called = create_without_options(check, {}, false);
    check.expect(called.fault.empty(), called.name + ": " + called.fault);
    check.expect_reason("create without services", called.outcome);
}

void no_options(Check& check) {
    const Called called = create_without_options(check, {true, 512 + 64}, true);
    check.expect(called.fault.empty(), called.name + ": " + called.fault);
    check.expect(called.outcome.ok() || !called.outcome.text.empty(),
                 "create without options failed without a reason");
}

void kept_views(Check& check) {
    // The guarded input of each call is gone when the next one comes; what the plugin kept
    // of it would be read now.
    host::Instance& instance = check.started();
    for (int round = 0; round < 3; ++round) faults_of(check, exercise(check, instance, {}));
    check.expect_reason("stop", instance.stop());
    instance.destroy();
}

void reasons(Check& check) {
    host::Instance& instance = check.started();
    for (const Called& called : exercise(check, instance, {})) {
        if (called.outcome.ok()) continue;
        check.expect(
            !called.outcome.text.empty(),
            called.name + " failed (" + host::word(called.outcome.status) + ") without a reason");
        const std::string secret = check.last_services().secret_in(called.outcome.text);
        check.expect(secret.empty(),
                     called.name + ": the secret option " + secret + " stands in its reason");
        check.expect(
            called.outcome.status >= TANDEM_INTERNAL,
            called.name + " answers the unknown status " + std::to_string(called.outcome.status));
    }
    for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
}

const Registered registered[] = {
    {"sizes.exact", "reads and writes no byte beyond a struct", nullptr, &exact},
    {"sizes.grown", "takes structs of a newer host, and leaves their rest alone", nullptr, &grown},
    {"sizes.short_error", "keeps to the size of the error that it is given", nullptr, &short_error},
    {"sizes.no_services", "survives a host that offers no service", nullptr, &no_services},
    {"errors.no_options", "says what it misses when nothing is configured", nullptr, &no_options},
    {"errors.reasons", "gives a reason for each failure, and never a secret", nullptr, &reasons},
    {"views.not_kept", "keeps no view of its input when a call is over", nullptr, &kept_views},
};

}  // namespace
}  // namespace tandem::check
