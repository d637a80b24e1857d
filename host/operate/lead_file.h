#pragma once

#include <istream>
#include <memory>
#include <string>

#include "base/result.h"

namespace tandem::operate {

/// A lead as it stands in a file: one line of JSON as the API takes it, or why there is none.
struct LeadLine {
    size_t line = 0;  // of the file, from 1
    std::string json;
    std::string problem;
};

/// Reads a file of leads, line by line. Confined to one thread.
class LeadFile {
public:
    virtual ~LeadFile() = default;
    /// False at the end.
    virtual bool next(LeadLine& line) = 0;
};

/// CSV whose first line names the columns as the API names a lead's fields; an empty field
/// leaves the lead's own as it is. Invalid: the header cannot be used. `in` must outlive it.
Result<std::unique_ptr<LeadFile>> read_csv(std::istream& in);
/// JSON Lines: an object a line. `in` must outlive it.
std::unique_ptr<LeadFile> read_json_lines(std::istream& in);

}  // namespace tandem::operate
