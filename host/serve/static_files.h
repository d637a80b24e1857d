#pragma once

#include <string>
#include <vector>

#include "serve/serve.h"

/// The fifth port of serve: a folder of files, served from memory: what is not read at start does
/// not exist, so no path of a request ever reaches the file system.
namespace tandem::serve {

/// One route a file; an index.html also answers for its folder. Throws std::runtime_error
/// naming the folder or file that cannot be read or has a name or size that is not
/// allowed ([A-Za-z0-9._-], 4 MiB). Hidden files are left out.
std::vector<Route> static_files(const std::string& folder);

/// One text as if it were such a file: with an entity tag, asked for each time.
Route static_text(std::string path, std::string content_type, std::string text);

}  // namespace tandem::serve
