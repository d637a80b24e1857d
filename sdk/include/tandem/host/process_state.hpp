#pragma once

#include <dirent.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

extern char** environ;  // POSIX leaves its declaration to the program

/// What of a process belongs to the host alone, taken at one moment, so that a plugin
/// which touches it is found. Linux only.
namespace tandem::host {

class ProcessState {
public:
    /// Confined to one thread; the signal mask is that thread's.
    static ProcessState now() {
        ProcessState state;
        for (int number = 1; number < signals; ++number) {
            struct sigaction action {};
            if (::sigaction(number, nullptr, &action) == 0) {
                state.handlers_[number] = reinterpret_cast<uintptr_t>(
                    action.sa_flags & SA_SIGINFO ? reinterpret_cast<void*>(action.sa_sigaction)
                                                 : reinterpret_cast<void*>(action.sa_handler));
            }
        }
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        for (int number = 1; number < signals; ++number) {
            state.blocked_[number] = ::sigismember(&mask, number) == 1;
        }
        if (const char* name = ::setlocale(LC_ALL, nullptr)) state.locale_ = name;
        char path[4096];
        if (::getcwd(path, sizeof path)) state.directory_ = path;
        state.umask_ = ::umask(0);
        ::umask(state.umask_);
        for (char** entry = environ; entry && *entry; ++entry) {
            state.environment_.emplace_back(*entry);
        }
        for (int stream = 0; stream < 3; ++stream) {
            struct stat status {};
            const bool open = ::fstat(stream, &status) == 0;
            state.streams_[stream] =
                open ? std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)
                     : "closed";
        }
        state.threads_ = entries("/proc/self/task");
        state.descriptors_ = entries("/proc/self/fd");
        return state;
    }

    /// Like now(), and patient with threads that were joined: the system lists one for a moment
    /// longer. Waits up to two seconds for there to be no more than `threads`.
    static ProcessState settled(size_t threads) {
        constexpr int looks = 200;
        for (int i = 0; i < looks && entries("/proc/self/task") > threads; ++i) ::usleep(10'000);
        return now();
    }

    size_t threads() const { return threads_; }
    size_t descriptors() const { return descriptors_; }

    /// What differs in `later`, in words; threads and open files are not part of it.
    std::vector<std::string> changes(const ProcessState& later) const {
        std::vector<std::string> found;
        for (int number = 1; number < signals; ++number) {
            const std::string name = "SIG" + signal_name(number);
            if (handlers_[number] != later.handlers_[number]) {
                found.push_back("the handler of " + name + " was changed");
            }
            // Poco blocks SIGPIPE when it is loaded, as plugins with it cannot help; every
            // host must be proof against that signal anyway, or a peer could end it.
            const bool proof = number == SIGPIPE && later.blocked_[number];
            if (blocked_[number] != later.blocked_[number] && !proof) {
                found.push_back(name +
                                (later.blocked_[number] ? " was blocked" : " was unblocked"));
            }
        }
        if (locale_ != later.locale_) {
            found.push_back("the locale was changed to " + later.locale_);
        }
        if (directory_ != later.directory_) {
            found.push_back("the working directory was changed to " + later.directory_);
        }
        if (umask_ != later.umask_) found.push_back("the umask was changed");
        if (environment_ != later.environment_) found.push_back("the environment was changed");
        static constexpr std::array names{"standard input", "standard output", "standard error"};
        for (int stream = 0; stream < 3; ++stream) {
            if (streams_[stream] != later.streams_[stream]) {
                found.push_back(std::string(names[stream]) + " was closed or replaced");
            }
        }
        return found;
    }

private:
    static constexpr int signals = 65;

    static std::string signal_name(int number) {
        const char* name = ::sigabbrev_np(number);
        return name ? name : "RT" + std::to_string(number);
    }

    // Without ".", ".." and the reading of the folder itself.
    static size_t entries(const char* folder) {
        DIR* open = ::opendir(folder);
        if (!open) return 0;
        size_t count = 0;
        while (const dirent* entry = ::readdir(open)) {
            if (entry->d_name[0] != '.') ++count;
        }
        ::closedir(open);
        return std::strcmp(folder, "/proc/self/fd") == 0 && count > 0 ? count - 1 : count;
    }

    std::array<uintptr_t, signals> handlers_{};
    std::array<bool, signals> blocked_{};
    std::string locale_, directory_;
    mode_t umask_ = 0;
    std::vector<std::string> environment_;
    std::array<std::string, 3> streams_;
    size_t threads_ = 0, descriptors_ = 0;
};

}  // namespace tandem::host
