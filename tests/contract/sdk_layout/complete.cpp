// Every member of every struct of the waist stands in golden.inc, and nothing else does:
// `sdk_layout_complete ABI_FOLDER GOLDEN_FILE`. Without it, a new member in what was padding
// would go unseen.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

using Names = std::set<std::string>;

std::string read(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// Comments run over many lines, which std::regex takes recursively; so this is done by hand.
std::string without_comments(std::string text) {
    for (std::size_t begin; (begin = text.find("/*")) != std::string::npos;) {
        const std::size_t end = text.find("*/", begin);
        text.erase(begin, end == std::string::npos ? end : end + 2 - begin);
    }
    return text;
}

void take_members(Names& names, const std::string& type, std::string body) {
    static const std::regex function(R"(\(\*(\w+)\)\s*\()");
    static const std::regex plain(R"((\w+)\s*(\[\w+\])?\s*$)");
    names.insert(type);
    for (std::size_t end; (end = body.find(';')) != std::string::npos; body.erase(0, end + 1)) {
        const std::string declaration = body.substr(0, end);
        std::smatch found;
        if (std::regex_search(declaration, found, function) ||
            std::regex_search(declaration, found, plain)) {
            names.insert(type + "." + found[1].str());
        }
    }
}

Names declared(const std::filesystem::path& folder) {
    Names names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".h") continue;
        const std::string text = without_comments(read(entry.path()));
        const std::string opening = "typedef struct ";
        for (std::size_t at = 0; (at = text.find(opening, at)) != std::string::npos;) {
            const std::size_t name = at + opening.size();
            const std::size_t brace = text.find(" {", name);
            const std::size_t end = text.find("\n}", name);
            if (brace == std::string::npos || end == std::string::npos) break;
            // A type that only one side knows has no members.
            if (text.find(';', name) < brace) {
                at = name;
                continue;
            }
            take_members(names, text.substr(name, brace - name),
                         text.substr(brace + 2, end - brace - 2));
            at = end;
        }
    }
    return names;
}

Names golden(const std::filesystem::path& file) {
    static const std::regex line(R"((SIZE|MEMBER)\((\w+), (\w+)(, \d+)?\))");
    Names names;
    const std::string text = read(file);
    for (std::sregex_iterator found(text.begin(), text.end(), line), end; found != end; ++found) {
        const bool member = (*found)[1] == "MEMBER";
        names.insert(member ? (*found)[2].str() + "." + (*found)[3].str() : (*found)[2].str());
    }
    return names;
}

int report(const Names& names, const Names& others, const char* words) {
    int missing = 0;
    for (const std::string& name : names) {
        if (others.count(name) != 0) continue;
        std::cerr << name << words << '\n';
        ++missing;
    }
    return missing;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 64;
    const Names in_headers = declared(argv[1]);
    const Names in_golden = golden(argv[2]);
    if (in_headers.size() < 200) {
        std::cerr << "only " << in_headers.size() << " names found in " << argv[1] << '\n';
        return 1;
    }
    return report(in_headers, in_golden, " is not in golden.inc") +
                       report(in_golden, in_headers, " is not in the headers") ==
                   0
               ? 0
               : 1;
}
