#pragma once

#include <string>

#include "flow/http_client.h"

/// What the stories leave behind, for the program that searches it when all have ended: what
/// daemons wrote and counted and refused, and what must stand in none of that.
namespace tandem::flow {

/// Beside the programs' folder: build/…/traces.
std::string traces_folder();

/// `kind` is log, metrics or errors. From any thread.
void leave_trace(const std::string& kind, const std::string& text);

/// `what` is token, secret, phone or text. Texts that anybody may write by chance (short ones,
/// single words) are left out.
void leave_canary(const std::string& what, const std::string& text);

/// The credential, numbers and texts of a request, and the answer if it is a refusal.
void leave_traces_of(const std::string& body, const Headers& headers, const HttpAnswer& answer);

}  // namespace tandem::flow
