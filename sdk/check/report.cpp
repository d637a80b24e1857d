#include "report.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <ostream>

namespace tandem::check {
namespace {

// As JSON writes it, which YAML takes too.
std::string quoted(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            made += '\\';
            made += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            made += escaped;
        } else {
            made += c;
        }
    }
    return made + "\"";
}

const char* word(const Verdict& verdict) {
    if (verdict.failed()) return "FAILED";
    return verdict.skipped() ? "skipped" : "ok";
}

const char* word(Remark::Kind kind) {
    switch (kind) {
        case Remark::Kind::Failure: return "failure";
        case Remark::Kind::Warning: return "warning";
        default: return "skip";
    }
}

const char* type_word(uint32_t type) {
    switch (type) {
        case TANDEM_OPTION_INTEGER: return "integer";
        case TANDEM_OPTION_YES_NO: return "yes_no";
        case TANDEM_OPTION_TEXT_LIST: return "text_list";
        default: return "text";
    }
}

}  // namespace

void list_checks(std::ostream& to) {
    for (const auto& [name, entry] : entries()) {
        to << name << std::string(name.size() < 32 ? 32 - name.size() : 1, ' ') << entry.promise
           << '\n';
    }
}

void write_text(const Subject& subject, const std::vector<Verdict>& verdicts, std::ostream& to) {
    to << subject.file << '\n';
    size_t failed = 0, skipped = 0;
    for (const Verdict& verdict : verdicts) {
        failed += verdict.failed();
        skipped += verdict.skipped();
        to << "  " << word(verdict) << std::string(8 - std::string_view(word(verdict)).size(), ' ')
           << verdict.name << ": " << verdict.promise << '\n';
        for (const Remark& remark : verdict.remarks) {
            if (remark.kind == Remark::Kind::Skip) continue;
            to << "            " << word(remark.kind) << ": " << remark.text << '\n';
        }
    }
    to << verdicts.size() - failed - skipped << " passed, " << failed << " failed, " << skipped
       << " skipped\n";
}

void write_json(const Subject& subject, const std::vector<Verdict>& verdicts, std::ostream& to) {
    to << "{\"file\":" << quoted(subject.file) << ",\"seed\":" << subject.seed
       << ",\"passed\":" << (passed(verdicts) ? "true" : "false") << ",\"checks\":[";
    for (size_t i = 0; i < verdicts.size(); ++i) {
        const Verdict& verdict = verdicts[i];
        to << (i ? "," : "") << "\n{\"name\":" << quoted(verdict.name)
           << ",\"promise\":" << quoted(verdict.promise) << ",\"result\":" << quoted(word(verdict))
           << ",\"milliseconds\":" << verdict.milliseconds << ",\"remarks\":[";
        for (size_t r = 0; r < verdict.remarks.size(); ++r) {
            const Remark& remark = verdict.remarks[r];
            to << (r ? "," : "") << "{\"kind\":" << quoted(word(remark.kind))
               << ",\"text\":" << quoted(remark.text) << "}";
        }
        to << "]}";
    }
    to << "\n]}\n";
}

bool print_manifest(const Subject& subject, std::ostream& to, std::ostream& errors) {
    Check check(subject);
    try {
        check.descriptor();
    } catch (const std::exception& failure) {
        errors << subject.file << ": " << failure.what() << '\n';
        return false;
    }
    const host::PluginDescription& plugin = check.description();
    to << "id: " << quoted(plugin.id) << "\nname: " << quoted(plugin.name)
       << "\nversion: " << quoted(plugin.version) << "\nvendor: " << quoted(plugin.vendor)
       << "\nlicence: " << quoted(plugin.licence) << "\nhomepage: " << quoted(plugin.homepage)
       << "\nfile: " << quoted(std::filesystem::path(subject.file).filename().string())
       << "\nabi_minor_built: " << plugin.abi_minor_built
       << "\nabi_minor_required: " << plugin.abi_minor_required << "\nkinds:";
    for (const std::string& kind : plugin.kinds) to << "\n  - " << quoted(kind);
    to << "\noptions:" << (plugin.options.empty() ? " []" : "");
    for (const host::OptionDescription& option : plugin.options) {
        to << "\n  - name: " << quoted(option.name) << "\n    type: " << type_word(option.type)
           << "\n    required: " << (option.required ? "true" : "false")
           << "\n    secret: " << (option.secret ? "true" : "false");
        if (option.has_default) to << "\n    default: " << quoted(option.default_value);
        to << "\n    description: " << quoted(option.description);
    }
    to << '\n';
    return true;
}

}  // namespace tandem::check
