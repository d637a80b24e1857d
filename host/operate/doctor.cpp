#include <dlfcn.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "base/clock.h"
#include "boot/plugins.h"
#include "observe/logger.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

enum class State { Good, Doubtful, Bad };

/// Collects what the checks find. Confined to one call.
class Sheet {
public:
    explicit Sheet(const Call& call) : call_(call) {}

    void good(const std::string& check, const std::string& text) { note(State::Good, check, text); }
    void doubt(const std::string& check, const std::string& text) {
        note(State::Doubtful, check, text);
    }
    void bad(const std::string& check, const std::string& text) { note(State::Bad, check, text); }
    int exit() const { return failed_ ? failure : success; }

private:
    void note(State state, const std::string& check, const std::string& text) {
        static constexpr const char* words[] = {"ok", "warning", "problem"};
        const char* word = words[static_cast<size_t>(state)];
        failed_ = failed_ || state == State::Bad;
        if (call_.has("--json"))
            call_.out << "{\"check\":" << json(check) << ",\"state\":\"" << word
                      << "\",\"text\":" << json(text) << "}\n";
        else
            call_.out << word << std::string(9 - std::strlen(word), ' ') << check << ": " << text
                      << "\n";
    }

    const Call& call_;
    bool failed_ = false;
};

void check_file(Sheet& sheet, const std::string& file, bool has_inline_secret) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return;
    if ((status.st_mode & 022) != 0)
        sheet.bad("permissions", file + " can be changed by others: chmod go-w");
    else if (has_inline_secret && (status.st_mode & 044) != 0)
        sheet.doubt("permissions", file + " holds secrets and others can read it: chmod go-r");
    else
        sheet.good("permissions", file);
}

/// Returns whether the settings hold.
bool check_findings(Sheet& sheet, const settings::Loaded& loaded) {
    for (const settings::Finding& finding : loaded.findings) {
        if (finding.warning)
            sheet.doubt("settings", settings::to_text(finding));
        else
            sheet.bad("settings", settings::to_text(finding));
    }
    if (loaded.usable()) sheet.good("settings", "complete");
    return loaded.usable();
}

void check_plugins(Sheet& sheet, const settings::Settings& settings) {
    const SystemClock clock;
    observe::Logger log({.level = observe::Level::Error}, clock);
    const auto registry =
        load::make_registry(plugin_places(settings), {.log = &log, .clock = &clock});
    const auto findings = boot::check_plugins(*registry, settings);
    for (const settings::Finding& finding : findings) {
        if (finding.warning)
            sheet.doubt("plugins", settings::to_text(finding));
        else
            sheet.bad("plugins", settings::to_text(finding));
    }
    for (const auto& use : boot::plugin_uses(settings)) {
        const bool failed = std::any_of(findings.begin(), findings.end(), [&use](const auto& one) {
            return !one.warning && one.key.starts_with(use.id + '.');
        });
        if (!failed) sheet.good("plugins", use.id + " (" + use.plugin + ")");
    }
}

std::string dotted(int version) {
    return std::to_string(version / 1000000) + "." + std::to_string(version / 1000 % 1000) + "." +
           std::to_string(version % 1000);
}

/// A WAL reset at the wrong moment can lose committed pages in 3.7.0 to 3.51.2; the
/// plugin's single checkpointing writer keeps out of it, other programs may not.
void check_sqlite(Sheet& sheet) {
    void* library = ::dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        sheet.bad("sqlite", "libsqlite3.so.0 cannot be loaded");
        return;
    }
    const auto number = reinterpret_cast<int (*)()>(::dlsym(library, "sqlite3_libversion_number"));
    const int version = number == nullptr ? 0 : number();
    ::dlclose(library);
    if (version < 3035000)
        sheet.bad("sqlite", dotted(version) + " is too old, 3.35 is needed");
    else if (version < 3051003)
        sheet.doubt("sqlite", dotted(version) +
                                  " has the WAL-reset defect: let no other program than the "
                                  "gateway write or checkpoint its database");
    else
        sheet.good("sqlite", dotted(version));
}

