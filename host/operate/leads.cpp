#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "operate/asking.h"
#include "operate/csv.h"
#include "operate/lead_file.h"

namespace tandem::operate {

namespace {

// Well below limits.body_bytes as it is shipped, and what one request may have.
constexpr size_t batch_bytes = 256 * 1024;
constexpr size_t batch_lines = 200;
constexpr char csv_header[] =
    "phoneNumber,customerName,email,leadStatus,source,attributes,id,createdAt,updatedAt\n";

enum class Format { Csv, JsonLines };

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// By --format, else by the file's name; nothing, with a message, if neither tells.
std::optional<Format> format_of(const Call& call) {
    const std::string named = call.option("--format"), &file = call.words.front();
    if (named == "csv" || (named.empty() && ends_with(file, ".csv"))) return Format::Csv;
    if (named == "jsonl" ||
        (named.empty() && (ends_with(file, ".jsonl") || ends_with(file, ".ndjson"))))
        return Format::JsonLines;
    call.err << "tandemctl leads: --format is needed: csv or jsonl\n";
    return std::nullopt;
}

/// What an import came to.
struct Report {
    size_t created = 0, changed = 0, same = 0, refused = 0;
};

/// Lines on their way, with their places in the file.
class Import {
public:
    Import(const Call& call, Reach& gateway, std::string organization)
        : call_(call), gateway_(gateway), file_(call.words.front()) {
        errand_ = {std::move(organization), "POST", "/api/leads/import", "", "", "",
                   "application/x-ndjson"};
        if (call.has("--dry-run")) errand_.query = "dryRun=true";
    }

    void refuse(size_t line, const std::string& why) {
        ++report.refused;
        if (call_.has("--json"))
            call_.out << Json{{"line", line}, {"outcome", "refused"}, {"reason", why}}.dump(
                             -1, ' ', false, Json::error_handler_t::replace)
                      << "\n";
        else
            call_.err << file_ << ':' << line << ": " << shown(why) << "\n";
    }

    int take(const LeadLine& line) {
        if (!line.problem.empty()) {
            refuse(line.line, line.problem);
            return success;
        }
        if (errand_.body.size() + line.json.size() > batch_bytes || lines_.size() == batch_lines)
            if (const int exit = flush(); exit != success) return exit;
        errand_.body += line.json + '\n';
        lines_.push_back(line.line);
        return success;
    }

    int flush() {
        if (lines_.empty()) return success;
        Json answer;
        if (const int exit = ask(call_, gateway_, errand_, answer); exit != success) return exit;
        const Json& results = answer["data"]["results"];
        for (size_t i = 0; i < results.size() && i < lines_.size(); ++i) count(results[i], i);
        errand_.body.clear();
        lines_.clear();
        return success;
    }

    /// The first line that is not known to be done.
    size_t next_line() const { return lines_.empty() ? 0 : lines_.front(); }

    Report report;

private:
    void count(const Json& result, size_t place) {
        const std::string outcome = result.value("outcome", std::string());
        if (outcome == "created") ++report.created;
        if (outcome == "changed") ++report.changed;
        if (outcome == "same") ++report.same;
        if (outcome != "refused") return;
        std::string why;
        for (const Json& error : result["errors"])
            why += (why.empty() ? "" : "; ") + error.value("field", std::string()) + ' ' +
                   error.value("message", std::string());
        refuse(lines_[place], why);
    }

