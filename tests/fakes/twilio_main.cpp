// A Twilio of one account:
//   fake_twilio ACCOUNT_SID AUTH_TOKEN

#include <cstdio>

#include "fakes/twilio.h"

int main(int argc, char** argv) {
    using namespace tandem::fakes;
    if (argc != 3) {
        std::fprintf(stderr, "usage: fake_twilio ACCOUNT_SID AUTH_TOKEN\n");
        return 64;
    }
    Twilio twilio(argv[1], argv[2]);
    Script script;
    Gateway gateway(
        [&](Webhook& webhook, const std::string& public_url) { twilio.sign(webhook, public_url); });
    twilio.calls_back(gateway, script);
    return serve(twilio, script, gateway);
}
