#include "twilio.hpp"

#include <algorithm>
#include <utility>

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

std::int64_t seconds_of(const Config& config, const char* name, std::int64_t usual,
                        std::int64_t most) {
    const std::int64_t seconds = config.find_integer(name).value_or(usual);
    if (seconds < 1 || seconds > most)
        throw Failure(TANDEM_INVALID, std::string("option ") + name + ": 1 to " +
                                          std::to_string(most) + " seconds");
    return seconds;
}

std::string service_of(const Config& config) {
    std::string sid = config.find_text("messaging_service_sid").value_or("");
    if (!sid.empty() && sid.rfind("MG", 0) != 0)
        throw Failure(TANDEM_INVALID, "option messaging_service_sid: must begin with MG");
    return sid;
}

// What a conversation tolerates: a text that waits longer at Twilio is better seen as failed.
constexpr std::int64_t usual_validity_s = 900;
constexpr std::int64_t longest_validity_s = 36000;  // Twilio's
constexpr std::int64_t usual_ring_s = 30;
constexpr std::int64_t longest_ring_s = 600;  // Twilio's

}  // namespace

Twilio::Twilio(Host host)
    : host_(std::move(host)),
      accounts_(accounts_of(host_.config())),
      api_(host_, api_base_of(host_.config())),
      from_(host_.config().find_text("from").value_or("")),
      messaging_service_sid_(service_of(host_.config())),
      service_picks_sender_(host_.config().find_yes_no("service_picks_sender").value_or(false)),
      validity_s_(seconds_of(host_.config(), "validity_s", usual_validity_s, longest_validity_s)),
      transfer_ring_s_(
          seconds_of(host_.config(), "transfer_ring_s", usual_ring_s, longest_ring_s)) {}

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
        {"accounts",
         TANDEM_OPTION_TEXT_LIST,
         TANDEM_OPTION_SECRET,
         {},
         "Subaccounts whose webhooks are taken as well: a list of AC…:token"},
        {"api_key_sid", TANDEM_OPTION_TEXT, 0, {}, "Ask the API with this key instead: SK…"},
        {"api_key_secret", TANDEM_OPTION_TEXT, TANDEM_OPTION_SECRET, {}, "The key's secret"},
        {"from", TANDEM_OPTION_TEXT, 0, {}, "Sender where the organisation's number is not known"},
        {"messaging_service_sid", TANDEM_OPTION_TEXT, 0, {}, "Send through this service: MG…"},
        {"service_picks_sender", TANDEM_OPTION_YES_NO, 0, "false",
         "Let the service choose the sender, also where the organisation has a number"},
        {"validity_s", TANDEM_OPTION_INTEGER, 0, std::to_string(usual_validity_s),
         "How long a text may wait at Twilio, up to 36000"},
        {"transfer_ring_s", TANDEM_OPTION_INTEGER, 0, std::to_string(usual_ring_s),
         "How long a person's phone rings when a call is handed over, up to 600"},
        {"api_base_url", TANDEM_OPTION_TEXT, 0, "https://api.twilio.com",
         "Another region, for instance https://api.dublin.ie1.twilio.com, or a test's server"},
    };
    return description;
}

}  // namespace tandem::twilio

TANDEM_PLUGIN(tandem::twilio::Twilio)
