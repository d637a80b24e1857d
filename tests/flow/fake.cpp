#include "flow/fake.h"

#include <stdexcept>
#include <thread>

#include "flow/bike_store.h"

namespace tandem::flow {

namespace {

constexpr char api_key[] = "an-api-key-of-the-tests";
constexpr char agent_id[] = "agent_of_the_tests";
constexpr char phone_number_id[] = "phnum_of_the_tests";
constexpr char initiation_secret[] = "initiation-secret-of-the-tests";
constexpr char post_call_secret[] = "wsec_of-the-tests";

Json merged(Json one, const Json& more) {
    if (more.is_object()) one.update(more);
    return one;
}

}  // namespace

bool await(const std::function<bool()>& condition, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

Fake::Fake(const std::vector<std::string>& program) : process_(program) {
    static const std::string mark = "listening on ";
    if (!process_.await_output(mark) || !process_.await_output("\n"))
        throw std::runtime_error(program.front() + " did not start: " + process_.output());
    const std::string said = process_.output();
    url_ = "http://127.0.0.1:" + std::to_string(std::stoi(said.substr(said.find(mark) + 13)));
    client_ = std::make_unique<HttpClient>(url_);
}

void Fake::calls(const Gateway& gateway, const std::string& instance) {
    order("gateway", {{"url", gateway.url()},
                      {"public_url", "https://gateway.example.com"},
                      {"instance", instance}});
}

Json Fake::order(const std::string& name, const Json& body) {
    const HttpAnswer answer =
        client_->post("/_fake/" + name, body.dump(), {{"Content-Type", "application/json"}});
    if (answer.status != 200)
        throw std::runtime_error("the fake refused the order " + name + ": " + answer.body);
    return Json::parse(answer.body);
}

Json Fake::requests(const std::string& endpoint, const Json& match) {
    return order("requests", {{"endpoint", endpoint}, {"match", match}});
}

bool Fake::await_requests(const std::string& endpoint, size_t count, std::chrono::seconds limit) {
    return await([&] { return requests(endpoint).size() >= count; }, limit);
}

std::string Fake::violations() {
    std::string lines;
    for (const Json& line : order("violations")) lines += line.get<std::string>() + '\n';
    return lines;
}

FakeTwilio::FakeTwilio()
    : Fake({Gateway::built_programs() + "/fake_twilio", account_sid, auth_token}) {}

bool FakeTwilio::await_messages(size_t count, std::chrono::seconds limit) {
    return await([&] { return messages().size() >= count; }, limit);
}

Json FakeTwilio::receive(const std::string& from, const std::string& body, const Json& more) {
    return order("receive", merged({{"from", from}, {"to", bikes_number}, {"body", body}}, more));
}

Json FakeTwilio::status(const std::string& sid, const std::string& status) {
    return order("status", {{"sid", sid}, {"status", status}});
}

FakeElevenLabs::FakeElevenLabs()
    : Fake({Gateway::built_programs() + "/fake_elevenlabs", api_key, agent_id, phone_number_id,
            bikes_number, initiation_secret, post_call_secret}) {}

std::string FakeElevenLabs::settings() const {
    return std::string("  - id: elevenlabs\n    plugin: elevenlabs\n    options:\n") +
           "      api_key: " + api_key + "\n      agent_id: " + agent_id +
           "\n      agent_phone_number_id: " + phone_number_id +
           "\n      conversation_initiation_webhook_secret: " + initiation_secret +
           "\n      post_call_webhook_secret: " + post_call_secret + "\n      api_base_url: \"" +
           url() + "\"\n";
}

Json FakeElevenLabs::ring(const std::string& caller, const Json& more) {
    return order("ring", merged({{"caller", caller}}, more));
}

Json FakeElevenLabs::finish(const std::string& conversation_id, const std::string& summary,
                            const Json& turns, const Json& more) {
    return order(
        "finish",
        merged({{"conversation_id", conversation_id}, {"summary", summary}, {"turns", turns}},
               more));
}

}  // namespace tandem::flow
