#include <algorithm>

#include "boot/furniture.h"
#include "boot/gateway.h"
#include "boot/option_files.h"

namespace tandem::boot {

namespace {

using settings::PluginUse;
using settings::Settings;

constexpr const char* log_level = "log.level";
constexpr const char* certificate = "server.tls.certificate";
constexpr const char* certificate_key = "server.tls.key";

std::string joined(const std::vector<std::string>& keys) {
    std::string text;
    for (const std::string& key : keys) text += (text.empty() ? "" : ", ") + key;
    return text;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

void put_in_force(std::vector<PluginUse>& uses, const PluginUse& renewed) {
    for (PluginUse& use : uses)
        if (use.id == renewed.id) use.options = renewed.options;
}

}  // namespace

bool Gateway::find_renewed(const Settings& wanted, const std::vector<std::string>& changed,
                           std::vector<PluginUse>& renewed) const {
    const auto look = [&](const char* list, const std::vector<PluginUse>& uses) {
        for (const PluginUse& use : uses)
            if (contains(changed, options_key(list, use)) &&
                !contains(changed, std::string(list) + "[" + use.id + "].plugin"))
                renewed.push_back(use);
    };
    look("auth", wanted.auth);
    look("providers", wanted.providers);
    for (const PluginUse& use : renewed) {
        for (const settings::Finding& finding : furniture_->registry->check(use)) {
            if (finding.warning) continue;
            furniture_->logger.error("boot",
                                     "the new settings are wrong; the old ones stay in force",
                                     {{"first", settings::to_text(finding)}});
            return false;
        }
    }
    return true;
}

bool Gateway::renew_certificate(const Settings& wanted, std::vector<std::string>& applied) {
    settings::Server& own = in_force_.server;
    const std::string& file = wanted.server.tls_certificate;
    const std::string& key = wanted.server.tls_key;
    // TLS itself comes and goes with a restart.
    if (own.tls_certificate.empty() || file.empty()) return true;
    if (const Result<void> done = furniture_->server->renew_certificate(file, key); !done) {
        furniture_->logger.error(
            "boot",
            "the new certificate was not taken; the old one and the old settings stay in force",
            {{"reason", done.error().text}});
        return false;
    }
    own.tls_certificate = file;
    own.tls_key = key;
    applied.insert(applied.end(), {certificate, certificate_key});
    return true;
}

void Gateway::settings_changed(const settings::Loaded& loaded) {
    Furniture& own = *furniture_;
    own.reloaded = apply(loaded);
    own.metrics
        .counter("tandem_config_reloads_total", "How often the settings were read again.", {})
        .add();
}

bool Gateway::apply(const settings::Loaded& loaded) {
    Furniture& own = *furniture_;
    if (!loaded.usable()) {
        const auto first =
            std::find_if(loaded.findings.begin(), loaded.findings.end(),
                         [](const settings::Finding& finding) { return !finding.warning; });
        own.logger.error("boot", "the new settings are wrong; the old ones stay in force",
                         {{"first", settings::to_text(*first)}});
        return false;
    }
    const Settings& wanted = loaded.settings;
    std::vector<std::string> changed = settings::changes(in_force_, wanted);
    // Looked at before they are read, so that what changes meanwhile is seen the next time.
    const auto files = option_files(wanted);
    for (const auto& [key, marks] : files) {
        const auto known = files_.find(key);
        if (known != files_.end() && known->second != marks && !contains(changed, key))
            changed.push_back(key);
    }
    std::vector<PluginUse> renewed;
    if (!find_renewed(wanted, changed, renewed)) return false;
    // What may still be refused comes first, or half of it would be in force.
    auto renewal = own.registry->renew(renewed);
    if (!renewal) {
        own.logger.error("boot", "new options were not applied; the old settings stay in force",
                         {{"reason", renewal.error().text}});
        return false;
    }
    std::vector<std::string> applied;
    if (!renew_certificate(wanted, applied)) return false;
    if (contains(changed, log_level)) {
        own.logger.level(level_of(wanted.log.level));
        in_force_.log.level = wanted.log.level;
        applied.push_back(log_level);
    }
    (*renewal)->replace();
    for (const PluginUse& use : renewed) {
        const bool is_auth = contains(changed, options_key("auth", use));
        const std::string key = options_key(is_auth ? "auth" : "providers", use);
        files_[key] = files.at(key);
        put_in_force(is_auth ? in_force_.auth : in_force_.providers, use);
        applied.push_back(key);
    }
    std::vector<std::string> waiting;
    for (const std::string& key : changed)
        if (!contains(applied, key)) waiting.push_back(key);
    own.logger.info("boot", "settings were read again", {{"applied", joined(applied)}});
    if (!waiting.empty())
        own.logger.warn("boot", "these settings take a restart", {{"keys", joined(waiting)}});
    return waiting.empty();
}

}  // namespace tandem::boot
