#include "made.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace tandem::jwt::testing {

TemporaryFile::TemporaryFile(const std::string& text) {
    char path[] = "/tmp/tandem-jwt-XXXXXX";
    const int file = ::mkstemp(path);
    if (file < 0) throw std::runtime_error("no temporary file");
    ::close(file);
    path_ = path;
    write(text);
}

TemporaryFile::~TemporaryFile() {
    ::unlink(path_.c_str());
}

void TemporaryFile::write(const std::string& text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace tandem::jwt::testing
