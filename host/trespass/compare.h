#pragma once

#include <string>

#include "trespass/operations.h"

/// What is foreign must be answered as what nobody has. Pure functions that say when two answers
/// are the same.
namespace tandem::trespass {

/// A text of the same form that nobody has.
std::string twin_of(const std::string& value);

/// What two answers may differ in goes: the value asked for, ids, times and durations.
std::string masked(std::string text, const std::string& value);

/// What must be equal for what is foreign and for what is nobody's. What a request changed in
/// the asker's own house may be worded by what else goes on there.
std::string essence(const Answered& answer, bool reads, const std::string& value);

/// The text of the first member of this name; empty: there is none.
std::string field(const std::string& json, const std::string& name);

/// `401 INVALID_TOKEN`, for reports.
std::string outcome_of(const Answered& answer);

}  // namespace tandem::trespass
