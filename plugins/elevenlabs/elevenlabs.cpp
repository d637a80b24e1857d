#include "elevenlabs.h"

#include <utility>

namespace tandem::elevenlabs {

using namespace tandem::plugin;

namespace {

std::int64_t longest_call_of(const Config& config) {
    const std::int64_t seconds = config.find_integer("longest_call_s").value_or(7200);
    if (seconds < 60 || seconds > 86'400)
        throw Failure(TANDEM_INVALID, "option longest_call_s: 60 to 86400 seconds");
    return seconds;
}

}  // namespace

ElevenLabs::ElevenLabs(Host host)
    : host_(std::move(host)),
      api_(host_),
      agent_id_(host_.config().text("agent_id")),
      agent_phone_number_id_(host_.config().find_text("agent_phone_number_id").value_or("")),
      initiation_secrets_(host_.config().text_list("conversation_initiation_webhook_secret")),
      post_call_secrets_(host_.config().text_list("post_call_webhook_secret")),
      longest_call_s_(longest_call_of(host_.config())),
      turn_options_(TurnOptions::read(host_.config())) {}

Description ElevenLabs::describe() {
    Description description;
    description.id = "org.tandem.elevenlabs";
    description.name = "ElevenLabs";
    description.version = TANDEM_VERSION;
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    description.homepage = "https://elevenlabs.io/docs";
    description.options = {
        {"api_key",
         TANDEM_OPTION_TEXT,
         TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET,
         {},
         "The workspace's API key"},
        {"agent_id", TANDEM_OPTION_TEXT, TANDEM_OPTION_REQUIRED, {}, "The agent: agent_…"},
        {"agent_phone_number_id",
         TANDEM_OPTION_TEXT,
         0,
         {},
         "The number that calls go out from, as imported there: phnum_…"},
        {"conversation_initiation_webhook_secret",
         TANDEM_OPTION_TEXT_LIST,
         TANDEM_OPTION_SECRET,
         {},
         "What conversation-initiation must carry; without it that webhook lets nobody in"},
        {"post_call_webhook_secret",
         TANDEM_OPTION_TEXT_LIST,
         TANDEM_OPTION_SECRET,
         {},
         "The post-call webhook's secret; a list while rotating"},
        {"api_base_url", TANDEM_OPTION_TEXT, 0, "https://api.elevenlabs.io",
         "Another region, or a test's server"},
        {"longest_call_s", TANDEM_OPTION_INTEGER, 0, "7200",
         "No call lasts longer; how far back missed ones are looked for"},
    };
    for (Option& option : TurnOptions::describe()) description.options.push_back(std::move(option));
    return description;
}

}  // namespace tandem::elevenlabs

TANDEM_PLUGIN(tandem::elevenlabs::ElevenLabs)
