#include "operate/operate.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/nearest.h"
#include "operate/verb.h"

namespace tandem::operate {

namespace {

constexpr Option config_option{"--config", "FILE",
                               "the settings file (default /etc/tandem/tandem.yaml)"};
constexpr Option json_option{"--json", "", "answer as JSON"};

constexpr Option organization_option{"--org", "ID",
                                     "the organisation (default: the only one there is)"};

std::string synopsis(const Verb& verb) {
    std::string line = "tandemctl " + std::string(verb.name);
    for (const Option& option : verb.options)
        line += " [" + std::string(option.name) +
                (option.value.empty() ? "" : " " + std::string(option.value)) + "]";
    if (!verb.words.empty()) line += " " + std::string(verb.words);
    return line;
}

std::string padded(std::string_view text, size_t width) {
    std::string out(text);
    out.append(out.size() < width ? width - out.size() : 1, ' ');
    return out;
}

void help(std::ostream& out, std::string_view group) {
    out << "usage: tandemctl VERB [OPTION]...\n\n";
    for (const Verb& verb : verbs())
        if (verb.name.substr(0, group.size()) == group)
            out << "  " << padded(verb.name, 16) << verb.meaning << "\n";
    out << "\n`tandemctl help VERB` tells a verb's options.\n";
}

void help_of(const Verb& verb, std::ostream& out) {
    out << "usage: " << synopsis(verb) << "\n\n" << verb.meaning << ".\n";
    if (!verb.options.empty()) out << "\n";
    for (const Option& option : verb.options)
        out << "  " << padded(std::string(option.name) + " " + std::string(option.value), 24)
            << option.meaning << "\n";
}

/// The verb at the begin of the words, and how many of them are its name.
std::pair<const Verb*, size_t> find_verb(const std::vector<std::string>& words) {
    for (const size_t count : {size_t{2}, size_t{1}}) {
        if (words.size() < count) continue;
        const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
        for (const Verb& verb : verbs())
            if (verb.name == name) return {&verb, count};
    }
    return {nullptr, 0};
}

int unknown_verb(const std::vector<std::string>& words, std::ostream& err) {
    std::vector<std::string> names;
    std::string said = words[0];
    bool is_group = false;
    for (const Verb& verb : verbs()) {
        const std::string name(verb.name);
        const std::string group = name.substr(0, name.find(' ')) + " ";
        is_group = is_group || (group == words[0] + " " && name.find(' ') != std::string::npos);
        names.push_back(name);
    }
    if (is_group && words.size() == 1) {
        err << "tandemctl: `" << said << "` needs one more word\n\n";
        help(err, said + " ");
        return wrong_usage;
    }
    if (words.size() > 1 && words[1][0] != '-') said += " " + words[1];
    std::string near = nearest(said, names);
    if (near.empty()) near = nearest(words[0], names);
    err << "tandemctl: no such verb: " << said
        << (near.empty() ? "" : "; did you mean " + near + "?") << "\n"
        << "`tandemctl help` lists them.\n";
    return wrong_usage;
}

/// Fills the call from what follows the verb's name; an error text, or empty.
std::string read_options(const Verb& verb, const std::vector<std::string>& rest, Call& call) {
    bool only_words = verb.passes_on;
    for (size_t i = 0; i < rest.size(); ++i) {
        const std::string& word = rest[i];
        if (only_words || word.size() < 2 || word[0] != '-') {
            call.words.push_back(word);
            continue;
        }
        if (word == "--") {
            only_words = true;
            continue;
        }
        const size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const auto known =
            std::find_if(verb.options.begin(), verb.options.end(),
                         [&name](const Option& option) { return option.name == name; });
        if (known == verb.options.end()) {
            std::vector<std::string> names;
            for (const Option& option : verb.options) names.emplace_back(option.name);
            const std::string near = nearest(name, names);
            return "no such option: " + name + (near.empty() ? "" : "; did you mean " + near + "?");
        }
        std::string value;
        if (known->value.empty()) {
            if (equals != std::string::npos) return name + " takes no value";
        } else if (equals != std::string::npos) {
            value = word.substr(equals + 1);
        } else if (++i < rest.size()) {
            value = rest[i];
        } else {
            return name + " needs a value: " + std::string(known->value);
        }
        if (!call.options.emplace(name, value).second) return name + " stands there twice";
    }
    if (verb.words.empty() && !call.words.empty()) return "unexpected: " + call.words.front();
    if (!verb.words.empty() && call.words.empty()) return "missing: " + std::string(verb.words);
    return "";
}

bool asks_for_help(const std::vector<std::string>& arguments) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [](const std::string& word) { return word == "--help" || word == "-h"; });
}

int tell_help(std::vector<std::string> words, std::ostream& out, std::ostream& err) {
    words.erase(
        std::remove_if(words.begin(), words.end(),
                       [](const std::string& word) { return word == "help" || word[0] == '-'; }),
        words.end());
    if (words.empty()) {
        help(out, "");
        return success;
    }
    const auto [verb, count] = find_verb(words);
    if (verb == nullptr) return unknown_verb(words, err);
    help_of(*verb, out);
    return success;
}

}  // namespace

std::string Call::option(std::string_view name, std::string_view otherwise) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string(otherwise) : found->second;
}

