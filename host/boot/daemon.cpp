#include "boot/daemon.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <thread>

#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>

#include "boot/end_bound.h"
#include "boot/gateway.h"
#include "boot/notify.h"
#include "load/load.h"

extern char** environ;

namespace tandem::boot {

namespace {

using Poco::Util::Option;

// A service manager gives 20 s; the rooms' own times come to 14 s.
constexpr Milliseconds end_time{14'500};

sigset_t set_of(std::initializer_list<int> numbers) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : numbers) sigaddset(&signals, number);
    return signals;
}

sigset_t awaited_signals() {
    return set_of({SIGTERM, SIGINT, SIGHUP});
}

/// Settings that are read again may wait long for what a plugin has in hand; an end that is asked
/// for meanwhile has its time from then on.
class EndWatch {
public:
    explicit EndWatch(EndBound& bound) : bound_(bound), thread_([this] { watch(); }) {}
    ~EndWatch() { stop(); }
    /// Whether it was asked for.
    bool stop() {
        done_ = true;
        if (thread_.joinable()) thread_.join();
        return asked_;
    }

private:
    void watch() {
        const sigset_t ends = set_of({SIGTERM, SIGINT});
        const timespec moment{0, 50'000'000};
        while (!done_ && !asked_) asked_ = sigtimedwait(&ends, nullptr, &moment) > 0;
        if (asked_) bound_.begin(Poco::Util::Application::EXIT_OK);
    }

    EndBound& bound_;
    std::atomic<bool> done_{false};
    std::atomic<bool> asked_{false};
    std::thread thread_;
};

void prepare_process() {
    const sigset_t signals = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // A core would hold every secret and every customer's words.
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    // So do the database and its companions, which libraries make for everyone to read.
    umask(077);
    // Each stream is a descriptor: take what the system allows without asking.
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

settings::Environment environment() {
    settings::Environment all;
    for (char** one = environ; *one; ++one) {
        const std::string text = *one;
        const size_t equals = text.find('=');
        if (equals != std::string::npos)
            all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

/// Tells why it does not start. Of the codes 78 alone says that starting again is useless.
int refuse_to_start(const Error& error, int if_unavailable) {
    std::cerr << "tandemd: " << error.text << '\n';
    switch (error.code) {
        case Code::Invalid:
        case Code::NotFound:
        case Code::Conflict:
        case Code::Unauthorized:
        case Code::Forbidden:
        case Code::Unsupported: return Poco::Util::Application::EXIT_CONFIG;
        case Code::Unavailable:
        case Code::Timeout:
        case Code::Limited:
        case Code::Cancelled: return if_unavailable;
        case Code::Corrupt: return Poco::Util::Application::EXIT_IOERR;
        case Code::Ok:
        case Code::Internal: break;
    }
    return Poco::Util::Application::EXIT_SOFTWARE;
}

void print(const std::vector<settings::Finding>& findings) {
    for (const settings::Finding& finding : findings)
        std::cerr << settings::to_text(finding) << '\n';
}

}  // namespace

int Daemon::start(int argc, char** argv) {
    // The probe compares the process before and after, so nothing may be changed first.
    if (argc == 3 && std::string(argv[1]) == "--probe-plugin") return load::probe_plugin(argv[2]);
    prepare_process();
    setUnixOptions(true);
    try {
        init(argc, argv);
    } catch (const Poco::Util::OptionException& mistake) {
        std::cerr << "tandemd: " << mistake.displayText() << "; see tandemd --help\n";
        return EXIT_USAGE;
    }
    return run();
}

void Daemon::defineOptions(Poco::Util::OptionSet& options) {
    options.addOption(Option("config", "c", "the settings file").argument("FILE"));
    options.addOption(Option("check-config", "", "check a settings file and end").argument("FILE"));
    options.addOption(Option("probe-plugin", "", "load a plugin, say whether it behaves, and end")
                          .argument("FILE"));
    options.addOption(Option("version", "", "print the version and end"));
    options.addOption(Option("help", "h", "print this and end"));
}

void Daemon::handleOption(const std::string& name, const std::string& value) {
    if (name == "config" || name == "check-config") file_ = value;
    if (name == "check-config") task_ = Task::CheckSettings;
    if (name == "version") task_ = Task::Version;
    if (name == "help") task_ = Task::Help;
}

int Daemon::main(const std::vector<std::string>& arguments) {
    if (!arguments.empty()) {
        std::cerr << "tandemd: unexpected: " << arguments.front() << "; see tandemd --help\n";
        return EXIT_USAGE;
    }
    switch (task_) {
        case Task::Serve: return serve_until_signalled();
        case Task::CheckSettings: return check_settings();
        case Task::Version: std::cout << "tandemd " TANDEM_VERSION "\n"; return EXIT_OK;
        case Task::Help: break;
    }
    Poco::Util::HelpFormatter help(options());
    help.setUnixStyle(true);
    help.setCommand("tandemd");
    help.setUsage("[--config FILE]");
    help.setHeader("The Tandem gateway: an AI and people answer a customer in tandem.");
    help.format(std::cout);
    return EXIT_OK;
}

int Daemon::check_settings() {
    const settings::Loaded loaded = settings::load(file_, environment());
    std::vector<settings::Finding> findings = loaded.findings;
    if (loaded.usable()) {
        const std::vector<settings::Finding> more = Gateway::check_plugins(loaded.settings);
        findings.insert(findings.end(), more.begin(), more.end());
    }
    print(findings);
    for (const settings::Finding& finding : findings)
        if (!finding.warning) return EXIT_CONFIG;
    return EXIT_OK;
}

int Daemon::serve_until_signalled() {
    const settings::Loaded loaded = settings::load(file_, environment());
    print(loaded.findings);
    if (!loaded.usable()) return EXIT_CONFIG;

    Gateway gateway(loaded.settings);
    if (const Result<void> started = gateway.start(); !started)
        return refuse_to_start(started.error(), EXIT_UNAVAILABLE);
    if (const Result<void> listening = gateway.listen(); !listening)
        return refuse_to_start(listening.error(), EXIT_CANTCREAT);
    notify_service_manager("READY=1\nSTATUS=serving");

    EndBound bound(end_time);
    const sigset_t signals = awaited_signals();
    int code = EXIT_OK;
    for (;;) {
        // A store that may have lost something must not be served from again: the loop
        // looks once a second whether the gateway wants to end.
        const timespec second{1, 0};
        const int number = sigtimedwait(&signals, nullptr, &second);
        if (number == SIGTERM || number == SIGINT) break;
        if (number == SIGHUP) {
            notify_service_manager("RELOADING=1");
            EndWatch end(bound);
            gateway.settings_changed(settings::load(file_, environment()));
            if (end.stop()) break;
            notify_service_manager("READY=1");
        }
        if (gateway.failed()) {
            code = EXIT_IOERR;
            break;
        }
    }
    bound.begin(code);
    notify_service_manager("STOPPING=1");
    // A thread that is stuck in a provider's call would see the ground go from under it.
    if (!gateway.stop()) std::_Exit(code);
    return code;
}

}  // namespace tandem::boot
