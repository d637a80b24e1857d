#pragma once

#include <string>

#include "key_set.h"
#include "tandem/plugin/host.hpp"

namespace tandem::jwt {

/// The whole of a regular file of at most 64 KiB that nobody but its owner may write, and where
/// its keys are secrets read: who may write it may sign in as anybody, and so may who reads a
/// secret. systemd's credentials may be read by a group, for their folder may not. Throws
/// Failure(INVALID).
std::string read_file(const std::string& path, bool secret);

/// Throws Failure(INVALID) for anything but https, or http to loopback, which no one else can
/// answer; for user information and fragments too.
void check_url(const std::string& url);

/// One GET through the host, which follows no redirect: 5 s, 64 KiB, status 200. Throws
/// Failure.
KeySet fetch_keys(const plugin::Host& host, const std::string& url, const Algorithm& algorithm);

}  // namespace tandem::jwt
