#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/organization.h"

/// The settings file as typed values. Every error is found at once, with file, line,
/// column, key and what was expected.
namespace tandem::settings {

/// A value of a plugin's option, before the plugin's own description checks it.
struct OptionValue {
    std::variant<std::string, std::vector<std::string>> value;
    bool plain = false;  // written without quotes: may stand for a number or a yes/no
    std::string where;   // FILE:LINE:COLUMN
};
using Options = std::map<std::string, OptionValue>;

struct PluginUse {
    std::string id;  // the instance; of storage and auth the plugin's name
    std::string plugin;
    Options options;
    std::string where;
    // Of providers.
    std::string signature_mode = "enforce";  // or report while rolling out
    unsigned sends_per_second = 100;         // texts, in the long run
    unsigned send_burst = 100;               // texts at once, after a rest
    unsigned concurrent_sends = 4;           // texts on their way at a time
};

struct Server {
    std::vector<std::string> listen{"127.0.0.1:8080"};
    std::string public_url;  // without a slash at the end
    std::string tls_certificate, tls_key;
    std::vector<std::string> trusted_proxies;  // CIDR
    std::vector<std::string> metrics_from;     // CIDR, beside loopback
    unsigned workers = 0;                      // 0: chosen by the machine
    bool query_tokens = true;                  // ?token= on streams
    std::vector<std::string> cors_origins;
    std::string control;  // path of the unix socket for tandemctl; empty: none
};

struct Plugins {
    std::vector<std::string> directories;  // empty: ../lib/tandem/plugins beside the program
    unsigned trusted_uid = 0;
};

struct Conversation {
    unsigned history_limit = 50;
    unsigned coalesce_ms = 1500;
    unsigned late_s = 900;       // a text that is learnt of later is a human's to answer
    unsigned reconcile_s = 300;  // 0: providers are not asked what was missed
    unsigned human_control_idle_s = 7200;
    unsigned message_validity_s = 14400;
};

struct Streams {
    unsigned heartbeat_s = 15;
    uint64_t retention_events = 100000;
    size_t max_backlog_bytes = 262144;
    unsigned max_per_credential = 100;
};

struct Limits {
    size_t body_bytes = 1048576;
    size_t webhook_body_bytes = 16777216;
    size_t buffered_bytes = 268435456;
    size_t header_bytes = 32768;
    unsigned header_seconds = 10;
    unsigned body_seconds = 30;
    unsigned idle_seconds = 75;               // keep-alive without a request
    unsigned connections_per_address = 1000;  // 0: no cap; trusted proxies are exempt
    unsigned connections = 19000;
    std::optional<unsigned> requests_per_minute, messages_per_minute, calls_per_minute;
    // Of all organisations alike; 0: no limit.
    unsigned requests_per_minute_per_address = 60000;
    unsigned bad_signatures_per_minute_per_address = 1200;
    unsigned messages_per_minute_per_number = 300;
    unsigned calls_per_minute_per_number = 60;
    unsigned automatic_messages_per_minute_per_number = 5;
    bool rate_headers = true;  // RateLimit and RateLimit-Policy, which are a draft still
};

struct Logging {
    std::string level = "info";   // error, warn, info, debug
    std::string format = "json";  // json, text
};

/// Permissions under one name: a credential's `role:ID` stands for them.
struct Role {
    std::string id;
    std::vector<std::string> permissions;
};

/// All of it; immutable once loaded.
struct Settings {
    Server server;
    PluginUse storage;
    PluginUse bus;
    std::vector<PluginUse> auth;
    std::vector<PluginUse> providers;
    std::vector<domain::Organization> organizations;
    std::vector<Role> roles;
    Plugins plugins;
    Conversation conversation;
    Streams stream;
    Limits limits;
    Logging log;
};

/// One line for the operator: `where: key: expected`.
struct Finding {
    std::string where;  // FILE:LINE:COLUMN
    std::string key;
    std::string expected;
    bool warning = false;
};
std::string to_text(const Finding& finding);

/// The environment as it was at start; passed in, so that tests have their own.
using Environment = std::map<std::string, std::string>;

struct Loaded {
    Settings settings;              // usable only without errors
    std::vector<Finding> findings;  // errors and warnings, in file order
    bool usable() const;
};

/// Reads FILE, merges conf.d/*.yaml beside it, resolves ${…}, applies TANDEM_* and checks
/// everything but the plugins' own options.
Loaded load(const std::string& file, const Environment& environment);

/// The settings in force as YAML, every secret value hidden; `secret` tells which options
/// of a plugin are secret (unknown ones count as secret).
std::string show(const Settings& settings,
                 const std::map<std::string, std::vector<std::string>>& public_options);

/// The keys in which two settings differ, as an operator names them: `log.level`,
/// `providers[twilio].options`; `providers[twilio]` where there is one on one side only.
std::vector<std::string> changes(const Settings& before, const Settings& after);

/// The manual page tandem.yaml(5) as roff, from the table of keys.
std::string manual();

}  // namespace tandem::settings
