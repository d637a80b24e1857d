#include <dlfcn.h>

#include <chrono>
#include <thread>

#include "check.h"
#include "tandem/host/elf.hpp"
#include "tandem/host/process_state.hpp"

// What the file is, and what its loading does.
namespace tandem::check {
namespace {

host::ElfFile elf_of(Check& check) {
    host::ElfFile elf(check.subject().file);
    if (!elf.fault().empty()) {
        throw std::runtime_error("not a plugin for this machine: " + elf.fault());
    }
    return elf;
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (size_t i = 0; i < names.size() && i < 5; ++i) text += (i ? ", " : "") + names[i];
    if (names.size() > 5) text += " and " + std::to_string(names.size() - 5) + " more";
    return text;
}

void machine(Check& check) {
    elf_of(check);
}

void one_symbol(Check& check) {
    const host::ElfFile elf = elf_of(check);
    std::vector<std::string> others;
    bool entry = false;
    for (const std::string& name : elf.exported()) {
        if (name == TANDEM_ENTRY_SYMBOL) {
            entry = true;
        } else {
            others.push_back(name);
        }
    }
    check.expect(entry, std::string("it does not export ") + TANDEM_ENTRY_SYMBOL);
    check.expect(others.empty(), "it exports more than its entry: " + listed(others) +
                                     " (link with a version script, as tandem_add_plugin does)");
}

void no_unique_symbols(Check& check) {
    const host::ElfFile elf = elf_of(check);
    check.expect(elf.unique().empty(),
                 "it shares symbols with every other library: " + listed(elf.unique()) +
                     " (compile with -fno-gnu-unique)");
}

void stack(Check& check) {
    check.expect(!elf_of(check).executable_stack(),
                 "it asks for an executable stack (link with -Wl,-z,noexecstack)");
}

void never_unloaded(Check& check) {
    check.expect(elf_of(check).never_unloaded(),
                 "it may be unloaded while its code runs (link with -Wl,-z,nodelete)");
}

void binds_now(Check& check) {
    check.expect(elf_of(check).binds_now(),
                 "its symbols are resolved at the first call (link with -Wl,-z,now)");
}

void loads(Check& check) {
    const auto begin = std::chrono::steady_clock::now();
    check.descriptor();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    constexpr int quick_ms = 100;
    if (took.count() > quick_ms) {
        check.warn("loading took " + std::to_string(took.count()) + " ms; " +
                   std::to_string(quick_ms) + " ms are plenty");
    }
}

void process(Check& check) {
    const auto compare = [&](const char* when, const host::ProcessState& before) {
        const host::ProcessState after = host::ProcessState::now();
        for (const std::string& change : before.changes(after)) {
            check.fail(std::string(when) + ": " + change);
        }
        return after;
    };
    // A sanitizer keeps a thread of its own once there was a first one.
    std::thread([] {}).join();
    const host::ProcessState before = host::ProcessState::now();
    check.descriptor();
    const host::ProcessState loaded = compare("loading", before);
    check.expect(loaded.threads() <= before.threads(), "loading starts a thread");
    host::Instance& instance = check.made();
    const host::ProcessState created = compare("create", loaded);
    check.expect(created.threads() <= loaded.threads(), "create starts a thread");
    check.last_services().enter(BorrowedServices::Phase::Running);
    const host::Outcome outcome = instance.start();
    check.expect_reason("start", outcome);
    const host::ProcessState started = compare("start", created);
    check.expect_reason("stop", instance.stop());
    compare("stop", started);
    const host::ProcessState stopped = host::ProcessState::settled(created.threads());
    check.expect(stopped.threads() <= created.threads(), "stop leaves a thread behind");
}

const Registered registered[] = {
    {"file.machine", "is a shared library for this machine", nullptr, &machine},
    {"file.one_symbol", "exports its entry and nothing else", nullptr, &one_symbol},
    {"file.no_unique_symbols", "has no process-wide unique symbols", nullptr, &no_unique_symbols},
    {"file.stack", "needs no executable stack", nullptr, &stack},
    {"file.never_unloaded", "is marked as never to be unloaded", nullptr, &never_unloaded},
    {"file.binds_now", "resolves all symbols when it is loaded", nullptr, &binds_now},
    {"file.loads", "loads now and local, in good time", nullptr, &loads},
    {"process.unchanged", "leaves signals, locale, folder, umask, environment and streams alone",
     nullptr, &process},
};

}  // namespace
}  // namespace tandem::check
