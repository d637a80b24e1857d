#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "tandem/host/description.hpp"
#include "tandem/host/services.hpp"

namespace tandem::host {

/// HostServices without a host behind them: options answer their defaults, required ones a
/// placeholder, the log is dropped, and nothing reaches the network. For trying whether a
/// plugin can be made at all, and as a base for a checker's own. Safe from any thread.
class PlaceholderServices : public HostServices {
public:
    explicit PlaceholderServices(PluginDescription description)
        : description_(std::move(description)) {
        for (OptionDescription& option : description_.options) {
            if (option.has_default || !option.required) continue;
            option.has_default = true;
            option.default_value = placeholder(option.type);
        }
    }

    static const char* placeholder(uint32_t type) {
        if (type == TANDEM_OPTION_INTEGER) return "1";
        if (type == TANDEM_OPTION_YES_NO) return "false";
        return "placeholder";
    }

    bool log_enabled(int32_t) override { return true; }
    void log(int32_t, std::string_view, const Pairs&) override {}

    tandem_status text(std::string_view name, tandem_view& value) override {
        const OptionDescription* option = find(name);
        if (!option) return TANDEM_NOT_FOUND;
        if (option->type == TANDEM_OPTION_TEXT_LIST) return TANDEM_INVALID;
        value = view(option->default_value);
        return TANDEM_OK;
    }
    tandem_status integer(std::string_view name, int64_t& value) override {
        const OptionDescription* option = find(name);
        if (!option) return TANDEM_NOT_FOUND;
        if (option->type != TANDEM_OPTION_INTEGER) return TANDEM_INVALID;
        value = std::stoll(option->default_value);
        return TANDEM_OK;
    }
    tandem_status yes_no(std::string_view name, bool& value) override {
        const OptionDescription* option = find(name);
        if (!option) return TANDEM_NOT_FOUND;
        if (option->type != TANDEM_OPTION_YES_NO) return TANDEM_INVALID;
        value = option->default_value == "true";
        return TANDEM_OK;
    }
    tandem_status text_at(std::string_view name, size_t index, tandem_view& value) override {
        const OptionDescription* option = find(name);
        if (!option) return TANDEM_NOT_FOUND;
        if (option->type != TANDEM_OPTION_TEXT_LIST) return TANDEM_INVALID;
        if (index > 0 || option->default_value.empty()) return TANDEM_NOT_FOUND;
        value = view(option->default_value);
        return TANDEM_OK;
    }

    tandem_time now() override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    int64_t monotonic_ms() override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

    HttpResult send(HttpRequest) override {
        HttpResult result;
        result.outcome = {TANDEM_UNAVAILABLE, "http: there is no network here", 0};
        return result;
    }
    tandem_status emit(const tandem_event*) override { return TANDEM_UNAVAILABLE; }

protected:
    /// An option that has a value here; null otherwise.
    const OptionDescription* find(std::string_view name) const {
        for (const OptionDescription& option : description_.options) {
            if (option.name == name) return option.has_default ? &option : nullptr;
        }
        return nullptr;
    }
    PluginDescription description_;
};

}  // namespace tandem::host