void check_storage(Sheet& sheet, const settings::PluginUse& storage) {
    const auto path = storage.options.find("path");
    if (storage.plugin != "sqlite" || path == storage.options.end()) return;
    check_sqlite(sheet);
    const std::string file = std::get<std::string>(path->second.value);
    const size_t slash = file.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : file.substr(0, slash + 1);
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        sheet.bad("storage", folder + ": " + std::strerror(errno));
        return;
    }
    struct statvfs space {};
    if (::statvfs(folder.c_str(), &space) == 0) {
        const auto free_bytes = static_cast<unsigned long long>(space.f_bavail) * space.f_frsize;
        if (free_bytes < (256ull << 20))
            sheet.bad("storage", folder + " has less than 256 MiB free");
        else
            sheet.good("storage", folder + " can be written, " + std::to_string(free_bytes >> 20) +
                                      " MiB free");
    }
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
        sheet.doubt("storage", file + " holds conversations and is open to others: chmod 600");
}

std::string bind_failure(const std::string& address) {
    const size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
    if (code != 0) return ::gai_strerror(code);
    std::string wrong;
    const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (socket < 0 || ::bind(socket, found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket, 1) != 0)
        wrong = std::strerror(errno);
    if (socket >= 0) ::close(socket);
    ::freeaddrinfo(found);
    return wrong;
}

void check_listen(Sheet& sheet, const settings::Settings& settings) {
    for (const std::string& address : settings.server.listen) {
        const std::string wrong = bind_failure(address);
        if (wrong.empty())
            sheet.good("listen", address + " is free");
        else if (wrong == std::strerror(EADDRINUSE))
            sheet.doubt("listen",
                        address + " is in use; by the running gateway, it is to be hoped");
        else
            sheet.bad("listen", address + ": " + wrong);
    }
    const std::string& url = settings.server.public_url;
    const bool is_local = url.find("//127.") != std::string::npos ||
                          url.find("//localhost") != std::string::npos ||
                          url.find("//[::1]") != std::string::npos;
    if (is_local)
        sheet.doubt("public_url", url + " is this machine; providers cannot call it");
    else if (url.rfind("https://", 0) != 0)
        sheet.bad("public_url",
                  url + " is not https: customers' messages would travel in the open");
    else
        sheet.good("public_url", url);
}

void check_tls(Sheet& sheet, const settings::Server& server) {
    if (server.tls_certificate.empty()) return;
    for (const std::string& file : {server.tls_certificate, server.tls_key}) {
        if (::access(file.c_str(), R_OK) != 0)
            sheet.bad("tls", file + ": " + std::strerror(errno));
        else
            sheet.good("tls", file + " can be read");
    }
}

void check_descriptors(Sheet& sheet, const settings::Limits& limits) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const std::string text = std::to_string(files.rlim_max) +
                             " descriptors, limits.connections is " +
                             std::to_string(limits.connections);
    if (files.rlim_max != RLIM_INFINITY && files.rlim_max < limits.connections + 256)
        sheet.doubt("descriptors", text);
    else
        sheet.good("descriptors", text);
}

}  // namespace

int doctor(const Call& call) {
    Sheet sheet(call);
    const settings::Loaded loaded = settings::load(settings_file(call), call.environment);
    bool has_inline_secret = false;
    for (const settings::Finding& finding : loaded.findings)
        has_inline_secret = has_inline_secret || finding.expected.rfind("a secret from", 0) == 0;
    const bool usable = check_findings(sheet, loaded);
    check_file(sheet, settings_file(call), has_inline_secret);
    if (!usable) return sheet.exit();
    check_plugins(sheet, loaded.settings);
    check_storage(sheet, loaded.settings.storage);
    check_listen(sheet, loaded.settings);
    check_tls(sheet, loaded.settings.server);
    check_descriptors(sheet, loaded.settings.limits);
    return sheet.exit();
}

}  // namespace tandem::operate
