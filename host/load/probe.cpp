#include "load/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "load/library.h"
#include "load/load.h"
#include "tandem/host/description.hpp"
#include "tandem/host/elf.hpp"
#include "tandem/host/instance.hpp"
#include "tandem/host/placeholder_services.hpp"
#include "tandem/host/process_state.hpp"

extern char** environ;

namespace tandem::load {
namespace {

// What the probe says over its pipe; anything else on it is the plugin's chatter.
constexpr std::string_view step_mark = "tandem-probe step ";
constexpr std::string_view refused_mark = "tandem-probe refused ";
constexpr std::string_view ok_line = "tandem-probe ok";

// For each step: a plugin makes an instance in milliseconds; a slow disk may take a second
// to load it.
constexpr std::chrono::seconds patience{5};
// For the probe itself to begin, which is nothing that a plugin could delay.
constexpr std::chrono::seconds patience_to_begin{30};

/// The probe's end of the conversation. Writes straight to the descriptor: a buffer
/// would be lost when the plugin kills the process.
class Teller {
public:
    explicit Teller(int descriptor) : descriptor_(descriptor) {}

    void step(std::string_view what) { say(std::string(step_mark) + std::string(what)); }
    int refuse(std::string reason) {
        for (char& c : reason) {
            if (c == '\n' || c == '\r') c = ' ';
        }
        say(std::string(refused_mark) + reason);
        return 1;
    }
    int accept() {
        say(std::string(ok_line));
        return 0;
    }

private:
    void say(std::string line) {
        line += '\n';
        if (::write(descriptor_, line.data(), line.size()) < 0) ::_exit(2);
    }

    int descriptor_;
};

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
}

// Makes and destroys an instance. A plugin may refuse the placeholders by a status.
std::string try_create(const tandem_descriptor& descriptor, Teller& teller) {
    host::PlaceholderServices services(host::describe(descriptor));
    const host::HostTable table(services);
    const tandem_instance* made = nullptr;
    tandem_error error = host::sized<tandem_error>();
    teller.step("create");
    try {
        const tandem_status status =
            descriptor.create(table.get(), host::view("probe"), &made, &error);
        if (status < 0) return {};
        if (!made) return "create answered OK and gave no instance";
        teller.step("destroy");
        descriptor.destroy(made);
    } catch (const std::exception& escaped) {
        return std::string("an exception left create or destroy: ") + escaped.what();
    } catch (...) {
        return "an exception that is no std::exception left create or destroy";
    }
    return {};
}

/// The registry's end: the child and what it said.
struct Child {
    pid_t pid = -1;
    int out = -1, err = -1;

