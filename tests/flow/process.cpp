#include "flow/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace tandem::flow {

namespace {

using std::chrono::steady_clock;

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& extra) {
    std::vector<std::string> all;
    for (char** one = environ; *one; ++one) {
        const std::string text = *one;
        // The tests' own settings must not depend on the caller's environment.
        const bool ours = text.rfind("TANDEM_", 0) == 0;
        const bool replaced = extra.count(text.substr(0, text.find('='))) > 0;
        if (!ours && !replaced) all.push_back(text);
    }
    for (const auto& [name, value] : extra) all.push_back(name + '=' + value);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for a child");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);

    std::vector<std::string> own_arguments = arguments;
    std::vector<std::string> own_environment = merged_environment(environment);
    const int failed =
        posix_spawn(&pid_, own_arguments.front().c_str(), &actions, nullptr,
                    pointers(own_arguments).data(), pointers(own_environment).data());
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    if (failed) {
        close(pipe_ends[0]);
        throw std::runtime_error("cannot start " + arguments.front() + ": " +
                                 std::strerror(failed));
    }
    output_fd_ = pipe_ends[0];
    reader_ = std::thread([this] {
        char block[4096];
        for (;;) {
            const ssize_t got = read(output_fd_, block, sizeof block);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            const std::lock_guard lock(mutex_);
            output_.append(block, static_cast<size_t>(got));
        }
        const std::lock_guard lock(mutex_);
        read_all_ = true;
    });
}

Process::~Process() {
    if (running()) {
        signal(SIGKILL);
        wait();
    }
    reader_.join();
    close(output_fd_);
}

void Process::signal(int number) const {
    if (!ended_) kill(pid_, number);
}

int Process::wait(std::chrono::seconds limit) {
    const auto end = steady_clock::now() + limit;
    while (running()) {
        if (steady_clock::now() > end) throw std::runtime_error("a child did not end in time");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    await_reader();
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

bool Process::running() {
    if (ended_) return false;
    const pid_t ended = waitpid(pid_, &status_, WNOHANG);
    ended_ = ended == pid_;
    return !ended_;
}

void Process::await_reader() {
    // What a child wrote last may still be in the pipe when it has ended; a grandchild
    // that keeps the pipe open is not waited for.
    for (int i = 0; i < 200; ++i) {
        {
            const std::lock_guard lock(mutex_);
            if (read_all_) return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string Process::output() {
    const std::lock_guard lock(mutex_);
    return output_;
}

bool Process::await_output(const std::string& text, std::chrono::seconds limit) {
    const auto end = steady_clock::now() + limit;
    while (steady_clock::now() < end) {
        const bool alive = running();
        if (!alive) await_reader();
        if (output().find(text) != std::string::npos) return true;
        if (!alive) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

}  // namespace tandem::flow
