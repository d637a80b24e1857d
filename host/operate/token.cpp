#include <algorithm>
#include <charconv>
#include <ctime>
#include <iostream>
#include <optional>

#include "admit/mint.h"
#include "base/nearest.h"
#include "operate/opened.h"

namespace tandem::operate {

namespace {

const std::vector<std::string>& known_permissions() {
    static const std::vector<std::string> all = {
        "admin",      "conversations:read", "conversations:write", "conversations:manage",
        "leads:read", "leads:write"};
    return all;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> words;
    for (size_t at = 0; at < list.size();) {
        const size_t end = std::min(list.find_first_of(", ", at), list.size());
        if (end > at) words.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

/// 900, 15m, 12h, 7d; up to ten years either way.
std::optional<std::chrono::seconds> read_lifetime(const std::string& text) {
    long long number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc()) return std::nullopt;
    const std::string unit(end, text.data() + text.size());
    const long long most = 10LL * 366 * 86400;
    const long long factor = unit.empty() || unit == "s" ? 1
                             : unit == "m"               ? 60
                             : unit == "h"               ? 3600
                             : unit == "d"               ? 86400
                                                         : 0;
    if (factor == 0 || number > most / factor || number < -most / factor) return std::nullopt;
    return std::chrono::seconds{number * factor};
}

std::string option_text(const settings::PluginUse& use, const std::string& name) {
    const auto found = use.options.find(name);
    if (found == use.options.end()) return "";
    const auto* text = std::get_if<std::string>(&found->second.value);
    return text == nullptr ? std::get<std::vector<std::string>>(found->second.value).at(0) : *text;
}

/// The first way to sign in for which we hold the key.
const settings::PluginUse* signing_scheme(const settings::Settings& settings) {
    for (const settings::PluginUse& use : settings.auth) {
        const std::string algorithm = option_text(use, "algorithm");
        if (use.plugin == "jwt" && (algorithm.empty() || algorithm == "HS256") &&
            use.options.count("secret") != 0)
            return &use;
    }
    return nullptr;
}

/// The organisation the token is for; empty, with a message, if that is not clear.
std::string chosen_organization(const Call& call, const settings::Settings& settings) {
    std::string chosen = call.option("--org");
    std::vector<std::string> ids;
    for (const auto& one : settings.organizations) ids.push_back(one.id);
    if (chosen.empty() && ids.size() == 1) chosen = ids.front();
    if (chosen.empty()) {
        call.err << "tandemctl token: --org is needed, one of:";
        for (const std::string& id : ids) call.err << " " << id;
        call.err << "\n";
    } else if (std::find(ids.begin(), ids.end(), chosen) == ids.end()) {
        const std::string near = nearest(chosen, ids);
        call.err << "tandemctl token: warning: the settings have no organization " << chosen
                 << (near.empty() ? "" : "; did you mean " + near + "?") << "\n";
    }
    return chosen;
}

std::vector<std::string> chosen_permissions(const Call& call) {
    std::vector<std::string> permissions = split(call.option("--permissions", "admin"));
    for (const std::string& permission : permissions) {
        const auto& known = known_permissions();
        if (std::find(known.begin(), known.end(), permission) != known.end()) continue;
        const std::string near = nearest(permission, known);
        call.err << "tandemctl token: warning: " << permission << " is no permission of ours"
                 << (near.empty() ? "" : "; did you mean " + near + "?") << "\n";
    }
    return permissions;
}

/// As a line of keys has it.
std::string second_of(Time time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string field(std::string_view name, const std::string& value) {
    const bool plain = value.find_first_of(" \t") == std::string::npos;
    return ' ' + std::string(name) + '=' + (plain ? value : '"' + value + '"');
}

/// The key for whoever will use it, then the line that the settings want; the key is kept
/// nowhere.
int write_api_key(const Call& call, const settings::Settings& settings,
                  std::optional<std::chrono::seconds> lifetime) {
    const std::string organization = chosen_organization(call, settings);
    if (organization.empty()) return wrong_usage;
    const std::string subject = call.option("--sub", "server"), name = call.option("--name");
    if ((subject + name).find('"') != std::string::npos) {
        call.err << "tandemctl token: a quote in --sub or --name cannot be written in a line\n";
        return wrong_usage;
    }
    std::string permissions;
    for (const std::string& permission : chosen_permissions(call))
        permissions += (permissions.empty() ? "" : ",") + permission;
    const auto made = admit::mint_api_key();
    if (!made) {
        call.err << "tandemctl token: " << made.error().text << "\n";
        return failure;
    }
    const Time now = SystemClock().now();
    std::string line = field("id", subject + '-' + made->hash.substr(made->hash.find(':') + 1, 8)) +
                       field("hash", made->hash) + field("organization", organization) +
                       field("permissions", permissions) + field("subject", subject);
    if (!name.empty()) line += field("name", name);
    line += field("created", second_of(now));
    if (lifetime) line += field("expires", second_of(now + *lifetime));
    call.out << made->key << "\n" << line.substr(1) << "\n";
    call.err << "tandemctl token: the first line is the key, shown this once; the second one "
                "belongs into keys or keys_file of an auth plugin apikey\n";
    return success;
}

}  // namespace

int mint(const Call& call) {
    const auto lifetime = read_lifetime(call.option("--ttl", "1h"));
    if (!lifetime) {
        call.err << "tandemctl token: --ttl: seconds, or a number with m, h or d\n";
        return wrong_usage;
    }
    const auto settings = usable_settings(call);
    if (!settings) return wrong_settings;
    if (call.has("--api-key"))
        return write_api_key(call, *settings,
                             call.has("--ttl") ? lifetime : std::optional<std::chrono::seconds>());
    const settings::PluginUse* scheme = signing_scheme(*settings);
    if (scheme == nullptr) {
        call.err << "tandemctl token: the settings have no jwt with HS256 and a secret; "
                    "other tokens are minted by who holds their key\n";
        return wrong_settings;
    }
    admit::TokenOrder order;
    order.organization = chosen_organization(call, *settings);
    if (order.organization.empty()) return wrong_usage;
    order.subject = call.option("--sub", "operator");
    order.name = call.option("--name");
    order.permissions = chosen_permissions(call);
    const auto take = [&](const std::string& name, std::string& to) {
        if (const std::string value = option_text(*scheme, name); !value.empty()) to = value;
    };
    take("typ", order.type);
    take("subject_claim", order.subject_claim);
    take("organization_claim", order.organization_claim);
    take("permissions_claim", order.permissions_claim);
    order.issuer = option_text(*scheme, "issuer");
    order.audience = option_text(*scheme, "audience");
    order.lifetime = *lifetime;
    order.issued_at = SystemClock().now();
    const auto token = admit::mint_token(order, option_text(*scheme, "secret"));
    if (!token) {
        call.err << scheme->options.at("secret").where
                 << ": auth.options.secret: " << token.error().text << "\n";
        return wrong_settings;
    }
    call.out << *token << "\n";
    return success;
}

}  // namespace tandem::operate
