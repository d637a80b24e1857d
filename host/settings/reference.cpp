#include "settings/reference.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tandem::settings {

namespace {

constexpr unsigned max_nesting = 8;           // ${A:-${B:-${C}}} and a few more
constexpr size_t max_resolved_bytes = 65536;  // of one value

/// What was expected; becomes a finding at the value's place.
struct Unresolved : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool is_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           std::all_of(name.begin(), name.end(), fits);
}

/// The directory that systemd fills with credentials; its files may be readable by a
/// group, because the directory itself is not.
std::string credentials_directory(const Environment& environment) {
    const auto found = environment.find("CREDENTIALS_DIRECTORY");
    return found == environment.end() || found->second.empty() ? "" : found->second + "/";
}

/// Closes on the way out, whichever way that is.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }

private:
    const int number_;
};

std::string read_secret(const std::string& path, const std::string& credentials) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0)
        throw Unresolved("a secret file that can be read: " + path + " (" + std::strerror(errno) +
                         ")");
    struct stat status {};
    if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Unresolved("a secret file, " + path + " is not a regular file");
    const bool guarded = !credentials.empty() &&
                         path.compare(0, credentials.size(), credentials) == 0 &&
                         path.find("/../", credentials.size() - 1) == std::string::npos;
    if (!guarded && (status.st_mode & 077) != 0)
        throw Unresolved("a secret file that only its owner can read: chmod 600 " + path);

    std::string text;
    char buffer[4096];
    ssize_t got = 0;
    while (text.size() <= max_secret_bytes &&
           (got = ::read(file.number(), buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(got));
    if (got < 0)
        throw Unresolved("a secret file that can be read: " + path + " (" + std::strerror(errno) +
                         ")");
    if (text.size() > max_secret_bytes)
        throw Unresolved("a secret file of at most 64 KiB: " + path);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.empty()) throw Unresolved("a secret file that is not empty: " + path);
    if (text.find('\0') != std::string::npos)
        throw Unresolved("a secret file of text, there is a NUL byte: " + path);
    return text;
}

class Resolver {
public:
    Resolver(const Environment& environment, Report& report)
        : environment_(environment),
          report_(report),
          credentials_(credentials_directory(environment)) {}

    void walk(Node& node, const std::string& path) {
        if (node.kind == Node::Kind::Text && !node.literal) {
            resolve(node, path);
        } else if (node.kind == Node::Kind::List) {
            for (size_t i = 0; i < node.items.size(); ++i)
                walk(node.items[i], path + "[" + std::to_string(i) + "]");
        } else if (node.kind == Node::Kind::Block) {
            for (Node::Entry& entry : node.entries)
                walk(entry.value, path.empty() ? entry.key : path + "." + entry.key);
        }
    }

private:
    void resolve(Node& node, const std::string& path) {
        if (node.text.find("${") == std::string::npos) return;
        try {
            const size_t slash = node.place.file.rfind('/');
            directory_ = slash == std::string::npos ? "" : node.place.file.substr(0, slash + 1);
            node.text = expand(node.text, 0);
            node.resolved = true;
        } catch (const Unresolved& wrong) {
            report_.error(node.place, path, wrong.what());
            node.kind = Node::Kind::Broken;
        }
    }

    std::string expand(std::string_view text, unsigned nesting) {
        if (nesting > max_nesting) throw Unresolved("at most 8 references within each other");
        std::string out;
        for (size_t at = 0; at < text.size();) {
            if (text.substr(at, 3) == "$${") {
                out += "${";
                at += 3;
            } else if (text.substr(at, 2) == "${") {
                const size_t end = closing_brace(text, at + 2);
                out += value_of(text.substr(at + 2, end - at - 2), nesting);
                at = end + 1;
            } else {
                out += text[at++];
            }
            if (out.size() > max_resolved_bytes) throw Unresolved("a value of at most 64 KiB");
        }
        return out;
    }

    static size_t closing_brace(std::string_view text, size_t at) {
        for (unsigned open = 1; at < text.size(); ++at) {
            if (text.substr(at, 2) == "${") ++open;
            if (text[at] == '}' && --open == 0) return at;
        }
        throw Unresolved("a closing brace after ${");
    }

    std::string value_of(std::string_view inside, unsigned nesting) {
        if (inside.substr(0, 5) == "file:") {
            std::string path = expand(inside.substr(5), nesting + 1);
            if (path.empty()) throw Unresolved("a path, as in ${file:/path}");
            if (path.front() != '/') path = directory_ + path;
            return read_secret(path, credentials_);
        }
        const size_t bar = inside.find(":-");
        const std::string name(inside.substr(0, bar));
        if (!is_name(name))
            throw Unresolved("${NAME}, ${NAME:-default} or ${file:/path}; $${ stands for ${");
        const auto found = environment_.find(name);
        const bool has_default = bar != std::string_view::npos;
        // As in the shell, :- also stands in for a variable that is set and empty.
        if (found != environment_.end() && !(has_default && found->second.empty()))
            return found->second;
        if (!has_default)
            throw Unresolved("the environment variable " + name +
                             " to be set, or a default as in ${" + name + ":-...}");
        return expand(inside.substr(bar + 2), nesting + 1);
    }

    const Environment& environment_;
    Report& report_;
    const std::string credentials_;
    std::string directory_;  // of the file in which the value at hand stands
};

}  // namespace

void resolve_references(Node& root, const Environment& environment, Report& report) {
    Resolver(environment, report).walk(root, "");
}

}  // namespace tandem::settings
