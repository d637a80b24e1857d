#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <string>
#include <vector>

#include "fetch/egress.h"
#include "target.h"

// No text of a URL leads a plugin to another place than those its options name: what is
// permitted is, for a second reader of URLs, the same scheme, host and port.

namespace tandem::fuzz {

namespace {

const std::vector<fetch::Origin>& allowed() {
    static const std::vector<fetch::Origin> origins{
        {"https", "api.twilio.com", 443, false},  {"https", "api.elevenlabs.io", 8443, false},
        {"http", "127.0.0.1", 8080, true},        {"http", "[::1]", 8081, true},
        {"http", "plain.example.com", 80, false},  // a default may not be plain http
    };
    return origins;
}

void check_second_opinion(const std::string& url, fetch::Origin origin) {
    if (seeded_bug() && url.find("/a/") != std::string::npos) origin.host = "elsewhere";
    expect(origin.scheme == "https" || origin.written_by_operator,
           "plain http is only where the operator wrote it");
    Poco::URI second;
    try {
        second = Poco::URI(url);
    } catch (const Poco::Exception&) {
        return;  // one that refuses goes nowhere
    }
    std::string host = second.getHost();
    if (host.find(':') != std::string::npos && host.front() != '[') host = "[" + host + "]";
    for (char& letter : host)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
    expect(second.getScheme() == origin.scheme, "both read the same scheme");
    expect(host == origin.host, "both read the same host");
    expect(second.getPort() == origin.port, "both read the same port");
    expect(second.getUserInfo().empty(), "no user stands in the URL");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    const std::string url(text(bytes, size));
    const auto origin = tandem::fetch::permitted(url, allowed());
    if (origin) check_second_opinion(url, *origin);
    return 0;
}
