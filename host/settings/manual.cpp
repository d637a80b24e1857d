#include "settings/block_reader.h"
#include "settings/keys.h"
#include "settings/settings.h"

namespace tandem::settings {

namespace {

/// Text for roff: backslashes and hyphens would be taken for something else.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    }
    // A line that begins with a dot or a quote would be a request.
    return !out.empty() && (out[0] == '.' || out[0] == '\'') ? "\\&" + out : out;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
    return out;
}

/// The default as it would be written; empty: there is none.
std::string default_of(Slot slot) {
    if (auto* const* text = std::get_if<std::string*>(&slot)) return **text;
    if (auto* const* texts = std::get_if<std::vector<std::string>*>(&slot)) return joined(**texts);
    if (const auto* words = std::get_if<TwoWords>(&slot)) return std::string(words->word());
    if (auto* const* yes = std::get_if<bool*>(&slot)) return **yes ? "true" : "false";
    if (auto* const* small = std::get_if<unsigned*>(&slot)) return std::to_string(**small);
    if (auto* const* large = std::get_if<size_t*>(&slot)) return std::to_string(**large);
    return "";
}

template <typename Owner>
void append_keys(std::string& page, const std::vector<Key<Owner>>& keys, Owner owner) {
    for (const Key<Owner>& key : keys) {
        const Slot slot = key.slot(owner);
        std::string expected(key.expected);
        if (std::holds_alternative<std::optional<domain::Money>*>(slot))
            expected = expected_money(key.most);
        else if (key.expected.empty())
            expected = expected_number(key.least, key.most);
        const std::string otherwise = default_of(slot);
        page += ".TP\n.B " + roff(key.path) + "\n" + roff(key.meaning) + "\n";
        page += roff("Expected: " + expected + ".") + "\n";
        if (!otherwise.empty())
            page += roff("Default: " + otherwise + ".") + "\n";
        else if (key.required)
            page += "Required.\n";
    }
}

constexpr const char* head = R"(.TH TANDEM.YAML 5 "" "Tandem" "Tandem"
.SH NAME
tandem.yaml \- settings of the Tandem gateway
.SH DESCRIPTION
One YAML file,
.I /etc/tandem/tandem.yaml
when installed;
.I conf.d/*.yaml
beside it is merged in name order: blocks key by key, lists of blocks by their
.BR id ,
all else is replaced by the later value.
Every error is told at once, each a line
.IR FILE : LINE : COLUMN ": " key ": what was expected."
Unknown keys, keys that stand twice, aliases, tags and a second document are errors; an empty value
counts as absent.
.PP
.BR ${NAME} " and " ${NAME:\-default}
take the environment,
.B ${file:/path}
the content of a secret file: regular, at most 64 KiB, readable by its owner only (credentials of
systemd excepted), without its line end;
.B $${
stands for
.BR ${ .
.PP
.BI TANDEM_ SECTION _ KEY
in the environment overrides a key of a section, as in
.BR TANDEM_SERVER_LISTEN=127.0.0.1:0 ;
the items of a list are separated by commas.
)";

constexpr const char* foot = R"(.SH SEE ALSO
.BR tandemd (8),
.BR tandemctl (1)
)";

}  // namespace

std::string manual() {
    std::string page = head;
    Settings defaults;
    defaults.storage.plugin = "sqlite";
    defaults.bus.plugin = "local";
    page += ".SH SECTIONS\n";
    append_keys(page, section_keys(), defaults);
    page += ".SH AUTH\nA list, asked in this order; each item has\n";
    append_keys(page, auth_keys(), PluginUse{});
    page += ".SH PROVIDERS\nA list; each item has\n";
    append_keys(page, provider_keys(), PluginUse{});
    page += ".SH ORGANIZATIONS\nA list with at least one item; each has\n";
    append_keys(page, organization_keys(), domain::Organization{});
    page += ".SH ROLES\nA list; each item has\n";
    append_keys(page, role_keys(), Role{});
    return page + foot;
}

}  // namespace tandem::settings
