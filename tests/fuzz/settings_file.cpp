#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "settings/settings.h"
#include "target.h"

// A settings file, one of conf.d and the environment: what is accepted can be shown and read
// again to the same, and what is refused is refused with a line.

namespace tandem::fuzz {

namespace {

using namespace settings;

/// A folder in memory; loading reads files, so that references and permissions count.
class Folder {
public:
    Folder() {
        char name[] = "/dev/shm/tandem-fuzz-XXXXXX";
        if (::mkdtemp(name) == nullptr) std::abort();
        path_ = name;
        std::filesystem::create_directory(path_ + "/conf.d");
        write("secret", "a-secret-of-a-file");
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string write(const std::string& name, std::string_view text) const {
        const std::string file = path_ + "/" + name;
        std::ofstream(file, std::ios::binary) << text;
        ::chmod(file.c_str(), 0600);
        return file;
    }
    void remove(const std::string& name) const { ::unlink((path_ + "/" + name).c_str()); }

private:
    std::string path_;
};

bool has_line(const std::string& where) {
    const size_t column = where.rfind(':');
    const size_t line = column == std::string::npos ? column : where.rfind(':', column - 1);
    return line != std::string::npos && line > 0 && column > line + 1 &&
           where.find_first_not_of("0123456789", line + 1) == column && column + 1 < where.size();
}

Environment environment_of(std::string_view lines) {
    Environment environment{{"SECRET", "0123456789abcdef0123456789abcdef"}};
    while (!lines.empty() && environment.size() < 16) {
        std::string_view line = take_until(lines, '\n');
        const std::string_view name = take_until(line, '=');
        if (!name.empty()) environment[std::string(name)] = std::string(line);
    }
    return environment;
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    static const Folder folder;
    std::string_view input = text(bytes, size);
    const std::string main_file = folder.write("tandem.yaml", take_until(input, '\0'));
    const std::string_view part = take_until(input, '\0');
    if (part.empty())
        folder.remove("conf.d/10-part.yaml");
    else
        folder.write("conf.d/10-part.yaml", part);

    const auto loaded = tandem::settings::load(main_file, environment_of(input));
    for (const auto& finding : loaded.findings) {
        // What the environment said wrong stands in no file.
        const bool of_environment = finding.where.find("environment") == 0;
        const bool lost = seeded_bug() && finding.expected.find("valid YAML") == 0 &&
                          finding.where.find(".yaml:4:") != std::string::npos;
        expect(of_environment || (has_line(finding.where) && !lost),
               "a finding has a line and a column");
        expect(!finding.expected.empty(), "a finding says what was expected");
    }
    if (!loaded.usable()) return 0;
    const std::string shown = tandem::settings::show(loaded.settings, {});
    folder.remove("conf.d/10-part.yaml");
    const auto again = tandem::settings::load(folder.write("tandem.yaml", shown), {});
    expect(again.usable(), "what is shown can be read");
    expect(tandem::settings::show(again.settings, {}) == shown, "and is the same");
    return 0;
}
