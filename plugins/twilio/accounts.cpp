#include "accounts.hpp"

#include <algorithm>
#include <utility>

#include "tandem/plugin/failure.hpp"

namespace tandem::twilio {

using plugin::Config;
using plugin::Failure;

namespace {

// A reseller with more of them runs several instances.
constexpr std::size_t max_accounts = 256;

bool only_letters_and_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z');
    });
}

/// It becomes part of URLs.
bool is_account_sid(std::string_view sid) {
    return sid.size() > 2 && sid.size() <= 34 && sid.substr(0, 2) == "AC" &&
           only_letters_and_digits(sid);
}

Account own_account(const Config& config) {
    Account own;
    own.sid = config.text("account_sid");
    if (!is_account_sid(own.sid))
        throw Failure(TANDEM_INVALID,
                      "option account_sid: must begin with AC, as the console shows it");
    for (std::string& token : config.text_list("auth_token"))
        if (!token.empty()) own.tokens.push_back(std::move(token));
    // Without a token every stranger would be as genuine as the next.
    if (own.tokens.empty())
        throw Failure(TANDEM_INVALID,
                      "option auth_token: empty; set it to the account's auth token");
    own.user = config.find_text("api_key_sid").value_or("");
    own.password = config.find_text("api_key_secret").value_or("");
    if (own.user.empty() != own.password.empty())
        throw Failure(TANDEM_INVALID, "option api_key_sid: goes together with api_key_secret");
    if (!own.user.empty() && own.user.rfind("SK", 0) != 0)
        throw Failure(TANDEM_INVALID, "option api_key_sid: must begin with SK");
    if (own.user.empty()) {
        own.user = own.sid;
        own.password = own.tokens.front();
    }
    return own;
}

void add_account(std::vector<Account>& accounts, const std::string& text, std::size_t place) {
    const std::size_t colon = text.find(':');
    const std::string sid = text.substr(0, colon);
    if (colon == std::string::npos || colon + 1 == text.size() || !is_account_sid(sid))
        throw Failure(TANDEM_INVALID,
                      "option accounts: text " + std::to_string(place) + " is not \"AC…:token\"");
    std::string token = text.substr(colon + 1);
    const auto known = std::find_if(accounts.begin(), accounts.end(),
                                    [&](const Account& one) { return one.sid == sid; });
    if (known != accounts.end()) {
        known->tokens.push_back(std::move(token));
        return;
    }
    if (accounts.size() == max_accounts)
        throw Failure(TANDEM_INVALID, "option accounts: more than 256 of them");
    accounts.push_back({sid, {token}, sid, token});
}

}  // namespace

std::vector<Account> accounts_of(const Config& config) {
    std::vector<Account> accounts{own_account(config)};
    std::size_t place = 0;
    for (const std::string& text : config.text_list("accounts"))
        add_account(accounts, text, ++place);
    return accounts;
}

const Account* find_account(const std::vector<Account>& accounts, std::string_view sid) {
    for (const Account& account : accounts)
        if (account.sid == sid) return &account;
    return nullptr;
}

std::string api_base_of(const Config& config) {
    std::string base = config.find_text("api_base_url").value_or("");
    if (base.empty()) base = "https://api.twilio.com";
    while (base.back() == '/') base.pop_back();
    if (base.rfind("https://", 0) != 0 && base.rfind("http://", 0) != 0)
        throw Failure(TANDEM_INVALID,
                      "option api_base_url: must begin with https:// (http:// for tests)");
    return base;
}

}  // namespace tandem::twilio
