#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "observe/registry.h"

namespace tandem::observe {

namespace {

/// The fields of /proc/self/stat from the third on (proc(5)); the second, the name, may
/// hold blanks and parentheses.
std::vector<std::string> stat_fields() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const size_t name_end = line.rfind(')');
    std::vector<std::string> fields;
    if (name_end == std::string::npos) return fields;
    std::istringstream rest(line.substr(name_end + 1));
    for (std::string field; rest >> field;) fields.push_back(std::move(field));
    return fields;
}

double field(const std::vector<std::string>& fields, size_t number) {
    const size_t index = number - 3;
    double value = 0;
    if (index < fields.size())
        std::from_chars(fields[index].data(), fields[index].data() + fields[index].size(), value);
    return value;
}

double boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("btime ", 0) == 0) return std::stod(line.substr(6));
    return 0;
}

double open_descriptors() {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return 0;
    double count = -3;  // itself, `.` and `..`
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
}

void append(std::string& out, const std::string& name, const char* type, const char* help,
            double value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " " +
           std::string(digits, end) + "\n";
}

}  // namespace

std::string process_families() {
    const auto fields = stat_fields();
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    std::string out;
    append(out, "process_cpu_seconds_total", "counter", "CPU time used.",
           (field(fields, 14) + field(fields, 15)) / ticks);
    append(out, "process_max_fds", "gauge", "How many descriptors may be open.",
           static_cast<double>(files.rlim_cur));
    append(out, "process_open_fds", "gauge", "Descriptors open.", open_descriptors());
    append(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
           field(fields, 24) * page);
    static const double booted = boot_time();
    append(out, "process_start_time_seconds", "gauge", "When the process began, since 1970.",
           booted + field(fields, 22) / ticks);
    append(out, "process_threads", "gauge", "Threads.", field(fields, 20));
    append(out, "process_virtual_memory_bytes", "gauge", "Address space.", field(fields, 23));
    return out;
}

}  // namespace tandem::observe
