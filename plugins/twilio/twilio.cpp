#include "twilio.hpp"

#include <utility>

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

std::vector<std::string> tokens_of(const Config& config) {
    std::vector<std::string> tokens;
    for (std::string& token : config.text_list("auth_token"))
        if (!token.empty()) tokens.push_back(std::move(token));
    // Without a token every stranger would be as genuine as the next.
    if (tokens.empty())
        throw Failure(TANDEM_INVALID, "auth_token is empty: set it to the account's auth token");
    return tokens;
}

std::string account_of(const Config& config) {
    std::string sid = config.text("account_sid");
    if (sid.rfind("AC", 0) != 0)
        throw Failure(TANDEM_INVALID, "account_sid must begin with AC, as the console shows it");
    return sid;
}

std::string base_of(const Config& config) {
    std::string base = config.find_text("api_base_url").value_or("");
    if (base.empty()) base = "https://api.twilio.com";
    while (base.back() == '/') base.pop_back();
    if (base.rfind("https://", 0) != 0 && base.rfind("http://", 0) != 0)
        throw Failure(TANDEM_INVALID, "api_base_url must begin with https:// (http:// for tests)");
    return base;
}

}  // namespace

Twilio::Twilio(Host host)
    : host_(std::move(host)),
      account_sid_(account_of(host_.config())),
      auth_tokens_(tokens_of(host_.config())),
      from_(host_.config().find_text("from").value_or("")),
      messaging_service_sid_(host_.config().find_text("messaging_service_sid").value_or("")),
      api_base_url_(base_of(host_.config())) {}

Description Twilio::describe() {
    Description description;
    description.id = "org.tandem.twilio";
    description.name = "Twilio";
    description.version = TANDEM_VERSION;
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    description.homepage = "https://www.twilio.com/docs/messaging";
    description.options = {
        {"account_sid", TANDEM_OPTION_TEXT, TANDEM_OPTION_REQUIRED, {}, "The account: AC…"},
        {"auth_token",
         TANDEM_OPTION_TEXT_LIST,
         TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET,
         {},
         "The auth token; while rotating a list, the one to send with first"},
        {"from", TANDEM_OPTION_TEXT, 0, {}, "Sender where the organisation's number is not known"},
        {"messaging_service_sid", TANDEM_OPTION_TEXT, 0, {}, "Send through this service: MG…"},
        {"api_base_url", TANDEM_OPTION_TEXT, 0, "https://api.twilio.com",
         "Another region, or a test's server"},
    };
    return description;
}

}  // namespace tandem::twilio

TANDEM_PLUGIN(tandem::twilio::Twilio)
