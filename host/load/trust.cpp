#include "load/trust.h"

#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace tandem::load {
namespace {

std::optional<std::string> real_path(const std::string& path) {
    char resolved[PATH_MAX];
    if (!::realpath(path.c_str(), resolved)) return std::nullopt;
    return std::string(resolved);
}

std::string owner_fault(const std::string& path, const struct stat& status, unsigned trusted_uid) {
    if (status.st_uid != 0 && status.st_uid != trusted_uid) {
        std::string allowed = "root";
        if (trusted_uid != 0) allowed += " or uid " + std::to_string(trusted_uid);
        return path + " belongs to uid " + std::to_string(status.st_uid) + ", not to " + allowed +
               " (plugins.trusted_uid)";
    }
    const bool open_to_others = status.st_mode & (S_IWGRP | S_IWOTH);
    const bool sticky_of_root =
        S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) && status.st_uid == 0;
    if (open_to_others && !sticky_of_root) {
        return path + " is writable by group or others: chmod go-w " + path;
    }
    return {};
}

// Every folder up to the root: whoever may rename one of them chooses what is loaded.
std::string way_up_fault(std::string path, unsigned trusted_uid) {
    while (true) {
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0) return path + ": " + std::strerror(errno);
        if (std::string fault = owner_fault(path, status, trusted_uid); !fault.empty()) {
            return fault;
        }
        if (path == "/") return {};
        const size_t slash = path.rfind('/');
        path = slash == 0 ? "/" : path.substr(0, slash);
    }
}

bool lies_below(const std::string& path, const std::string& directory) {
    const std::string prefix = directory == "/" ? directory : directory + "/";
    return path.compare(0, prefix.size(), prefix) == 0;
}

}  // namespace

Result<std::string> trusted_file(const std::string& file,
                                 const std::vector<std::string>& directories,
                                 unsigned trusted_uid) {
    const std::optional<std::string> resolved = real_path(file);
    if (!resolved) return Error{Code::NotFound, file + ": " + std::strerror(errno)};
    bool inside = false;
    for (const std::string& directory : directories) {
        const std::optional<std::string> real = real_path(directory);
        inside = inside || (real && lies_below(*resolved, *real));
    }
    if (!inside) {
        return Error{Code::Forbidden,
                     file + " leads to " + *resolved + ", outside of plugins.directories"};
    }
    struct stat status {};
    if (::lstat(resolved->c_str(), &status) != 0) {
        return Error{Code::NotFound, *resolved + ": " + std::strerror(errno)};
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{Code::Invalid, *resolved + " is not a regular file"};
    }
    if (std::string fault = way_up_fault(*resolved, trusted_uid); !fault.empty()) {
        return Error{Code::Forbidden, "not trusted: " + fault};
    }
    return *resolved;
}

}  // namespace tandem::load
