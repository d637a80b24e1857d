#include "operate/isolation_house.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "admit/mint.h"
#include "base/clock.h"
#include "base/id.h"

namespace tandem::operate::isolation {

namespace {

constexpr auto ready_within = std::chrono::seconds(60);
constexpr auto gone_within = std::chrono::seconds(20);
constexpr auto look_again = std::chrono::milliseconds(20);

}  // namespace

House::House(std::string daemon, std::string plugins)
    : daemon_(std::move(daemon)), plugins_(std::move(plugins)), secret_(random_hex(32)) {}

House::~House() {
    end();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void House::write_settings() const {
    std::ofstream file(folder_ + "/tandem.yaml");
    std::filesystem::permissions(folder_ + "/tandem.yaml", std::filesystem::perms::owner_read |
                                                               std::filesystem::perms::owner_write);
    file << "server: {listen: \"127.0.0.1:" << port_
         << "\", public_url: \"https://gateway.example.com\", control: \"" << folder_
         << "/control.sock\"}\n"
         << "plugins: {trusted_uid: " << getuid();
    if (!plugins_.empty()) file << ", directories: [\"" << plugins_ << "\"]";
    file << "}\n"
         << "storage: {plugin: sqlite, options: {path: \"" << folder_ << "/tandem.db\"}}\n"
         << "auth: [{plugin: jwt, options: {algorithm: HS256, secret: \"" << secret_ << "\"}}]\n"
         << "providers: [{id: sandbox, plugin: sandbox, options: {delay_ms: 10}}]\n"
         << "organizations:\n";
    for (const auto& [id, number] :
         {std::pair(north, north_number), std::pair(south, south_number)})
        file << "  - {id: " << id << ", name: \"The " << id
             << "\", default_region: US, numbers: [\"" << number
             << "\"], channel: sandbox, voice: sandbox}\n";
    // The audit asks more than anybody may.
    file << "limits: {requests_per_minute: 1000000, messages_per_minute: 1000000, "
            "calls_per_minute: 1000000, requests_per_minute_per_address: 1000000, "
            "messages_per_minute_per_number: 1000000, calls_per_minute_per_number: 1000000}\n"
         << "stream: {max_per_credential: 1000}\n"
         << "log: {level: debug}\n";
}

Result<void> House::start() {
    char pattern[] = "/tmp/tandem-isolation-XXXXXX";
    if (mkdtemp(pattern) == nullptr) return Error{Code::Unavailable, "no folder below /tmp"};
    folder_ = pattern;
    port_ = free_port();
    write_settings();
    const std::string settings = folder_ + "/tandem.yaml", log_file = folder_ + "/log";
    pid_ = fork();
    if (pid_ < 0) return Error{Code::Unavailable, "no process for the gateway"};
    if (pid_ == 0) {
        // Whatever ends the audit ends its gateway.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int log = open(log_file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execl(daemon_.c_str(), daemon_.c_str(), "--config", settings.c_str(), nullptr);
        _exit(127);
    }
    const auto until = std::chrono::steady_clock::now() + ready_within;
    while (std::chrono::steady_clock::now() < until) {
        if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
            break;
        }
        const auto answer = ask(port_, {"GET", "/readyz", {}, {}});
        if (answer && answer->status == 200) return {};
        std::this_thread::sleep_for(look_again);
    }
    return Error{Code::Unavailable, "the audit's gateway did not get ready:\n" + log()};
}

void House::end() {
    if (pid_ < 0) return;
    kill(pid_, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + gone_within;
    while (waitpid(pid_, nullptr, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > until) kill(pid_, SIGKILL);
        std::this_thread::sleep_for(look_again);
    }
    pid_ = -1;
}

std::string House::token(const std::string& organization, const std::string& subject) const {
    admit::TokenOrder order;
    order.subject = subject;
    order.organization = organization;
    order.permissions = {"admin"};
    order.issued_at = SystemClock().now();
    const auto minted = admit::mint_token(order, secret_);
    return minted ? *minted : std::string();
}

std::string House::log() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/log").rdbuf();
    return text.str();
}

}  // namespace tandem::operate::isolation
