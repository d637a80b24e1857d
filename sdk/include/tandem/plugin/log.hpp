// tandem/plugin/log.hpp: lines in the host's log.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "tandem/abi/host.h"
#include "tandem/abi/log.h"
#include "tandem/plugin/growable.hpp"
#include "tandem/plugin/service.hpp"
#include "tandem/plugin/text.hpp"

namespace tandem::plugin {

/// Writes lines; the host adds plugin and instance. Never log a secret, a message's text or a
/// full phone number. From any thread. Silent where the host has no log.
class Log {
public:
    using Fields = std::initializer_list<Field>;

    explicit Log(const tandem_host* host) noexcept;

    void error(std::string_view text, Fields fields = {}) const {
        write(TANDEM_LOG_ERROR, text, fields);
    }
    void warn(std::string_view text, Fields fields = {}) const {
        write(TANDEM_LOG_WARN, text, fields);
    }
    void info(std::string_view text, Fields fields = {}) const {
        write(TANDEM_LOG_INFO, text, fields);
    }
    void debug(std::string_view text, Fields fields = {}) const {
        write(TANDEM_LOG_DEBUG, text, fields);
    }

    /// Whether a line of this level would be written; for lines that are dear to make.
    bool enabled(std::int32_t level) const noexcept;

private:
    void write(std::int32_t level, std::string_view text, Fields fields) const;

    void* self_;
    const tandem_host_log* table_;
};

inline Log::Log(const tandem_host* host) noexcept
    : self_(host->self), table_(find_service<tandem_host_log>(host, TANDEM_HOST_LOG)) {}

inline bool Log::enabled(std::int32_t level) const noexcept {
    if (table_ == nullptr) return false;
    const auto enabled = member(table_, &tandem_host_log::enabled);
    return enabled == nullptr || enabled(self_, level) != 0;
}

inline void Log::write(std::int32_t level, std::string_view text, Fields fields) const {
    if (!enabled(level)) return;
    const auto write = member(table_, &tandem_host_log::write);
    if (write == nullptr) return;
    const std::vector<tandem_pair> raw = pairs(fields);
    write(self_, level, view(text), raw.data(), raw.size());
}

}  // namespace tandem::plugin
