#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/process.h"

namespace tandem::flow {

/// A folder of its own under /tmp, removed with all it holds.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    std::string file(const std::string& name) const { return path_ + '/' + name; }
    void write(const std::string& name, const std::string& text) const;

private:
    std::string path_;
};

/// The real daemon on a free port, with settings and a database in a folder of its own.
/// It may be killed and started again; the port stays. Confined to one thread.
class Gateway {
public:
    /// `settings` is YAML; `server:` and the beginning of `plugins:` are put before it, so
    /// that indented lines at its start go on with `plugins:`. `programs` is where tandemd
    /// and tandemctl are.
    explicit Gateway(const std::string& settings,
                     const std::map<std::string, std::string>& environment = {},
                     std::string programs = built_programs());
    ~Gateway();

    /// From now on another program starts it, as its last arguments.
    void launch_by(std::vector<std::string> launcher) { launcher_ = std::move(launcher); }
    /// Starts it and waits until it is ready; throws with its output if it is not.
    void start();
    void kill();
    /// When it starts again, its wall clock is this much ahead of ours. (A build with
    /// sanitizers keeps its clock; there is waiting to be done instead.)
    void later(std::chrono::seconds shift);
    /// Ends it by TERM; the exit code.
    int stop();
    pid_t pid() const { return process_->pid(); }
    bool running() { return process_ && process_->running(); }

    const std::string& url() const { return url_; }
    const Folder& folder() const { return folder_; }
    std::string output() { return process_ ? process_->output() : earlier_output_; }
    /// A bearer token for this organisation, minted by tandemctl.
    std::string token(const std::string& organization, const std::string& permissions,
                      const std::string& subject = "agent-1");

    /// The programs' folder of this build.
    static std::string built_programs();

private:
    void leave_traces();

    Folder folder_;
    const std::string programs_;
    std::map<std::string, std::string> environment_;
    std::vector<std::string> launcher_;
    std::string url_;
    std::string earlier_output_;
    std::unique_ptr<Process> process_;
};

/// A TCP port that is free now.
int free_port();

}  // namespace tandem::flow
