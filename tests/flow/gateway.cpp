#include "flow/gateway.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "flow/http_client.h"
#include "flow/traces.h"
#include "flow/twilio_request.h"

namespace tandem::flow {

Folder::Folder() {
    char pattern[] = "/tmp/tandem-flow-XXXXXX";
    if (!mkdtemp(pattern)) throw std::runtime_error("no folder for a test");
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
}

int free_port() {
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool found = bind(socket_fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(socket_fd);
    if (!found) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

std::string Gateway::built_programs() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

Gateway::Gateway(const std::string& settings, const std::map<std::string, std::string>& environment,
                 std::string programs)
    : programs_(std::move(programs)), environment_(environment) {
    const std::string port = std::to_string(free_port());
    url_ = "http://127.0.0.1:" + port;
    folder_.write(
        "tandem.yaml",
        "server:\n  listen: 127.0.0.1:" + port +
            "\n  public_url: https://gateway.example.com\n  control: " +
            folder_.file("control.sock") +
            "\n"
            "plugins:\n  trusted_uid: " +
            std::to_string(getuid()) + "\n" + settings +
            (settings.find("\nlog:") == std::string::npos ? "\nlog: {level: debug}\n" : ""));
    leave_canary("secret", auth_token);
    leave_canary("secret", "0123456789abcdef0123456789abcdef");
    environment_.emplace("TEST_FOLDER", folder_.file(""));
    // A test says in a second to one number what people say in an hour.
    environment_.emplace("TANDEM_LIMITS_AUTOMATIC_MESSAGES_PER_MINUTE_PER_NUMBER", "0");
    environment_.emplace("TANDEM_LIMITS_MESSAGES_PER_MINUTE_PER_NUMBER", "0");
    environment_.emplace("TANDEM_LIMITS_CALLS_PER_MINUTE_PER_NUMBER", "0");
}

Gateway::~Gateway() {
    leave_traces();
}

/// What it counted, where it still can be asked, and all that it wrote.
void Gateway::leave_traces() {
    if (!process_) return;
    if (process_->running()) {
        const HttpAnswer metrics = HttpClient(url_).get("/metrics");
        if (metrics.status == 200) leave_trace("metrics", metrics.body);
    }
    leave_trace("log", process_->output());
}

void Gateway::start() {
    std::vector<std::string> words = launcher_;
    words.insert(words.end(), {programs_ + "/tandemd", "--config", folder_.file("tandem.yaml")});
    process_ = std::make_unique<Process>(words, environment_);
    HttpClient client(url_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end && process_->running()) {
        if (client.get("/readyz").status == 200) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("the gateway did not get ready:\n" + process_->output());
}

void Gateway::kill() {
    process_->signal(SIGKILL);
    process_->wait();
    earlier_output_ = process_->output();
    leave_trace("log", earlier_output_);
    process_.reset();
}

void Gateway::later(std::chrono::seconds shift) {
    const std::string clock = programs_ + "/../lib/tandem-shifted-clock.so";
    if (!std::filesystem::exists(clock)) return;
    environment_["LD_PRELOAD"] = clock;
    environment_["TEST_CLOCK_SHIFT_S"] = std::to_string(shift.count());
}

int Gateway::stop() {
    process_->signal(SIGTERM);
    const int code = process_->wait();
    earlier_output_ = process_->output();
    leave_trace("log", earlier_output_);
    process_.reset();
    return code;
}

std::string Gateway::token(const std::string& organization, const std::string& permissions,
                           const std::string& subject) {
    Process ctl(
        {programs_ + "/tandemctl", "token", "--config", folder_.file("tandem.yaml"), "--org",
         organization, "--sub", subject, "--permissions", permissions, "--ttl", "3600"},
        environment_);
    if (ctl.wait() != 0) throw std::runtime_error("no token: " + ctl.output());
    std::string text = ctl.output();
    const size_t end = text.find_last_not_of(" \r\n");
    text.erase(end == std::string::npos ? 0 : end + 1);
    const size_t line = text.rfind('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

}  // namespace tandem::flow
