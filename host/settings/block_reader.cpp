#include "settings/block_reader.h"

#include "base/nearest.h"
#include "base/text.h"
#include "settings/forms.h"

namespace tandem::settings {

namespace {

/// A text that the parser would have let stand for a number or a yes/no.
bool stands_plain(const Node& node) {
    return node.plain || node.resolved;
}

/// For numbers and yes/no; reports when it is not even a text.
const std::string* plain_text(const Node& node, const std::string& path,
                              const std::string& expected, Report& report) {
    if (node.kind == Node::Kind::Text && stands_plain(node)) return &node.text;
    report.error(node.place, path,
                 node.kind == Node::Kind::Text ? expected + ", without quotes" : expected);
    return nullptr;
}

template <typename Number>
void read_number(const Node& node, const std::string& path, const Rule& rule, Number& number,
                 Report& report) {
    const std::string expected = expected_number(rule.least, rule.most);
    const std::string* text = plain_text(node, path, expected, report);
    if (text == nullptr) return;
    const auto read = read_whole_number(*text);
    if (!read || *read < rule.least || *read > rule.most)
        report.error(node.place, path, expected);
    else
        number = static_cast<
            typename std::conditional_t<std::is_same_v<Number, size_t>, size_t, unsigned>>(*read);
}

void read_money(const Node& node, const std::string& path, const Rule& rule,
                std::optional<domain::Money>& money, Report& report) {
    const std::string expected = expected_money(rule.most);
    const std::string* text = plain_text(node, path, expected, report);
    if (text == nullptr) return;
    const auto read = domain::parse_money(*text);
    if (!read || read->millionths > (domain::Money{1000000} * rule.most).millionths)
        report.error(node.place, path, expected);
    else
        money = *read;
}

void read_bool(const Node& node, const std::string& path, const Rule& rule, bool& yes,
               Report& report) {
    const std::string expected(rule.expected);
    const std::string* text = plain_text(node, path, expected, report);
    if (text == nullptr) return;
    if (const auto read = read_yes_no(*text))
        yes = *read;
    else
        report.error(node.place, path, expected);
}

/// Whether a text without quotes would be a number to most readers of YAML.
bool reads_as_number(const Node& node) {
    return node.plain && !node.resolved && node.text.size() > 1 &&
           (node.text[0] == '+' || (node.text[0] >= '0' && node.text[0] <= '9')) &&
           node.text.find_first_not_of("+0123456789") == std::string::npos;
}

bool fit_text(const Node& node, const std::string& path, const Rule& rule, std::string& text,
              Report& report) {
    if (node.kind != Node::Kind::Text) {
        report.error(node.place, path, std::string(rule.expected));
        return false;
    }
    text = node.text;
    // What the file says is UTF-8; a variable or another file may say anything.
    if (first_invalid_utf8(text) != std::string::npos) {
        report.error(node.place, path, "UTF-8, this value is not");
        return false;
    }
    const bool chosen = rule.choices.empty() || std::find(rule.choices.begin(), rule.choices.end(),
                                                          text) != rule.choices.end();
    if (!chosen || (rule.fits != nullptr && !rule.fits(text))) {
        report.error(node.place, path, std::string(rule.expected));
        return false;
    }
    if (rule.fits == fit_e164 && reads_as_number(node)) {
        report.error(node.place, path,
                     "a phone number in quotes, \"" + text + "\": without them it is a number");
        return false;
    }
    return true;
}

/// The items of a list, of a single text, or of an override with commas.
std::vector<Node> items_of(const Node& node) {
    if (node.kind == Node::Kind::List) return node.items;
    if (!node.literal) return {node};
    std::vector<Node> items;
    for (size_t at = 0; at <= node.text.size();) {
        const size_t comma = std::min(node.text.find(',', at), node.text.size());
        Node item = node;
        item.text = node.text.substr(at, comma - at);
        if (!item.text.empty()) items.push_back(std::move(item));
        at = comma + 1;
    }
    return items;
}

void read_texts(const Node& node, const std::string& path, const Rule& rule,
                std::vector<std::string>& texts, Report& report) {
    if (node.kind == Node::Kind::Block) {
        report.error(node.place, path, std::string(rule.expected));
        return;
    }
    std::vector<std::string> read;
    bool all_fit = true;
    const std::vector<Node> items = items_of(node);
    for (size_t i = 0; i < items.size(); ++i) {
        const Node& item = items[i];
        if (item.kind == Node::Kind::Absent || item.kind == Node::Kind::Broken) continue;
        if (item.kind == Node::Kind::Text && item.text.empty()) continue;
        const std::string item_path =
            node.kind == Node::Kind::List ? path + "[" + std::to_string(i) + "]" : path;
        std::string text;
        if (fit_text(item, item_path, rule, text, report))
            read.push_back(std::move(text));
        else
            all_fit = false;
    }
    // Nothing that fits must not look like an empty list: that has a finding of its own.
    if (all_fit || !read.empty()) texts = std::move(read);
}

bool names_a_secret(std::string_view key) {
    for (const std::string_view end : {"secret", "token", "password", "api_key"})
        if (key.size() >= end.size() && key.substr(key.size() - end.size()) == end) return true;
    return false;
}

bool carries_a_password(std::string_view text) {
    const size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return false;
    const std::string_view authority = text.substr(scheme + 3);
    const size_t at = authority.find('@');
    return at != std::string_view::npos &&
           authority.substr(0, at).find(':') != std::string_view::npos;
}

void warn_of_inline_secret(const Node& node, std::string_view key, const std::string& path,
                           Report& report) {
    if (node.kind == Node::Kind::List) {
        for (const Node& item : node.items) warn_of_inline_secret(item, key, path, report);
        return;
    }
    if (node.kind != Node::Kind::Text || node.resolved) return;
    if (names_a_secret(key) || carries_a_password(node.text))
        report.warn(node.place, path,
                    "a secret from elsewhere, ${file:/path} or ${NAME}; here everybody who "
                    "reads this file reads it");
}

/// True if there is a value to keep.
bool read_option(const Node& node, const std::string& path, OptionValue& option, Report& report) {
    option.where = node.place.text();
    option.plain = stands_plain(node);
    if (node.kind == Node::Kind::Absent || node.kind == Node::Kind::Broken) return false;
    if (node.kind == Node::Kind::Text) {
        option.value = node.text;
        return !node.text.empty();
    }
    if (node.kind == Node::Kind::Block) {
        report.error(node.place, path, "a text, a number, a yes/no or a list of texts");
        return false;
    }
    std::vector<std::string> texts;
    for (const Node& item : node.items) {
        if (item.kind == Node::Kind::Text) {
            if (!item.text.empty()) texts.push_back(item.text);
        } else if (item.kind == Node::Kind::List || item.kind == Node::Kind::Block) {
            report.error(item.place, path, "a list of texts");
        }
    }
    option.value = std::move(texts);
    return true;
}

void read_options(const Node& node, const std::string& path, Options& options, Report& report) {
    if (node.kind != Node::Kind::Block) {
        report.error(node.place, path, "a block of the plugin's options");
        return;
    }
    // What is written replaces the defaults: they belong to another plugin perhaps.
    options.clear();
    for (const Node::Entry& entry : node.entries) {
        const std::string full = path + "." + entry.key;
        if (!is_option_name(entry.key)) {
            report.error(entry.place, full,
                         "the name of an option: a letter, then letters, digits, _ and -");
            continue;
        }
        OptionValue option;
        if (!read_option(entry.value, full, option, report)) continue;
        warn_of_inline_secret(entry.value, entry.key, full, report);
        options.emplace(entry.key, std::move(option));
    }
}

}  // namespace

std::string expected_number(uint64_t least, uint64_t most) {
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string expected_money(uint64_t most) {
    return "an amount from 0 to " + std::to_string(most) +
           " with at most six decimals, such as 0.0079";
}

void read_value(const Node& node, const std::string& path, const Rule& rule, Slot slot,
                Report& report) {
    if (node.kind == Node::Kind::Absent || node.kind == Node::Kind::Broken) return;
    if (node.kind == Node::Kind::Text && node.text.empty()) return;
    if (auto* const* text = std::get_if<std::string*>(&slot)) {
        std::string read;
        if (fit_text(node, path, rule, read, report)) **text = std::move(read);
    } else if (const auto* words = std::get_if<TwoWords>(&slot)) {
        std::string read;
        if (fit_text(node, path, rule, read, report)) *words->yes = read == words->if_so;
    } else if (auto* const* texts = std::get_if<std::vector<std::string>*>(&slot)) {
        read_texts(node, path, rule, **texts, report);
    } else if (auto* const* yes = std::get_if<bool*>(&slot)) {
        read_bool(node, path, rule, **yes, report);
    } else if (auto* const* small = std::get_if<unsigned*>(&slot)) {
        read_number(node, path, rule, **small, report);
    } else if (auto* const* large = std::get_if<size_t*>(&slot)) {
        read_number(node, path, rule, **large, report);
    } else if (auto* const* maybe = std::get_if<std::optional<unsigned>*>(&slot)) {
        read_number(node, path, rule, **maybe, report);
    } else if (auto* const* money = std::get_if<std::optional<domain::Money>*>(&slot)) {
        read_money(node, path, rule, **money, report);
    } else {
        read_options(node, path, *std::get<Options*>(slot), report);
    }
}

void report_unknown(const Node::Entry& entry, const std::string& path,
                    const std::vector<std::string>& names, Report& report) {
    const std::string near = nearest(entry.key, names);
    report.error(entry.place, path,
                 near.empty() ? "a known key" : "a known key; did you mean " + near + "?");
}

}  // namespace tandem::settings
