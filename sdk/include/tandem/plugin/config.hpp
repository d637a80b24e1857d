// tandem/plugin/config.hpp: the options of an instance, checked by the host before create.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/abi/config.h"
#include "tandem/plugin/service.hpp"

namespace tandem::plugin {

/// Reads options by the names that `describe` declared; defaults are already applied. From
/// any thread, constant for the life of the instance.
class Config {
public:
    explicit Config(const tandem_host* host) noexcept
        : self_(host->self), table_(find_service<tandem_host_config>(host, TANDEM_HOST_CONFIG)) {}

    /// Each of these throws INVALID if the option has no value or another type.
    std::string text(std::string_view name) const { return required(name, find_text(name)); }
    std::int64_t integer(std::string_view name) const { return required(name, find_integer(name)); }
    bool yes_no(std::string_view name) const { return required(name, find_yes_no(name)); }

    /// Each of these answers nothing if the option has neither value nor default.
    std::optional<std::string> find_text(std::string_view name) const {
        tandem_view value{};
        if (!ask(name, &tandem_host_config::text, &value)) return std::nullopt;
        return std::string(plugin::text(value));
    }
    std::optional<std::int64_t> find_integer(std::string_view name) const {
        std::int64_t value = 0;
        if (!ask(name, &tandem_host_config::integer, &value)) return std::nullopt;
        return value;
    }
    std::optional<bool> find_yes_no(std::string_view name) const {
        std::int32_t value = 0;
        if (!ask(name, &tandem_host_config::yes_no, &value)) return std::nullopt;
        return value != 0;
    }

    /// All elements of a list; empty if there are none.
    std::vector<std::string> text_list(std::string_view name) const {
        const auto text_at =
            service_function(table_, &tandem_host_config::text_at, TANDEM_HOST_CONFIG);
        std::vector<std::string> list;
        for (;;) {
            tandem_view value{};
            const tandem_status status = text_at(self_, view(name), list.size(), &value);
            if (!found(name, status)) return list;
            list.emplace_back(plugin::text(value));
        }
    }

private:
    template <typename Function, typename Value>
    bool ask(std::string_view name, Function tandem_host_config::*function, Value* value) const {
        const auto read = service_function(table_, function, TANDEM_HOST_CONFIG);
        return found(name, read(self_, view(name), value));
    }

    static bool found(std::string_view name, tandem_status status) {
        if (status == TANDEM_NOT_FOUND) return false;
        if (status < 0) {
            throw Failure(status, "option " + std::string(name) +
                                      " cannot be read as the plugin asked; is it declared with "
                                      "this type?");
        }
        return true;
    }

    template <typename Value>
    static Value required(std::string_view name, std::optional<Value> value) {
        if (!value) throw Failure(TANDEM_INVALID, "option " + std::string(name) + " has no value");
        return *value;
    }

    void* self_;
    const tandem_host_config* table_;
};

}  // namespace tandem::plugin