const std::vector<Verb>& verbs() {
    static const std::vector<Verb> all = {
        {"token",
         "",
         "mint a development token, signed with the settings' secret, or a server's key",
         {config_option,
          {"--org", "ID", "the organisation (default: the only one there is)"},
          {"--sub", "NAME", "who it is for (default operator)"},
          {"--name", "NAME", "what people call them"},
          {"--permissions", "LIST", "separated by commas (default admin)"},
          {"--ttl", "TIME", "how long it holds, such as 900, 15m, 12h or 7d (default 1h)"},
          {"--api-key", "", "a key for a server instead, which needs no --ttl; and its line"}},
         mint},
        {"config check",
         "",
         "tell everything that is wrong with the settings",
         {config_option},
         check_settings},
        {"config show",
         "",
         "write the settings in force, secrets hidden",
         {config_option},
         show_settings},
        {"config reference", "", "write the manual page of the settings", {}, write_reference},
        {"plugins list",
         "",
         "list the plugins that are there, and what they are",
         {config_option, json_option},
         list_plugins},
        {"plugins check",
         "FILE.so [OPTION]...",
         "run tandem-plugin-check on a plugin",
         {},
         check_plugin,
         true},
        {"outbox list",
         "",
         "list what was given up, or with --waiting what is owed",
         {config_option,
          organization_option,
          {"--waiting", "", "what waits instead of what was given up"},
          json_option},
         list_outbox},
        {"outbox show",
         "ID...",
         "tell all of an entry, with its message's history",
         {config_option, organization_option, json_option},
         show_outbox},
        {"outbox retry",
         "ID...",
         "send it again; of unknown outcome, it may then arrive twice",
         {config_option, organization_option},
         retry_outbox},
        {"outbox drop",
         "ID...",
         "give it up for good",
         {config_option, organization_option},
         drop_outbox},
        {"leads import",
         "FILE",
         "take leads from a file, known ones by their number; - is the standard input",
         {config_option,
          organization_option,
          {"--format", "FORMAT", "csv or jsonl (default: as the file is called)"},
          {"--dry-run", "", "only tell what would become of them"},
          json_option},
         import_leads},
        {"leads export",
         "FILE",
         "write all leads to a file; - is the standard output",
         {config_option,
          organization_option,
          {"--format", "FORMAT", "csv or jsonl (default: as the file is called)"}},
         export_leads},
        {"conversations export",
         "",
         "write all that is stored of everybody, as JSON Lines",
         {config_option, organization_option, {"--phone", "NUMBER", "only this person"}},
         export_conversations},
        {"conversations tail",
         "",
         "tell what happens, as screens see it",
         {config_option,
          organization_option,
          {"--phone", "NUMBER", "only this person"},
          {"--types", "LIST", "only events of these types, separated by commas"},
          {"--last", "NUMBER", "begin so many events ago (default 10)"},
          {"--count", "NUMBER", "end after so many events"},
          json_option},
         tail_conversations},
        {"migrate", "", "bring the storage to this version", {config_option}, migrate},
        {"doctor",
         "",
         "look for what keeps this gateway from working well",
         {config_option, json_option},
         doctor},
        {"revoke",
         "",
         "take back a token, an API key, or all that somebody was given",
         {config_option,
          organization_option,
          {"--token", "ID", "a token's jti, or an API key's id"},
          {"--sub", "NAME", "all that was issued to them until now"},
          {"--reason", "TEXT", "why, for those who look it up"}},
         revoke},
        {"revocations list",
         "",
         "list what was taken back",
         {config_option, organization_option, json_option},
         list_revocations},
        {"revocations undo",
         "ID...",
         "let in again who was shut out",
         {config_option, organization_option},
         restore},
        {"audit",
         "",
         "tell who did what, newest first",
         {config_option,
          organization_option,
          {"--actor", "NAME", "only of this token's subject, `ai`, `operator` or `system`"},
          {"--action", "WORD", "only of this kind: send, join, call, export, erase, revoke ..."},
          {"--since", "TIME", "only from then on, ISO 8601"},
          json_option},
         audit},
        {"limits",
         "",
         "tell how much of its day's caps an organisation has spent",
         {config_option, organization_option, json_option},
         tell_limits},
        {"isolation-audit",
         "",
         "try to get from one organisation to another, in a gateway of its own",
         {{"--daemon", "FILE", "the program to try (default: the tandemd beside this one)"},
          {"--plugins", "FOLDER", "its plugins (default: those beside it)"},
          {"--only", "PART", "requests, streams or webhooks (default: all of them)"},
          {"--first", "", "end with the first leak"},
          json_option},
         audit_isolation},
        {"version", "", "tell what this program is", {json_option}, version},
    };
    return all;
}

int run(const std::vector<std::string>& arguments, const settings::Environment& environment,
        std::ostream& out, std::ostream& err) {
    std::vector<std::string> words = arguments;
    if (words.empty()) {
        help(err, "");
        return wrong_usage;
    }
    if (std::any_of(words.begin(), words.end(), [](const auto& word) { return word.empty(); }) &&
        words[0].empty()) {
        err << "tandemctl: an empty verb\n";
        return wrong_usage;
    }
    if (words[0] == "--version") words[0] = "version";
    const auto [verb, count] = find_verb(words);
    const bool passes_on = verb != nullptr && verb->passes_on && words.size() > count &&
                           words[count] != "--help" && words[count] != "-h";
    if (words[0] == "help" || (!passes_on && asks_for_help(words)))
        return tell_help(words, out, err);
    if (verb == nullptr) return unknown_verb(words, err);

    Call call{{}, {}, environment, out, err};
    const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(count),
                                        words.end());
    const std::string wrong = read_options(*verb, rest, call);
    if (!wrong.empty()) {
        err << "tandemctl " << verb->name << ": " << wrong << "\nusage: " << synopsis(*verb)
            << "\n";
        return wrong_usage;
    }
    try {
        return verb->run(call);
    } catch (const std::exception& failed) {
        err << "tandemctl " << verb->name << ": " << failed.what() << "\n";
        return internal;
    }
}

settings::Environment own_environment() {
    settings::Environment environment;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string line = *entry;
        const size_t equals = line.find('=');
        if (equals != std::string::npos)
            environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return environment;
}

}  // namespace tandem::operate
