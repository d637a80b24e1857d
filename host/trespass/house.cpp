#include "trespass/house.h"

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

namespace tandem::trespass {

namespace {

constexpr auto ready_within = std::chrono::seconds(180);
constexpr auto gone_within = std::chrono::seconds(20);
constexpr auto look_again = std::chrono::milliseconds(20);

std::string plugins_beside(const std::string& daemon) {
    const auto folder = std::filesystem::absolute(daemon).lexically_normal().parent_path();
    return (folder.parent_path() / "lib/tandem/plugins").string();
}

}  // namespace

House::House(std::string daemon, std::string plugins)
    : daemon_(std::move(daemon)),
      plugins_(plugins.empty() ? plugins_beside(daemon_) : std::move(plugins)),
      secret_(random_hex(32)) {
    open_accounts();
}

House::~House() {
    end();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void House::open_accounts() {
    const auto number = [this] { return "+155502000" + std::to_string(10 + tenants_.size()); };
    for (const char* one : {north, south})
        tenants_.push_back({one, number(), "sandbox", "sandbox"});
    for (const char* sharing : {"-own", "-shared"}) {
        const bool shared = std::string(sharing) == "-shared";
        for (const char* one : {north, south})
            tenants_.push_back({std::string(one) + sharing, number(), "sandbox", "sandbox"});
        Tenant* pair = &tenants_[tenants_.size() - 2];
        for (const Dialect& dialect : dialects()) {
            if (!std::filesystem::exists(plugins_ + "/tandem-" + dialect.plugin + ".so")) continue;
            for (int i = 0; i < 2; ++i) {
                const std::string instance = dialect.plugin + (shared   ? "-both"
                                                               : i == 0 ? "-north"
                                                                        : "-south");
                (dialect.plugin == "twilio" ? pair[i].channel : pair[i].voice) = instance;
                if (!shared || i == 0)
                    accounts_.push_back({instance,
                                         dialect.plugin,
                                         dialect.account + random_hex(16),
                                         random_hex(16),
                                         random_hex(16),
                                         {}});
                accounts_.back().organizations.push_back(pair[i].organization);
            }
        }
    }
}

void House::write_settings() const {
    std::ofstream file(folder_ + "/tandem.yaml");
    std::filesystem::permissions(folder_ + "/tandem.yaml", std::filesystem::perms::owner_read |
                                                               std::filesystem::perms::owner_write);
    file << "server: {listen: \"127.0.0.1:" << port_ << "\", public_url: \"" << public_url
         << "\", control: \"" << folder_ << "/control.sock\"}\n"
         << "plugins: {trusted_uid: " << getuid() << ", directories: [\"" << plugins_ << "\"]}\n"
         << "storage: {plugin: sqlite, options: {path: \"" << folder_ << "/tandem.db\"}}\n"
         << "auth: [{plugin: jwt, options: {algorithm: HS256, secret: \"" << secret_ << "\"}}]\n"
         << "providers:\n"
         << "  - {id: sandbox, plugin: sandbox, options: {delay_ms: 10}}\n";
    for (const Account& one : accounts_)
        file << "  - {id: " << one.instance << ", plugin: " << one.plugin << ", options: {"
             << dialect_of(one.plugin)->options(one, provider_api_.port()) << "}}\n";
    file << "organizations:\n";
    for (const Tenant& one : tenants_)
        file << "  - {id: " << one.organization << ", name: \"The " << one.organization
             << "\", default_region: US, numbers: [\"" << one.number
             << "\"], channel: " << one.channel << ", voice: " << one.voice << "}\n";
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

Person House::person(const std::string& organization) const {
    admit::TokenOrder order;
    order.subject = "agent-" + organization;
    order.organization = organization;
    order.permissions = {"admin"};
    order.issued_at = SystemClock().now();
    const auto minted = admit::mint_token(order, secret_);
    Person person;
    person.organization = organization;
    person.subject = order.subject;
    person.token = minted ? *minted : std::string();
    person.canary = "canary" + random_hex(8) + organization;
    for (const Tenant& one : tenants_)
        if (one.organization == organization) person.business_number = one.number;
    return person;
}

std::vector<std::string> House::secrets() const {
    std::vector<std::string> all{secret_};
    for (const Account& one : accounts_) all.insert(all.end(), {one.secret, one.password});
    return all;
}

std::string House::log() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/log").rdbuf();
    return text.str();
}

}  // namespace tandem::trespass
