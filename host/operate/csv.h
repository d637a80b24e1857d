#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::operate {

/// One record of a CSV file.
struct CsvRecord {
    size_t line = 0;  // on which it begins, from 1
    std::vector<std::string> fields;
    std::string problem;  // why it cannot be read; then there are no fields
};

/// Reads CSV (RFC 4180), record by record: fields in quotes may hold commas, line ends and
/// doubled quotes; lines end with CR LF or LF; a byte order mark at the begin and empty lines
/// are passed over. After a record that cannot be read it goes on at the next line.
class CsvReader {
public:
    /// `in` must outlive it.
    explicit CsvReader(std::istream& in);

    /// False at the end.
    bool next(CsvRecord& record);

private:
    /// A quote that is never closed must not take the rest of a large file with it.
    static constexpr size_t max_record_bytes = 1 << 20;

    int take();
    void quoted(CsvRecord& record);
    void pass_line();

    std::istream& in_;
    size_t line_ = 1;
    size_t taken_ = 0;  // bytes of the record in hand
};

/// The field as it stands in a CSV file, quoted where it must be.
std::string csv_field(std::string_view text);

}  // namespace tandem::operate
