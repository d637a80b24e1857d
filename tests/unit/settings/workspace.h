#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/TestAssert.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "settings/settings.h"

namespace tandem::settings {

/// A folder of its own for one test, gone afterwards.
class Workspace {
public:
    Workspace() {
        char name[] = "/tmp/tandem-settings-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(name) != nullptr);
        folder_ = name;
    }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) {
        const std::string file = path(name);
        std::filesystem::create_directories(std::filesystem::path(file).parent_path());
        std::ofstream(file, std::ios::binary) << text;
        CPPUNIT_ASSERT_EQUAL(0, ::chmod(file.c_str(), mode));
        return file;
    }

    Loaded load(const std::string& text, const Environment& environment = {}) {
        return settings::load(write("tandem.yaml", text), environment);
    }

private:
    std::string folder_;
};

/// Everything that the settings must have, and nothing else.
inline const char* smallest() {
    return "server: {public_url: https://gw.example.com}\n"
           "auth:\n"
           "  - {plugin: jwt, options: {algorithm: HS256, secret: \"${SECRET:-x}\"}}\n"
           "providers:\n"
           "  - {id: sandbox, plugin: sandbox}\n"
           "organizations:\n"
           "  - id: demo\n"
           "    numbers: [\"+15551230000\"]\n"
           "    channel: sandbox\n";
}

/// All findings with the folder taken off, a line each.
inline std::string told(const Loaded& loaded, const Workspace& workspace) {
    std::string all;
    for (const Finding& finding : loaded.findings) {
        std::string line = to_text(finding);
        const std::string folder = workspace.path("");
        for (size_t at = 0; (at = line.find(folder, at)) != std::string::npos;)
            line.erase(at, folder.size());
        all += line + "\n";
    }
    return all;
}

}  // namespace tandem::settings
