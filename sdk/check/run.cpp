#include "run.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace tandem::check {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// What a child says: a mark, a blank, a text without line breaks.
constexpr std::array<const char*, 3> marks{"failure", "warning", "skip"};
constexpr const char* done = "done";

std::vector<Remark> run_here(const Entry& entry, const Subject& subject) {
    Check check(subject);
    try {
        if (!entry.kind.empty() && !check.offers(entry.kind)) {
            check.skip("it does not offer " + entry.kind);
        }
        entry.run(check);
    } catch (const Skipped&) {
    } catch (const std::exception& failure) {
        check.fail(failure.what());
    }
    return check.remarks();
}

void tell(int to, const std::string& text) {
    std::string line = text;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    line += '\n';
    if (::write(to, line.data(), line.size()) < 0) ::_exit(2);
}

/// A folder that is gone with its owner.
struct WorkFolder {
    std::string path;

    WorkFolder() {
        path = (fs::temp_directory_path() / "tandem-check-XXXXXX").string();
        if (!::mkdtemp(path.data())) throw std::runtime_error("no folder below " + path);
    }
    ~WorkFolder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
};

struct Child {
    pid_t pid = -1;
    int report = -1, chatter = -1;

    ~Child() {
        if (report >= 0) ::close(report);
        if (chatter >= 0) ::close(chatter);
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);
        wait();
    }

    int wait() {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        pid = -1;
        return status;
    }
};

std::vector<std::string> command(const std::string& name, const Plan& plan) {
    std::vector<std::string> made{"tandem-plugin-check",
                                  plan.subject.file,
                                  "--only",
                                  name,
                                  "--in-process",
                                  "--report-to",
                                  "3",
                                  "--seed",
                                  std::to_string(plan.subject.seed)};
    if (!plan.subject.conformance.empty()) {
        made.insert(made.end(), {"--conformance", plan.subject.conformance});
    }
    if (!plan.subject.options.empty()) made.push_back("--options");
    for (const auto& [key, value] : plan.subject.options) made.push_back(key + "=" + value);
    return made;
}

void spawn(const std::string& name, const Plan& plan, const WorkFolder& folder, Child& child) {
    std::array<int, 2> report{}, chatter{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0 || ::pipe2(chatter.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
    }
    child.report = report[0];
    child.chatter = chatter[0];
    std::vector<std::string> texts = command(name, plan);
    std::vector<char*> argv;
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder.path.c_str());
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, chatter[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, chatter[1], 2);
    ::posix_spawn_file_actions_adddup2(&actions, report[1], 3);
    const int failed =
        ::posix_spawn(&child.pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(report[1]);
    ::close(chatter[1]);
    if (failed != 0) {
        child.pid = -1;
        throw std::runtime_error(std::string("no process for the check: ") + std::strerror(failed));
    }
}

// Reads until the child closed its report. False: time is over.
bool listen(const Child& child, Clock::time_point end, std::string& report, std::string& chatter) {
    constexpr size_t most = 64 << 10;  // what a plugin prints beyond it is dropped
    std::array<pollfd, 2> ends{{{child.report, POLLIN, 0}, {child.chatter, POLLIN, 0}}};
    while (ends[0].fd >= 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return false;
        if (::poll(ends.data(), ends.size(), static_cast<int>(left)) < 0 && errno != EINTR) {
            return false;
        }
        for (size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd < 0 || !ends[i].revents) continue;
            std::array<char, 4096> buffer;
            const ssize_t got = ::read(ends[i].fd, buffer.data(), buffer.size());
            std::string& to = i == 0 ? report : chatter;
            if (got > 0 && to.size() < most) to.append(buffer.data(), static_cast<size_t>(got));
            if (got == 0) ends[i].fd = -1;
        }
    }
    return true;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    size_t start = 0;
    while (start < text.size()) {
        const size_t end = std::min(text.find('\n', start), text.size());
        if (end > start) lines.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

std::string death(int status) {
    if (WIFSIGNALED(status)) {
        return std::string("the plugin died by signal ") + ::sigabbrev_np(WTERMSIG(status));
    }
    return "the plugin ended the process with exit code " + std::to_string(WEXITSTATUS(status));
}

std::vector<Remark> run_apart(const Entry& entry, const Plan& plan) {
    const WorkFolder folder;
    Child child;
    spawn(entry.name, plan, folder, child);
    std::string report, chatter;
    const bool in_time =
        listen(child, Clock::now() + std::chrono::seconds(plan.timeout_s), report, chatter);
    std::vector<Remark> remarks;
    bool complete = false;
    for (const std::string& line : lines_of(report)) {
        complete = complete || line == done;
        for (size_t i = 0; i < marks.size(); ++i) {
            const std::string mark = std::string(marks[i]) + " ";
            if (line.compare(0, mark.size(), mark) == 0) {
                remarks.push_back({static_cast<Remark::Kind>(i), line.substr(mark.size())});
            }
        }
    }
    if (!in_time) {
        remarks.push_back(
            {Remark::Kind::Failure, "it hung for " + std::to_string(plan.timeout_s) + " s"});
    } else if (!complete) {
        std::string text = death(child.wait());
        const std::vector<std::string> said = lines_of(chatter);
        if (!said.empty()) text += " (" + said.back().substr(0, 300) + ")";
        remarks.push_back({Remark::Kind::Failure, text});
    }
    return remarks;
}

}  // namespace

bool Verdict::failed() const {
    return std::any_of(remarks.begin(), remarks.end(),
                       [](const Remark& remark) { return remark.kind == Remark::Kind::Failure; });
}

bool Verdict::skipped() const {
    return std::any_of(remarks.begin(), remarks.end(),
                       [](const Remark& remark) { return remark.kind == Remark::Kind::Skip; });
}

std::string make_absolute(Plan& plan) {
    std::error_code failed;
    const std::string file = plan.subject.file;
    plan.subject.file = fs::canonical(file, failed).string();
    if (failed) return file + ": " + failed.message();
    if (plan.subject.conformance.empty()) return {};
    const std::string folder = plan.subject.conformance;
    plan.subject.conformance = fs::canonical(folder, failed).string();
    return failed ? folder + ": " + failed.message() : std::string();
}

std::vector<Verdict> run_checks(const Plan& plan) {
    std::vector<Verdict> verdicts;
    for (const auto& [name, entry] : entries()) {
        if (::fnmatch(plan.only.c_str(), name.c_str(), 0) != 0) continue;
        const Clock::time_point begin = Clock::now();
        Verdict verdict{name, entry.promise, {}, 0};
        verdict.remarks = plan.in_process ? run_here(entry, plan.subject) : run_apart(entry, plan);
        verdict.milliseconds =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
        verdicts.push_back(std::move(verdict));
        if (plan.report_to < 0) continue;
        for (const Remark& remark : verdicts.back().remarks) {
            tell(plan.report_to,
                 std::string(marks[static_cast<size_t>(remark.kind)]) + " " + remark.text);
        }
        tell(plan.report_to, done);
    }
    return verdicts;
}

bool passed(const std::vector<Verdict>& verdicts) {
    return std::none_of(verdicts.begin(), verdicts.end(),
                        [](const Verdict& verdict) { return verdict.failed(); });
}

}  // namespace tandem::check
