#include "fetch/fetch.h"

#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <curl/curl.h>

#include "fetch/egress.h"

namespace tandem::fetch {
namespace {

struct Url {
    CURLU* parsed = curl_url();
    ~Url() { curl_url_cleanup(parsed); }

    std::string part(CURLUPart which, unsigned flags = 0) const {
        char* text = nullptr;
        if (curl_url_get(parsed, which, &text, flags) != CURLUE_OK || !text) return {};
        std::string copy = text;
        curl_free(text);
        return copy;
    }
};

void initialise_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(done);
}

Code code_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: return Code::Timeout;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL: return Code::Invalid;
        case CURLE_OUT_OF_MEMORY: return Code::Internal;
        default: return Code::Unavailable;
    }
}

}  // namespace

std::optional<Origin> origin_of(const std::string& url, bool written_by_operator) {
    // No blanks and no controls: text such as a description is no address.
    if (url.size() > 4096 || has_control(url) || url.find(' ') != std::string::npos) {
        return std::nullopt;
    }
    const Url parsed;
    if (curl_url_set(parsed.parsed, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
        return std::nullopt;
    }
    Origin origin;
    origin.scheme = parsed.part(CURLUPART_SCHEME);
    origin.host = parsed.part(CURLUPART_HOST);
    std::transform(origin.host.begin(), origin.host.end(), origin.host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string port = parsed.part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if ((origin.scheme != "http" && origin.scheme != "https") || origin.host.empty() ||
        port.empty()) {
        return std::nullopt;
    }
    origin.port = static_cast<uint16_t>(std::stoul(port));
    origin.written_by_operator = written_by_operator;
    return origin;
}

struct Client::Handle {
    Handle() : easy(curl_easy_init()) {}
    ~Handle() { curl_easy_cleanup(easy); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    CURL* easy;
};

/// One request on one handle, from its options to its result.
class Client::Exchange {
public:
    Exchange(CURL* easy, const Request& request, bool any_address)
        : easy_(easy), request_(request), any_address_(any_address) {}
    ~Exchange() { curl_slist_free_all(fields_); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    Answer run() {
        prepare();
        const CURLcode code = curl_easy_perform(easy_);
        if (code == CURLE_OK) {
            long status = 0;
            curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
            result_.status = static_cast<int>(status);
            return std::move(result_);
        }
        return failure(code);
    }

private:
    template <typename Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy_, option, value);
    }

    void prepare() {
        curl_easy_reset(easy_);  // keeps connections, DNS and TLS sessions
        set(CURLOPT_URL, request_.url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");  // the environment must not redirect providers' traffic
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_ERRORBUFFER, error_text_.data());
        const uint32_t asked = request_.deadline_ms ? request_.deadline_ms : max_deadline_ms;
        const long deadline = static_cast<long>(std::min(asked, max_deadline_ms));
        set(CURLOPT_TIMEOUT_MS, deadline);
        set(CURLOPT_CONNECTTIMEOUT_MS, std::min(deadline, static_cast<long>(max_connect_ms)));
        // Providers close idle connections after a minute or so; a request on one that is
        // just being closed would end as "maybe sent".
        set(CURLOPT_MAXAGE_CONN, 30L);
        set(CURLOPT_MAXCONNECTS, 4L);
        prepare_request();
        prepare_callbacks();
    }

    void prepare_request() {
        if (request_.method == "HEAD") set(CURLOPT_NOBODY, 1L);
        if (request_.method == "POST" || !request_.body.empty()) {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
            set(CURLOPT_POSTFIELDS, request_.body.data());
        }
        set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
        add_field("Expect:");
        if (!has_field("content-type")) add_field("Content-Type:");
        for (const auto& [name, value] : request_.headers) {
            // curl takes `Name:` for "leave it out" and `Name;` for an empty value.
            add_field(value.empty() ? name + ";" : name + ": " + value);
        }
        set(CURLOPT_HTTPHEADER, fields_);
        if (!has_field("user-agent")) set(CURLOPT_USERAGENT, "tandem/" TANDEM_VERSION);
    }

    void prepare_callbacks() {
        set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_PREREQFUNCTION, &before_request);
        set(CURLOPT_PREREQDATA, this);
        set(CURLOPT_HEADERFUNCTION, &take_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &take_body);
        set(CURLOPT_WRITEDATA, this);
    }

    bool has_field(const char* wanted) const {
        return std::any_of(
            request_.headers.begin(), request_.headers.end(),
            [&](const auto& field) { return ::strcasecmp(field.first.c_str(), wanted) == 0; });
    }

    void add_field(const std::string& line) { fields_ = curl_slist_append(fields_, line.c_str()); }

    Answer failure(CURLcode code) {
        Answer failed;
        failed.maybe_sent = begun_ > 0;
        Code kind = code_of(code);
        std::string text = error_text_[0] ? error_text_.data() : curl_easy_strerror(code);
        if (too_large_) {
            kind = Code::Corrupt;
            text = "the answer is larger than the host takes";
        } else if (closed_address_) {
            kind = Code::Forbidden;
            text = "the name leads to an address that is not public";
        } else if (repeated_) {
            text = "the connection ended before an answer came";
        }
        failed.failure = {kind, "http: " + text};
        return failed;
    }

    static curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
        auto& exchange = *static_cast<Exchange*>(context);
        // Here stands the address that is really connected to: a name that resolves anew
        // between a check and the connection gains nothing.
        if (!exchange.any_address_ && !is_public(address->addr)) {
            exchange.closed_address_ = true;
            return CURL_SOCKET_BAD;
        }
        return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    }

    static int before_request(void* context, char*, char*, int, int) {
        auto& exchange = *static_cast<Exchange*>(context);
        // curl repeats a request by itself when a reused connection dies before the
        // answer, a POST too: that may send an SMS twice.
        const bool repeatable =
            exchange.request_.method == "GET" || exchange.request_.method == "HEAD";
        if (exchange.begun_ > 0 && !repeatable) {
            exchange.repeated_ = true;
            return CURL_PREREQFUNC_ABORT;
        }
        ++exchange.begun_;
        return CURL_PREREQFUNC_OK;
    }

    static size_t take_header(char* bytes, size_t, size_t size, void* context) {
        auto& exchange = *static_cast<Exchange*>(context);
        std::string_view line(bytes, size);
        while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
            line.remove_suffix(1);
        }
        exchange.header_bytes_ += size;
        if (line.compare(0, 5, "HTTP/") == 0 && line.find(':') == std::string_view::npos) {
            exchange.result_.headers.clear();  // an interim answer came before
            return size;
        }
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) return size;
        if (exchange.result_.headers.size() == max_header_fields ||
            exchange.header_bytes_ > max_header_bytes) {
            exchange.too_large_ = true;
            return 0;
        }
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
            value.remove_prefix(1);
        }
        exchange.result_.headers.emplace_back(std::string(line.substr(0, colon)),
                                              std::string(value));
        return size;
    }

    static size_t take_body(char* bytes, size_t, size_t size, void* context) {
        auto& exchange = *static_cast<Exchange*>(context);
        if (size > max_body_bytes - exchange.result_.body.size()) {
            exchange.too_large_ = true;
            return 0;
        }
        exchange.result_.body.append(bytes, size);
        return size;
    }

    CURL* easy_;
    const Request& request_;
    const bool any_address_;
    Answer result_;
    curl_slist* fields_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    size_t header_bytes_ = 0;
    unsigned begun_ = 0;  // how often curl was about to send the request
    bool too_large_ = false, closed_address_ = false, repeated_ = false;
};

