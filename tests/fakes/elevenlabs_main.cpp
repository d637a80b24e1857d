// An ElevenLabs workspace of one agent with one number:
//   fake_elevenlabs API_KEY AGENT_ID PHONE_NUMBER_ID PHONE_NUMBER INITIATION_SECRET
//                   POST_CALL_SECRET

#include <cstdio>

#include "fakes/elevenlabs.h"

int main(int argc, char** argv) {
    using namespace tandem::fakes;
    if (argc != 7) {
        std::fprintf(stderr,
                     "usage: fake_elevenlabs API_KEY AGENT_ID PHONE_NUMBER_ID "
                     "PHONE_NUMBER INITIATION_SECRET POST_CALL_SECRET\n");
        return 64;
    }
    ElevenLabs elevenlabs({argv[1], argv[2], argv[3], argv[4], argv[5], argv[6]});
    Script script;
    Gateway gateway([&](Webhook& webhook, const std::string&) { elevenlabs.sign(webhook); });
    elevenlabs.calls_back(gateway, script);
    return serve(elevenlabs, script, gateway);
}
