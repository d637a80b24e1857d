// tandem/plugin/service.hpp: asking the host for a service.
#pragma once

#include <string>

#include "tandem/abi/host.h"
#include "tandem/plugin/failure.hpp"
#include "tandem/plugin/growable.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// The table of a service, or null if this host does not offer it.
template <typename Table>
const Table* find_service(const tandem_host* host, const char* id) noexcept {
    return static_cast<const Table*>(host->service(host->self, view(id)));
}

/// One function of a service. Throws UNSUPPORTED where this host is too old to have it.
template <typename Table, typename Function>
Function service_function(const Table* table, Function Table::*function, const char* id) {
    const Function found = table == nullptr ? nullptr : member(table, function);
    if (found == nullptr) {
        throw Failure(TANDEM_UNSUPPORTED, std::string("this host does not offer ") + id +
                                              " as the plugin needs it; upgrade the host");
    }
    return found;
}

}  // namespace tandem::plugin
