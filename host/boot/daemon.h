#pragma once

#include <string>
#include <vector>

#include <Poco/Util/OptionSet.h>
#include <Poco/Util/ServerApplication.h>

namespace tandem::boot {

/// The program tandemd: its options, its wait for signals, its exit codes (0 ended by TERM
/// or INT, 64 wrong usage, 69 the store is in use or away, 70 internal, 73 cannot listen,
/// 74 disk or damage, 78 settings or plugins: a service manager need not try again).
/// It never turns itself into a background process; that is a service manager's work.
class Daemon : public Poco::Util::ServerApplication {
public:
    /// Blocks the signals that the daemon waits for before any thread starts, so that
    /// every thread inherits that; then does what the options say. The exit code.
    int start(int argc, char** argv);

protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& arguments) override;

private:
    enum class Task { Serve, CheckSettings, Version, Help };

    int serve_until_signalled();
    int check_settings();

    Task task_ = Task::Serve;
    std::string file_ = "/etc/tandem/tandem.yaml";
};

}  // namespace tandem::boot
