#include "operate/lead_file.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/nearest.h"
#include "operate/csv.h"
#include "serve/json.h"

namespace tandem::operate {

namespace {

using Json = nlohmann::ordered_json;

// The API takes attributes of 64 KiB and a few short fields.
constexpr size_t max_line_bytes = 128 * 1024;
constexpr std::array<const char*, 5> texts{"phoneNumber", "customerName", "email", "leadStatus",
                                           "source"};
// An export has these; they are the store's and not taken back.
constexpr std::array<const char*, 3> ours{"id", "createdAt", "updatedAt"};

bool is_one_of(const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class CsvLeads : public LeadFile {
public:
    explicit CsvLeads(std::istream& in) : reader_(in) {}

    Result<void> begin() {
        CsvRecord header;
        if (!reader_.next(header)) return Error{Code::Invalid, "the file is empty"};
        if (!header.problem.empty()) return Error{Code::Invalid, header.problem};
        columns_ = std::move(header.fields);
        std::vector<std::string> known(texts.begin(), texts.end());
        known.insert(known.end(), ours.begin(), ours.end());
        known.emplace_back("attributes");
        for (const std::string& column : columns_) {
            if (std::count(columns_.begin(), columns_.end(), column) > 1)
                return Error{Code::Invalid, "the column " + column + " stands there twice"};
            if (is_one_of(known, column)) continue;
            const std::string near = nearest(column, known);
            return Error{Code::Invalid, "unknown column " + column +
                                            (near.empty() ? "" : "; did you mean " + near + "?")};
        }
        if (!is_one_of(columns_, "phoneNumber"))
            return Error{Code::Invalid, "the header has no column phoneNumber"};
        return {};
    }

    bool next(LeadLine& line) override {
        CsvRecord record;
        if (!reader_.next(record)) return false;
        line = {record.line, {}, record.problem};
        if (!line.problem.empty()) return true;
        if (record.fields.size() != columns_.size()) {
            line.problem = "it has " + std::to_string(record.fields.size()) +
                           " fields, the header has " + std::to_string(columns_.size());
            return true;
        }
        Json lead = Json::object();
        for (size_t i = 0; i < columns_.size(); ++i) {
            const std::string& text = record.fields[i];
            if (text.empty() || is_one_of(ours, columns_[i])) continue;
            if (columns_[i] != "attributes") {
                lead[columns_[i]] = text;
                continue;
            }
            // As the API reads it: nested too deep it could not even be written again.
            nlohmann::json attributes;
            if (serve::read_json(text, attributes)) line.problem = "attributes is no JSON object";
            lead["attributes"] = std::move(attributes);
        }
        if (line.problem.empty()) write(lead, line);
        return true;
    }

private:
    static void write(const Json& lead, LeadLine& line) {
        try {
            line.json = lead.dump();
        } catch (const Json::exception&) {
            line.problem = "it is not UTF-8";
        }
        if (line.json.size() > max_line_bytes) line.problem = "it is too long";
    }

    CsvReader reader_;
    std::vector<std::string> columns_;
};

class JsonLeads : public LeadFile {
public:
    explicit JsonLeads(std::istream& in) : in_(in) {}

    bool next(LeadLine& line) override {
        while (std::getline(in_, text_)) {
            ++number_;
            if (!text_.empty() && text_.back() == '\r') text_.pop_back();
            if (text_.find_first_not_of(" \t") == std::string::npos) continue;
            line = {number_, text_, {}};
            if (text_.size() > max_line_bytes) line.problem = "it is too long";
            return true;
        }
        return false;
    }

private:
    std::istream& in_;
    std::string text_;
    size_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<LeadFile>> read_csv(std::istream& in) {
    auto file = std::make_unique<CsvLeads>(in);
    if (auto begun = file->begin(); !begun) return begun.error();
    return std::unique_ptr<LeadFile>(std::move(file));
}

std::unique_ptr<LeadFile> read_json_lines(std::istream& in) {
    return std::make_unique<JsonLeads>(in);
}

}  // namespace tandem::operate
