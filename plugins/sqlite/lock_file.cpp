#include "lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tandem/plugin/failure.hpp"

namespace tandem::sqlite {

namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& path) {
    throw plugin::Failure(TANDEM_UNAVAILABLE, what + " " + path + ": " + std::strerror(errno));
}

int open_private(const std::string& path, int flags) {
    int descriptor = -1;
    do {
        descriptor = ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

}  // namespace

LockFile::LockFile(const std::string& database_path) {
    const std::string path = database_path + ".lock";
    descriptor_ = open_private(path, O_RDWR);
    if (descriptor_ < 0) refuse("the lock file cannot be opened:", path);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    const bool held = errno == EWOULDBLOCK;
    ::close(descriptor_);
    if (held)
        throw plugin::Failure(TANDEM_UNAVAILABLE,
                              "another process uses the database " + database_path +
                                  "; two daemons need a database each, or PostgreSQL");
    refuse("the lock file cannot be locked:", path);
}

LockFile::~LockFile() {
    ::close(descriptor_);
}

void create_private(const std::string& path) {
    const int descriptor = open_private(path, O_RDWR);
    if (descriptor < 0) refuse("the database file cannot be opened:", path);
    ::close(descriptor);
}

}  // namespace tandem::sqlite
