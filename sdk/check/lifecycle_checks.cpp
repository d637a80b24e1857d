#include <malloc.h>

#include <chrono>
#include <set>
#include <thread>

#include "check.h"
#include "tandem/host/process_state.hpp"

// What a plugin says of itself, and its life from create to destroy.
namespace tandem::check {
namespace {

void well_formed(Check& check) {
    const host::PluginDescription& description = check.description();
    check.expect(!description.vendor.empty(), "it names no vendor");
    check.expect(!description.licence.empty(), "it names no licence (SPDX)");
}

void constant(Check& check) {
    const tandem_descriptor* first = &check.descriptor();
    Check again(check.subject());
    check.expect(first == &again.descriptor(), "its entry gives another descriptor each time");
}

void kinds(Check& check) {
    host::Instance& instance = check.made();
    for (const std::string& kind : check.description().kinds) {
        const void* table = instance.extension(kind);
        check.expect(table, "it lists the kind " + kind + " and its instance does not give it");
        check.expect(table == instance.extension(kind),
                     "extension(" + kind + ") gives another answer when asked again");
        check.expect(!instance.extension(kind + "0"), "extension(" + kind + "0) is not null");
        check.expect(!instance.extension(kind + std::string(1, '\0')),
                     "extension(" + kind + " and a NUL) is not null");
        check.expect(!instance.extension(std::string_view(kind).substr(0, kind.size() - 1)),
                     "extension answers to the beginning of " + kind);
    }
    check.expect(!instance.extension("com.example.unknown/1"), "extension(unknown) is not null");
    check.expect(!instance.extension(""), "extension(\"\") is not null");
    static constexpr const char* known[] = {
        "tandem.webhook/1",   "tandem.channel/1", "tandem.voice/1", "tandem.responder/1",
        "tandem.reconcile/1", "tandem.auth/1",    "tandem.store/1"};
    for (const char* kind : known) {
        check.expect(check.offers(kind) || !instance.extension(kind),
                     std::string("its instance gives ") + kind + ", which it does not list");
    }
}

void without_start(Check& check) {
    for (int round = 0; round < 5; ++round) {
        check.made().destroy();
        for (const std::string& breach : check.last_services().breaches()) check.fail(breach);
    }
}

void two_at_once(Check& check) {
    host::Instance& first = check.made();
    host::Instance& second = check.made();
    check.expect(first.raw() != second.raw(), "two instances are one");
    first.destroy();
    for (const std::string& kind : check.description().kinds) {
        check.expect(second.extension(kind),
                     "destroying one instance took " + kind + " from the other");
    }
}

// One life. False: it does not start here, which is no fault of its own.
bool live(Check& check) {
    host::Instance instance;
    BorrowedServices services(check.description(), check.subject().options);
    const host::Outcome made = instance.create(check.descriptor(), services.table(), "checked");
    if (!made.ok()) throw std::runtime_error("create failed: " + made.text);
    services.enter(BorrowedServices::Phase::Running);
    const bool started = instance.start().ok();
    instance.stop();
    instance.destroy();
    return started;
}

void fifty_rounds(Check& check) {
    // The first rounds fill caches that rightly stay.
    bool started = true;
    for (int round = 0; round < 10; ++round) started = live(check) && started;
    if (!started) check.warn("it does not start with these options: create and destroy alone");
    const host::ProcessState before = host::ProcessState::now();
    const size_t used_before = ::mallinfo2().uordblks;
    constexpr int rounds = 50;
    for (int round = 0; round < rounds; ++round) live(check);
    const host::ProcessState after = host::ProcessState::settled(before.threads());
    const size_t used_after = ::mallinfo2().uordblks;
    check.expect(after.threads() <= before.threads(),
                 "threads are left behind: " + std::to_string(after.threads() - before.threads()) +
                     " after fifty lives");
    check.expect(
        after.descriptors() <= before.descriptors(),
        "files are left open: " + std::to_string(after.descriptors() - before.descriptors()) +
            " after fifty lives");
    // Less than this a round is the allocator's own noise.
    constexpr size_t tolerated = 256;
    if (used_after > used_before + rounds * tolerated) {
        check.fail("memory grows by " + std::to_string((used_after - used_before) / rounds) +
                   " bytes with each life");
    }
}

void quiet_after_stop(Check& check) {
    host::Instance& instance = check.started();
    BorrowedServices& services = check.last_services();
    check.expect_reason("stop", instance.stop());
    services.enter(BorrowedServices::Phase::Ended);
    // Long enough for a forgotten thread to show itself.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    for (const std::string& breach : services.breaches()) check.fail(breach);
    instance.destroy();
    for (const std::string& breach : services.breaches()) check.fail(breach);
}

const Registered registered[] = {
    {"descriptor.well_formed", "has ids, names and options in good form", nullptr, &well_formed},
    {"descriptor.constant", "describes itself the same each time", nullptr, &constant},
    {"descriptor.kinds", "gives what it lists, and null for all else", nullptr, &kinds},
    {"lifecycle.without_start", "can be made and destroyed without start", nullptr, &without_start},
    {"lifecycle.two_at_once", "can live twice in one process", nullptr, &two_at_once},
    {"lifecycle.fifty_rounds", "leaves no thread, file or memory behind", nullptr, &fifty_rounds},
    {"lifecycle.quiet_after_stop", "calls nothing after stop", nullptr, &quiet_after_stop},
};

}  // namespace
}  // namespace tandem::check
