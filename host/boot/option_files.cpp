#include "boot/option_files.h"

#include <sys/stat.h>

#include <cstdint>

namespace tandem::boot {

namespace {

std::string mark_of(const std::string& path) {
    struct stat state {};
    if (path.rfind('/', 0) != 0 || ::stat(path.c_str(), &state) != 0 || !S_ISREG(state.st_mode))
        return {};
    std::string mark;
    for (const int64_t part : {int64_t(state.st_dev), int64_t(state.st_ino), int64_t(state.st_size),
                               int64_t(state.st_mtim.tv_sec), int64_t(state.st_mtim.tv_nsec)})
        mark += std::to_string(part) + ' ';
    return mark;
}

std::string marks_of(const settings::PluginUse& use) {
    std::string marks;
    for (const auto& [name, option] : use.options) {
        const auto* path = std::get_if<std::string>(&option.value);
        if (path) marks += name + ' ' + mark_of(*path) + '\n';
    }
    return marks;
}

}  // namespace

std::string options_key(const char* list, const settings::PluginUse& use) {
    return std::string(list) + "[" + use.id + "].options";
}

std::map<std::string, std::string> option_files(const settings::Settings& settings) {
    std::map<std::string, std::string> files;
    for (const settings::PluginUse& use : settings.auth)
        files[options_key("auth", use)] = marks_of(use);
    for (const settings::PluginUse& use : settings.providers)
        files[options_key("providers", use)] = marks_of(use);
    return files;
}

}  // namespace tandem::boot
