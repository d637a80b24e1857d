// The accounts that an instance answers for: its own, and subaccounts whose requests it takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tandem/plugin/config.hpp"

namespace tandem::twilio {

struct Account {
    std::string sid;
    std::vector<std::string> tokens;  ///< Each of them verifies; the first one asks the API.
    std::string user, password;       ///< For the API: the sid and a token, or an API key.
};

/// The instance's own account first, then those of `accounts`; each sid once. Throws INVALID
/// for a text that is none, without repeating it: it holds a secret.
std::vector<Account> accounts_of(const plugin::Config& config);

/// The account of this sid, or null.
const Account* find_account(const std::vector<Account>& accounts, std::string_view sid);

/// Where the API is, without a slash at the end. Throws INVALID for what is no URL.
std::string api_base_of(const plugin::Config& config);

}  // namespace tandem::twilio
