// The plugin against a fake host, and its recordings: `acme_test CONFORMANCE_FOLDER`.
#include <filesystem>
#include <iostream>
#include <string>

#include "acme.hpp"
#include "tandem/plugin/testing.hpp"

namespace {

using namespace tandem::plugin;

int failures = 0;

void expect(bool holds, const std::string& promise) {
    if (holds) return;
    std::cerr << "FAILED: " << promise << '\n';
    ++failures;
}

void configure(testing::FakeHost& fake) {
    fake.option("api_key", "key-for-tests");
    fake.option("webhook_secret", "only-for-recordings");
    fake.apply_defaults<acme::Acme>();
}

void recordings_give_what_is_expected(const std::filesystem::path& folder) {
    testing::FakeHost fake;
    configure(fake);
    acme::Acme plugin(fake.host());
    int replayed = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".request") continue;
        const testing::Recording recording(testing::read_file(entry.path().string()));
        const std::string result = testing::replay(plugin, recording.request());
        std::filesystem::path expected = entry.path();
        expected.replace_extension(".expected");
        if (result != testing::read_file(expected.string())) {
            expect(false, entry.path().filename().string() + " gives\n" + result);
        }
        ++replayed;
    }
    expect(replayed > 0, "there are recordings in " + folder.string());
}

OutboundMessage message() {
    OutboundMessage message;
    message.deadline_ms = 5000;
    message.message_id = "our-1";
    message.from = "+15550100";
    message.to = "+15550199";
    message.text = "a & b";
    return message;
}

void a_message_goes_out_as_acme_wants_it() {
    testing::FakeHost fake;
    configure(fake);
    fake.answer_http(201, "id=A7&state=queued");
    acme::Acme plugin(fake.host());
    const Receipt receipt = plugin.send(message());
    expect(receipt.outcome == SendOutcome::Accepted, "a 201 is acceptance");
    expect(receipt.provider_id == "A7", "the id is Acme's");
    const HttpRequest& request = fake.requests().at(0);
    expect(request.url == "https://api.acme.example/v1/messages", "the URL is Acme's");
    expect(request.body == "from=%2B15550100&to=%2B15550199&text=a%20%26%20b&reference=our-1",
           "the form is encoded: " + request.body);
    expect(request.deadline_ms == 5000, "the deadline is handed on");
}

void every_way_to_fail_has_its_own_outcome() {
    testing::FakeHost fake;
    configure(fake);
    acme::Acme plugin(fake.host());
    expect(plugin.send(message()).outcome == SendOutcome::NotSent, "no connection: not sent");
    HttpResult lost;
    lost.maybe_sent = true;
    fake.answer_http(lost);
    expect(plugin.send(message()).outcome == SendOutcome::Unknown, "a lost answer: unknown");
    fake.answer_http(500, "");
    expect(plugin.send(message()).outcome == SendOutcome::Unknown, "a 500: unknown");
    fake.answer_http(429, "", {{"retry-after", "2"}});
    expect(plugin.send(message()).retry_after_ms == 2000, "a 429: not sent, wait two seconds");
    fake.answer_http(400, "code=opted_out");
    expect(plugin.send(message()).opted_out, "Acme knows who opted out");
}

void a_short_secret_is_refused() {
    testing::FakeHost fake;
    configure(fake);
    fake.option("webhook_secret", "short");
    try {
        acme::Acme plugin(fake.host());
        expect(false, "a short secret is refused");
    } catch (const Failure& failure) {
        expect(failure.code() == TANDEM_INVALID, "a short secret is a wrong option");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: acme_test CONFORMANCE_FOLDER\n";
        return 64;
    }
    recordings_give_what_is_expected(argv[1]);
    a_message_goes_out_as_acme_wants_it();
    every_way_to_fail_has_its_own_outcome();
    a_short_secret_is_refused();
    return failures == 0 ? 0 : 1;
}
