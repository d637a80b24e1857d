#include <algorithm>

#include "settings/keys.h"
#include "settings/settings.h"

namespace tandem::settings {

namespace {

constexpr std::string_view hidden = "********";

/// A text in double quotes as YAML reads it, and as nothing to resolve.
std::string quoted(std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out = "\"";
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += "\\x";
            out += hex[static_cast<unsigned char>(c) >> 4];
            out += hex[c & 15];
        } else if (text.substr(i, 2) == "${") {
            out += "$$";
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string list_of(const std::vector<std::string>& texts, bool secret) {
    std::string out = "[";
    for (const std::string& text : texts)
        out += (out.size() > 1 ? ", " : "") + quoted(secret ? hidden : text);
    return out + "]";
}

/// Writes blocks with two spaces a level.
class Writer {
public:
    explicit Writer(const std::map<std::string, std::vector<std::string>>& public_options)
        : public_options_(public_options) {}

    void line(unsigned depth, std::string_view text) {
        out_.append(depth * 2, ' ').append(text).append("\n");
    }

    template <typename Owner>
    void keys(unsigned depth, const std::vector<Key<Owner>>& table, std::string_view prefix,
              Owner& owner, const std::string& plugin, bool item) {
        bool first = item;
        for (const Key<Owner>& key : table) {
            if (key.path.substr(0, prefix.size()) != prefix) continue;
            const std::string_view rest = key.path.substr(prefix.size());
            const size_t dot = rest.find('.');
            if (dot != std::string_view::npos) {
                nested(item ? depth + 1 : depth, table, prefix, rest.substr(0, dot), owner, plugin);
                continue;
            }
            const std::string name =
                std::string(first ? "- " : (item ? "  " : "")) + std::string(rest);
            value(depth, name, key.slot(owner), plugin);
            first = false;
        }
        last_nested_.clear();
    }

    std::string take() { return std::move(out_); }

private:
    template <typename Owner>
    void nested(unsigned depth, const std::vector<Key<Owner>>& table, std::string_view prefix,
                std::string_view block, Owner& owner, const std::string& plugin) {
        const std::string below = std::string(prefix) + std::string(block) + ".";
        if (last_nested_ == below) return;
        line(depth, std::string(block) + ":");
        keys(depth + 1, table, below, owner, plugin, false);
        last_nested_ = below;
    }

    void value(unsigned depth, const std::string& name, Slot slot, const std::string& plugin) {
        if (auto* const* text = std::get_if<std::string*>(&slot))
            line(depth, name + ":" + ((*text)->empty() ? "" : " " + quoted(**text)));
        else if (auto* const* texts = std::get_if<std::vector<std::string>*>(&slot))
            line(depth, name + ":" + ((*texts)->empty() ? "" : " " + list_of(**texts, false)));
        else if (const auto* words = std::get_if<TwoWords>(&slot))
            line(depth, name + ": " + quoted(words->word()));
        else if (auto* const* yes = std::get_if<bool*>(&slot))
            line(depth, name + (**yes ? ": true" : ": false"));
        else if (auto* const* small = std::get_if<unsigned*>(&slot))
            line(depth, name + ": " + std::to_string(**small));
        else if (auto* const* large = std::get_if<size_t*>(&slot))
            line(depth, name + ": " + std::to_string(**large));
        else if (auto* const* maybe = std::get_if<std::optional<unsigned>*>(&slot))
            line(depth, name + ":" + (**maybe ? " " + std::to_string(***maybe) : ""));
        else if (auto* const* money = std::get_if<std::optional<domain::Money>*>(&slot))
            line(depth, name + ":" + (**money ? " " + domain::to_text(***money) : ""));
        else
            options(depth, name, *std::get<Options*>(slot), plugin);
    }

    void options(unsigned depth, const std::string& name, const Options& options,
                 const std::string& plugin) {
        line(depth, name + ":" + (options.empty() ? " {}" : ""));
        const auto known = public_options_.find(plugin);
        const unsigned below = depth + (name.front() == ' ' || name.front() == '-' ? 2 : 1);
        for (const auto& [option, value] : options) {
            const bool secret = known == public_options_.end() ||
                                std::find(known->second.begin(), known->second.end(), option) ==
                                    known->second.end();
            const auto* text = std::get_if<std::string>(&value.value);
            if (text == nullptr)
                line(below, option + ": " +
                                list_of(std::get<std::vector<std::string>>(value.value), secret));
            else if (secret)
                line(below, option + ": " + quoted(hidden));
            else
                line(below, option + ": " + (is_bare(value, *text) ? *text : quoted(*text)));
        }
    }

    /// Numbers and yes/no stay without quotes, so that they are read as such again.
    static bool is_bare(const OptionValue& value, const std::string& text) {
        return value.plain && !text.empty() && text.size() <= 20 &&
               text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") ==
                   std::string::npos &&
               text.front() != '-' && text.front() != '.' && text != "null";
    }

    const std::map<std::string, std::vector<std::string>>& public_options_;
    std::string out_;
    std::string last_nested_;
};

}  // namespace

std::string show(const Settings& given,
                 const std::map<std::string, std::vector<std::string>>& public_options) {
    Settings settings = given;  // the table hands out places to write, too
    Writer writer(public_options);
    const auto section = [&](const std::string& name) {
        writer.line(0, name + ":");
        const std::string& plugin =
            name == "storage" ? settings.storage.plugin : settings.bus.plugin;
        writer.keys(1, section_keys(), name + ".", settings, plugin, false);
    };
    for (const std::string& name : section_names()) section(name);
    writer.line(0, "auth:");
    for (PluginUse& use : settings.auth) writer.keys(1, auth_keys(), "", use, use.plugin, true);
    writer.line(0, settings.providers.empty() ? "providers: []" : "providers:");
    for (PluginUse& use : settings.providers)
        writer.keys(1, provider_keys(), "", use, use.plugin, true);
    writer.line(0, "organizations:");
    for (domain::Organization& one : settings.organizations)
        writer.keys(1, organization_keys(), "", one, "", true);
    if (!settings.roles.empty()) writer.line(0, "roles:");
    for (Role& role : settings.roles) writer.keys(1, role_keys(), "", role, "", true);
    return writer.take();
}

}  // namespace tandem::settings
