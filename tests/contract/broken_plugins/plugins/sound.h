#pragma once

#include <cstring>

#include "tandem/abi/entry.h"

/// A plugin without faults, for the broken ones to spoil in one place each. It stands on
/// the waist alone, so that nothing of the author's side can repair it.
namespace sound {

// Static, so that a plugin built without a version script exports only what it means to.
[[maybe_unused]] static tandem_view text(const char* literal) {
    return {literal, std::strlen(literal)};
}

[[maybe_unused]] static const void* extension(void*, tandem_view) {
    return nullptr;
}
[[maybe_unused]] static tandem_status start(void*, tandem_error*) {
    return TANDEM_OK;
}
[[maybe_unused]] static void stop(void*) {}

[[maybe_unused]] static const tandem_instance* instance() {
    static const tandem_instance only{sizeof(tandem_instance), 0, nullptr, extension, start, stop};
    return &only;
}

[[maybe_unused]] static tandem_status create(const tandem_host*, tandem_view,
                                             const tandem_instance** made, tandem_error*) {
    *made = instance();
    return TANDEM_OK;
}
[[maybe_unused]] static void destroy(const tandem_instance*) {}

[[maybe_unused]] static tandem_descriptor descriptor(const char* id) {
    static const tandem_view kinds[] = {text("com.example.nothing/1")};
    tandem_descriptor made{};
    made.size = sizeof made;
    made.abi_minor_built = TANDEM_ABI_MINOR;
    made.abi_minor_required = 0;
    made.id = text(id);
    made.name = text("Broken");
    made.version = text("1.0");
    made.vendor = text("Example");
    made.licence = text("Apache-2.0");
    made.homepage = text("https://example.com");
    made.kinds = kinds;
    made.kind_count = 1;
    made.create = create;
    made.destroy = destroy;
    return made;
}

}  // namespace sound

#define BROKEN_EXPORT extern "C" __attribute__((visibility("default")))
