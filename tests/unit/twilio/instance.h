#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/plugin/testing.hpp"
#include "twilio.hpp"

/// An instance of the plugin on a host that tests hold in their hand.
namespace tandem::twilio::testing {

constexpr const char* own_account = "AC00000000000000000000000000000001";
constexpr const char* subaccount = "AC00000000000000000000000000000002";
constexpr const char* own_token = "0123456789abcdef0123456789abcdef";
constexpr const char* sub_token = "fedcba9876543210fedcba9876543210";
constexpr const char* message_sid = "SM11111111111111111111111111111111";

struct Instance {
    explicit Instance(const std::vector<plugin::Header>& options = {},
                      const std::vector<std::string>& accounts = {}) {
        host.option("account_sid", own_account);
        host.option_list("auth_token", {own_token, "older"});
        if (!accounts.empty()) host.option_list("accounts", accounts);
        for (const plugin::Header& option : options) host.option(option.name, option.value);
        host.apply_defaults<Twilio>();
        twilio = std::make_unique<Twilio>(host.host());
    }

    plugin::testing::FakeHost host{"twilio"};
    std::unique_ptr<Twilio> twilio;
};

inline std::string list_path(const std::string& of = own_account) {
    return "https://api.twilio.com/2010-04-01/Accounts/" + of + "/Messages.json";
}

inline std::string header(const plugin::HttpRequest& request, std::string_view name) {
    return std::string(plugin::find_field(request.headers, name).value_or("none"));
}

}  // namespace tandem::twilio::testing
