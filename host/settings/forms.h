#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The small grammars of the settings. A `fit_…` function answers whether the text has
/// the form, and may bring it into its normal form.
namespace tandem::settings {

struct Endpoint {
    std::string host;  // without brackets
    unsigned port = 0;
};
/// HOST:PORT, [::]:PORT; nothing if it is neither.
std::optional<Endpoint> read_endpoint(std::string_view text);

bool fit_any(std::string& text);
bool fit_endpoint(std::string& text);
/// http or https, host, perhaps port and path; the slash at the end is cut.
bool fit_public_url(std::string& text);
/// scheme://host[:port], as a browser's Origin header says it.
bool fit_origin(std::string& text);
/// An address or a network: 127.0.0.1, 10.0.0.0/8, ::1, fd00::/8.
bool fit_network(std::string& text);
bool fit_absolute_path(std::string& text);
/// A provider instance: stands in the URL of its webhooks.
bool fit_instance_id(std::string& text);
/// A plugin's name: becomes part of a file name.
bool fit_plugin_name(std::string& text);
bool fit_organization_id(std::string& text);
/// A permission of the contract.
bool fit_permission(std::string& text);
/// ISO 3166 alpha-2 of a country with phone numbers.
bool fit_region(std::string& text);
bool fit_e164(std::string& text);
/// An option of a plugin: a letter, then letters, digits, _ and -; no word of YAML's.
bool is_option_name(std::string_view name);

/// A whole number without sign, spaces or leading zeros.
std::optional<uint64_t> read_whole_number(std::string_view text);
std::optional<bool> read_yes_no(std::string_view text);

}  // namespace tandem::settings
