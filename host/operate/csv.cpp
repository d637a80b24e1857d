#include "operate/csv.h"

namespace tandem::operate {

namespace {

constexpr int end_of_file = std::istream::traits_type::eof();

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_(in) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (in_.peek() != static_cast<unsigned char>(mark[0])) return;
    // No other text begins with this byte: it stands for the private use area at most.
    char begin[3] = {};
    in_.read(begin, 3);
    if (std::string_view(begin, static_cast<size_t>(in_.gcount())) == mark) return;
    in_.clear();
    in_.seekg(0);
}

int CsvReader::take() {
    const int letter = in_.get();
    if (letter == '\n') ++line_;
    ++taken_;
    return letter;
}

void CsvReader::pass_line() {
    for (int letter = take(); letter != '\n' && letter != end_of_file; letter = take()) {
    }
}

/// What follows an opening quote, up to the closing one.
void CsvReader::quoted(CsvRecord& record) {
    std::string& field = record.fields.back();
    while (taken_ <= max_record_bytes) {
        const int letter = take();
        if (letter == end_of_file) break;
        if (letter != '"') {
            field += static_cast<char>(letter);
        } else if (in_.peek() == '"') {
            field += static_cast<char>(take());
        } else {
            return;
        }
    }
    record.problem = "a quote is not closed";
}

bool CsvReader::next(CsvRecord& record) {
    while (in_.peek() == '\n' || in_.peek() == '\r') take();
    if (in_.peek() == end_of_file) return false;
    record = {line_, {""}, {}};
    taken_ = 0;
    bool closed = false;  // the field in hand was quoted
    while (record.problem.empty()) {
        const int letter = take();
        if (letter == end_of_file || letter == '\n') return true;
        if (letter == '\r' && in_.peek() == '\n') continue;
        if (letter == ',') {
            record.fields.emplace_back();
            closed = false;
        } else if (letter == '"' && !closed && record.fields.back().empty()) {
            quoted(record);
            closed = true;
        } else if (closed) {
            record.problem = "text stands behind a closing quote";
        } else if (letter == '"') {
            record.problem = "a quote stands in a field that does not begin with one";
        } else {
            record.fields.back() += static_cast<char>(letter);
            if (taken_ > max_record_bytes) record.problem = "the line is too long";
        }
    }
    record.fields.clear();
    pass_line();
    return true;
}

std::string csv_field(std::string_view text) {
    const bool edged = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    if (!edged && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string field = "\"";
    for (const char letter : text) {
        field += letter;
        if (letter == '"') field += '"';
    }
    return field + '"';
}

}  // namespace tandem::operate
