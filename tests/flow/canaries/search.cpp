// Runs when all stories have ended: no token, secret, number or text of theirs stands in a log at
// debug level, in a metric or in a refusal. `search begin` empties the folder before them.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "flow/traces.h"

namespace {

std::string content(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder = tandem::flow::traces_folder();
    if (argc > 1 && std::string(argv[1]) == "begin") {
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            std::filesystem::remove(entry);
        return 0;
    }
    std::set<std::pair<std::string, std::string>> canaries;
    std::map<std::string, size_t> bytes;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string kind = entry.path().extension();
        const std::string text = content(entry.path());
        bytes[kind] += text.size();
        if (kind != ".canaries") continue;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            canaries.emplace(line.substr(0, line.find('\t')), line.substr(line.find('\t') + 1));
    }
    size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string kind = entry.path().extension();
        if (kind == ".canaries") continue;
        const std::string text = content(entry.path());
        for (const auto& [what, canary] : canaries) {
            // A refusal tells the path that was asked for, and a path may have a number.
            if (what == "phone" && kind == ".errors") continue;
            const std::string sought = what == "phone" ? canary.substr(1) : canary;
            const size_t at = text.find(sought);
            if (at == std::string::npos) continue;
            ++found;
            const size_t line = text.rfind('\n', at);
            std::cerr << entry.path().filename().string() << ": a " << what << ": "
                      << text.substr(line == std::string::npos ? 0 : line + 1,
                                     text.find('\n', at) - line)
                      << '\n';
        }
    }
    std::cout << canaries.size() << " canaries, " << bytes[".log"] << " bytes of logs, "
              << bytes[".metrics"] << " of metrics, " << bytes[".errors"]
              << " of refusals: " << found << " found\n";
    // Nothing to be searched is no proof.
    const bool searched = !canaries.empty() && bytes[".log"] > 0 && bytes[".metrics"] > 0;
    return found == 0 && searched ? 0 : 1;
}