    const Call& call_;
    Reach& gateway_;
    const std::string file_;
    Errand errand_;
    std::vector<size_t> lines_;
};

void print(const Call& call, const Report& report) {
    if (call.has("--json")) {
        call.out << Json{{"created", report.created},
                         {"changed", report.changed},
                         {"same", report.same},
                         {"refused", report.refused},
                         {"dryRun", call.has("--dry-run")}}
                        .dump()
                 << "\n";
        return;
    }
    call.out << (call.has("--dry-run") ? "it would be: " : "") << report.created << " created, "
             << report.changed << " changed, " << report.same << " as they were, " << report.refused
             << " refused\n";
}

int import_from(const Call& call, std::istream& in, Format format) {
    std::unique_ptr<LeadFile> leads;
    if (format == Format::Csv) {
        auto read = read_csv(in);
        if (!read) {
            call.err << call.words.front() << ":1: " << shown(read.error().text) << "\n";
            return wrong_data;
        }
        leads = std::move(*read);
    } else {
        leads = read_json_lines(in);
    }
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    Import import(call, *place->gateway, place->organization);
    LeadLine line;
    while (exit == success && leads->next(line)) exit = import.take(line);
    if (exit == success) exit = import.flush();
    if (exit != success)
        call.err << "tandemctl: stopped before line " << import.next_line()
                 << "; what came before it is done, and may be imported again\n";
    if (in.bad()) {
        call.err << "tandemctl: " << call.words.front() << " cannot be read to its end\n";
        exit = no_input;
    }
    print(call, import.report);
    return exit == success && import.report.refused > 0 ? wrong_data : exit;
}

std::string csv_line(const Json& lead) {
    std::string line;
    for (const char* name : {"phoneNumber", "customerName", "email", "leadStatus", "source"})
        line += csv_field(text_of(lead, name)) + ',';
    const auto attributes = lead.find("attributes");
    if (attributes != lead.end() && !attributes->empty()) line += csv_field(attributes->dump());
    for (const char* name : {"id", "createdAt", "updatedAt"})
        line += ',' + csv_field(text_of(lead, name));
    return line + '\n';
}

int write_leads(const Call& call, Format format, std::ostream& out, size_t& count) {
    int exit = success;
    const auto place = place_of(call, exit);
    if (!place) return exit;
    if (format == Format::Csv) out << csv_header;
    exit = ask_pages(call, *place, "/api/leads", "", [&](Json& data) {
        for (const Json& lead : data["leads"]) {
            out << (format == Format::Csv ? csv_line(lead) : lead.dump() + '\n');
            ++count;
        }
        return out.flush() ? std::optional<int>() : std::optional<int>(no_output);
    });
    if (exit == no_output) call.err << "tandemctl: the output cannot be written\n";
    return exit;
}

}  // namespace

int import_leads(const Call& call) {
    if (call.words.size() != 1) {
        call.err << "tandemctl leads import: one file\n";
        return wrong_usage;
    }
    const auto format = format_of(call);
    if (!format) return wrong_usage;
    if (call.words.front() == "-") return import_from(call, std::cin, *format);
    std::ifstream file(call.words.front(), std::ios::binary);
    if (!file) {
        call.err << "tandemctl leads import: " << call.words.front() << " cannot be opened\n";
        return no_input;
    }
    return import_from(call, file, *format);
}

int export_leads(const Call& call) {
    if (call.words.size() != 1) {
        call.err << "tandemctl leads export: one file\n";
        return wrong_usage;
    }
    const auto format = format_of(call);
    if (!format) return wrong_usage;
    const std::string& name = call.words.front();
    size_t count = 0;
    if (name == "-") return write_leads(call, *format, call.out, count);
    // Nobody else reads names and numbers, nor half of them.
    const std::string part = name + ".part";
    const int made = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) {
        call.err << "tandemctl leads export: " << part << " cannot be made, or is there already\n";
        return no_output;
    }
    ::close(made);
    std::ofstream file(part, std::ios::binary);
    int exit = write_leads(call, *format, file, count);
    file.close();
    if (exit == success && (!file || std::rename(part.c_str(), name.c_str()) != 0)) {
        call.err << "tandemctl leads export: " << name << " cannot be written\n";
        exit = no_output;
    }
    if (exit != success)
        std::remove(part.c_str());
    else
        call.err << count << " leads written to " << name << "\n";
    return exit;
}

}  // namespace tandem::operate
