#include "key_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

constexpr std::uint32_t fetch_ms = 5000;

bool begins(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    // An address and not a name that begins like one.
    return begins(host, "127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

struct Descriptor {
    explicit Descriptor(int opened) : number(opened) {}
    Descriptor(const Descriptor&) = delete;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
    const int number;
};

bool is_credential(const std::string& path) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') return false;
    return begins(path, std::string(folder) + '/') && path.find("/../") == std::string::npos;
}

plugin::Failure wrong_url(const std::string& why) {
    return plugin::Failure(TANDEM_INVALID, why);
}

}  // namespace

std::string read_file(const std::string& path, bool secret) {
    const auto wrong = [&](const std::string& why) {
        return plugin::Failure(TANDEM_INVALID, path + why);
    };
    // Without O_NONBLOCK a FIFO in the place of a file would hang the start.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat state {};
    if (file.number < 0 || ::fstat(file.number, &state) != 0 || !S_ISREG(state.st_mode))
        throw wrong(" is no file that can be read");
    if ((state.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        throw wrong(" may be written by its group or by others; chmod go-w");
    if (secret && (state.st_mode & (S_IRGRP | S_IROTH)) != 0 && !is_credential(path))
        throw wrong(" holds secrets and may be read by its group or by others; chmod 600");
    std::string text(KeySet::max_bytes + 1, '\0');
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<size_t>(got)) {
        got = ::read(file.number, text.data() + size, text.size() - size);
        if (got < 0) throw wrong(" cannot be read");
    }
    if (size == 0) throw wrong(" is empty");
    if (size > KeySet::max_bytes) throw wrong(" is over 64 KiB");
    text.resize(size);
    return text;
}

void check_url(const std::string& url) {
    const bool tls = begins(url, "https://");
    if (!tls && !begins(url, "http://")) throw wrong_url("an https URL is needed");
    if (std::any_of(url.begin(), url.end(), [](char letter) {
            return static_cast<unsigned char>(letter) <= 0x20 || letter == 0x7f || letter == '\\';
        }))
        throw wrong_url("it has blanks or control characters");
    if (url.find('#') != std::string::npos) throw wrong_url("it has a fragment");
    const size_t start = tls ? 8 : 7;
    std::string_view host = std::string_view(url).substr(start);
    host = host.substr(0, host.find_first_of("/?"));
    if (host.find('@') != std::string_view::npos) throw wrong_url("it has user information");
    const bool literal = begins(host, "[");
    const size_t name_end = std::min(literal ? host.find(']') : host.find(':'), host.size());
    const std::string_view rest = host.substr(std::min(name_end + literal, host.size()));
    if (!rest.empty() && rest[0] != ':') throw wrong_url("its host is malformed");
    host.remove_suffix(rest.size());
    if (host.empty()) throw wrong_url("it has no host");
    if (!tls && !is_loopback(host))
        throw wrong_url("http is for loopback alone: whoever is between could sign in as anybody");
}

KeySet fetch_keys(const plugin::Host& host, const std::string& url, const Algorithm& algorithm) {
    plugin::HttpRequest request;
    request.method = "GET";
    request.url = url;
    request.headers = {{"Accept", "application/jwk-set+json, application/json"}};
    request.deadline_ms = fetch_ms;
    const plugin::HttpResult result = host.http().send(request);
    if (!result.answered) throw plugin::Failure(TANDEM_UNAVAILABLE, result.error);
    if (result.status != 200)
        throw plugin::Failure(TANDEM_UNAVAILABLE,
                              "the issuer answered with status " + std::to_string(result.status));
    return KeySet(result.body, algorithm, Origin::Remote);
}

}  // namespace tandem::jwt