    ~Child() {
        if (out >= 0) ::close(out);
        if (err >= 0) ::close(err);
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
};

std::string spawn(const std::string& program, const std::string& file, Child& child) {
    std::array<int, 2> out{}, err{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return std::strerror(errno);
    if (::pipe2(err.data(), O_CLOEXEC) != 0) {
        ::close(out[0]);
        ::close(out[1]);
        return std::strerror(errno);
    }
    child.out = out[0];
    child.err = err[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    std::string arguments[] = {program, "--probe-plugin", file};
    char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
    const int failed = ::posix_spawn(&child.pid, program.c_str(), &actions, nullptr, argv, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    if (failed != 0) child.pid = -1;
    return failed == 0 ? std::string() : std::strerror(failed);
}

// Reads both pipes until the child closed its word. False: a step took too long.
bool listen(const Child& child, std::string& out, std::string& err) {
    constexpr size_t most = 64 << 10;  // chatter beyond it is dropped
    auto end = std::chrono::steady_clock::now() + patience_to_begin;
    std::array<pollfd, 2> ends{{{child.out, POLLIN, 0}, {child.err, POLLIN, 0}}};
    while (ends[0].fd >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        if (::poll(ends.data(), ends.size(), static_cast<int>(left.count())) < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        for (size_t i = 0; i < ends.size(); ++i) {
            if (!ends[i].revents) continue;
            std::array<char, 4096> buffer;
            const ssize_t got = ::read(ends[i].fd, buffer.data(), buffer.size());
            std::string& to = i == 0 ? out : err;
            if (got > 0 && to.size() < most) to.append(buffer.data(), static_cast<size_t>(got));
            if (got > 0 && i == 0) end = std::chrono::steady_clock::now() + patience;
            if (got == 0) ends[i].fd = -1;
        }
    }
    return true;
}

std::string death(int status) {
    if (WIFSIGNALED(status)) {
        return std::string("died by signal ") + ::sigabbrev_np(WTERMSIG(status));
    }
    return "ended the process with exit code " + std::to_string(WEXITSTATUS(status));
}

// The last line that starts with the mark, without it.
std::string last_after(const std::string& text, std::string_view mark) {
    std::string found;
    size_t start = 0;
    while (start < text.size()) {
        const size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = std::string_view(text).substr(start, end - start);
        if (line.compare(0, mark.size(), mark) == 0) found = line.substr(mark.size());
        start = end + 1;
    }
    return found;
}

bool has_line(const std::string& text, std::string_view line) {
    return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

int probe_plugin(const std::string& file) {
    // The pipe is kept apart from standard output, which the plugin may write to.
    Teller teller(::fcntl(1, F_DUPFD_CLOEXEC, 10));
    ::dup2(2, 1);
    // The daemon blocks the signals that it waits for, and a child inherits that: a plugin that
    // blocks them as well would change nothing here.
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    const host::ElfFile elf(file);
    if (!elf.fault().empty()) return teller.refuse("not a plugin for this machine: " + elf.fault());
    const host::ProcessState before = host::ProcessState::now();
    teller.step("load");
    Result<tandem_entry> entry = open_library(file);
    if (!entry) return teller.refuse(entry.error().text);
    const size_t threads = host::ProcessState::now().threads();
    if (threads > before.threads()) return teller.refuse("it starts a thread when it is loaded");
    teller.step("describe");
    const tandem_descriptor* descriptor = (*entry)();
    if (const auto faults = host::descriptor_faults(descriptor); !faults.empty()) {
        return teller.refuse(joined(faults));
    }
    if (std::string fault = try_create(*descriptor, teller); !fault.empty()) {
        return teller.refuse(std::move(fault));
    }
    const host::ProcessState after = host::ProcessState::settled(before.threads());
    std::vector<std::string> changes = before.changes(after);
    if (after.threads() > before.threads()) changes.push_back("a thread is left behind");
    if (!changes.empty()) {
        return teller.refuse("it touches what belongs to the host: " + joined(changes));
    }
    return teller.accept();
}

Result<void> run_probe(const std::string& program, const std::string& file) {
    Child child;
    if (const std::string fault = spawn(program, file, child); !fault.empty()) {
        return Error{Code::Unavailable, "the probe " + program + " cannot be run: " + fault};
    }
    std::string out, err;
    const bool in_time = listen(child, out, err);
    if (has_line(out, ok_line)) return {};
    if (const std::string reason = last_after(out, refused_mark); !reason.empty()) {
        return Error{Code::Invalid, reason};
    }
    const std::string step = last_after(out, step_mark);
    const std::string where = step.empty() ? "before it was loaded" : "during " + step;
    if (!in_time) {
        return Error{Code::Timeout, "it hung " + where + " for " +
                                        std::to_string(patience.count()) + " s in the probe"};
    }
    int status = 0;
    while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    child.pid = -1;
    std::string text = "it " + death(status) + " " + where + " in the probe";
    if (std::string said = last_after(err, ""); !said.empty()) {
        text += " (" + said.substr(0, 300) + ")";
    }
    return Error{Code::Invalid, text};
}

}  // namespace tandem::load
