#include "load/library.h"

#include <map>
#include <memory>
#include <type_traits>

#include <boost/dll/shared_library.hpp>

namespace tandem::load {
namespace {

using Library = boost::dll::shared_library;

// Deliberately never destroyed: code of a plugin may run in threads and exit handlers
// until the process is gone, and unloading below it is a crash. Owned by pointer because
// copying a shared_library opens it again with the default mode, lazily.
std::map<std::string, std::unique_ptr<Library>>& libraries() {
    static auto& all = *new std::map<std::string, std::unique_ptr<Library>>;
    return all;
}

}  // namespace

Result<tandem_entry> open_library(const std::string& file) {
    std::unique_ptr<Library>& library = libraries()[file];
    if (!library) {
        // The throwing form alone carries the loader's text.
        try {
            library = std::make_unique<Library>(
                file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
        } catch (const std::exception& failure) {
            libraries().erase(file);
            return Error{Code::Invalid, "it cannot be loaded: " + std::string(failure.what())};
        }
    }
    try {
        return &library->get<std::remove_pointer_t<tandem_entry>>(TANDEM_ENTRY_SYMBOL);
    } catch (const std::exception&) {
        return Error{Code::Invalid, std::string("it has no symbol ") + TANDEM_ENTRY_SYMBOL +
                                        ": not a Tandem plugin, or for another major of the ABI"};
    }
}

}  // namespace tandem::load
