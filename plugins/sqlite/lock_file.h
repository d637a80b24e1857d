#pragma once

#include <string>

namespace tandem::sqlite {

/// Keeps other processes away from a database, by an flock on a file beside it. The kernel
/// lets go of it when the process ends, however it ends; the file stays.
class LockFile {
public:
    /// Throws Failure UNAVAILABLE if somebody holds it.
    explicit LockFile(const std::string& database_path);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

private:
    int descriptor_ = -1;
};

/// Creates the database file for its owner alone if it does not exist; SQLite gives its
/// companions the same rights.
void create_private(const std::string& path);

}  // namespace tandem::sqlite