Client::Client(std::vector<Origin> allowed) : allowed_(std::move(allowed)) {
    initialise_once();
}

Client::~Client() = default;

Answer Client::send(const Request& request) {
    Answer refused;
    if (const std::string fault = request_fault(request); !fault.empty()) {
        refused.failure = {Code::Invalid, "http: " + fault};
        return refused;
    }
    const std::optional<Origin> asked = origin_of(request.url, false);
    if (!asked) {
        refused.failure = {Code::Invalid, "http: the URL is not an http or https URL"};
        return refused;
    }
    // Credentials in a URL end up in logs, and `user@` hides which host is meant.
    if (request.url.substr(0, request.url.find_first_of("/?#", asked->scheme.size() + 3))
            .find('@') != std::string::npos) {
        refused.failure = {Code::Invalid, "http: the URL carries user information"};
        return refused;
    }
    const auto allowed = std::find_if(allowed_.begin(), allowed_.end(), [&](const Origin& origin) {
        return origin.scheme == asked->scheme && origin.host == asked->host &&
               origin.port == asked->port &&
               (origin.written_by_operator || origin.scheme == "https");
    });
    if (allowed == allowed_.end()) {
        refused.failure = {Code::Forbidden, "http: " + asked->scheme + "://" + asked->host + ":" +
                                                std::to_string(asked->port) +
                                                " is not named by an option of this instance"};
        return refused;
    }
    std::unique_ptr<Handle> handle = take();
    Answer result = Exchange(handle->easy, request, allowed->written_by_operator).run();
    give_back(std::move(handle));
    return result;
}

std::unique_ptr<Client::Handle> Client::take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Handle>();
    std::unique_ptr<Handle> handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
}

void Client::give_back(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < max_idle_handles) idle_.push_back(std::move(handle));
}

}  // namespace tandem::fetch
