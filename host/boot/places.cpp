#include "boot/places.h"

#include <filesystem>

namespace tandem::boot {

namespace {

std::string beside_program(const char* relative) {
    return (std::filesystem::path(program()).parent_path().parent_path() / relative).string();
}

}  // namespace

std::string program() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::string console_folder() {
    return beside_program("share/tandem/console");
}

load::Places plugin_places(const settings::Plugins& plugins) {
    load::Places places{plugins.directories, plugins.trusted_uid, program()};
    if (places.directories.empty()) places.directories = {beside_program("lib/tandem/plugins")};
    return places;
}

}  // namespace tandem::boot
