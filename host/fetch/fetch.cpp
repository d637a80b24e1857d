#include "fetch/fetch.h"

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "fetch/egress.h"
#include "fetch/handle.h"

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

/// One request on one handle, from its options to its result.
class Client::Exchange {
public:
    Exchange(Handle& handle, const Request& request, bool any_address,
             const std::string& authorities)
        : handle_(handle),
          request_(request),
          any_address_(any_address),
          authorities_(authorities) {}
    ~Exchange() { curl_slist_free_all(fields_); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    Answer run() {
        prepare();
        const CURLcode code = curl_easy_perform(handle_.easy());
        if (code == CURLE_OK) {
            long status = 0;
            curl_easy_getinfo(handle_.easy(), CURLINFO_RESPONSE_CODE, &status);
            result_.status = static_cast<int>(status);
            return std::move(result_);
        }
        return failure(code);
    }

private:
    template <typename Value>
    void set(CURLoption option, Value value) {
        handle_.set(option, value);
    }

    void prepare() {
        const uint32_t asked = request_.deadline_ms ? request_.deadline_ms : max_deadline_ms;
        handle_.reset(any_address_, max_connect_ms, std::min(asked, max_deadline_ms));
        set(CURLOPT_URL, request_.url.c_str());
        if (!authorities_.empty()) set(CURLOPT_CAINFO, authorities_.c_str());
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
        Error reason = handle_.failure(code);
        if (too_large_) {
            reason = {Code::Corrupt, "the answer is larger than the host takes"};
        } else if (repeated_) {
            reason.text = "the connection ended before an answer came";
        }
        failed.failure = {reason.code, "http: " + reason.text};
        return failed;
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

    Handle& handle_;
    const Request& request_;
    const bool any_address_;
    const std::string& authorities_;
    Answer result_;
    curl_slist* fields_ = nullptr;
    size_t header_bytes_ = 0;
    unsigned begun_ = 0;  // how often curl was about to send the request
    bool too_large_ = false, repeated_ = false;
};

Client::Client(std::vector<Origin> allowed, std::string authorities)
    : allowed_(std::move(allowed)), authorities_(std::move(authorities)) {}

Client::~Client() = default;

Answer Client::send(const Request& request) {
    Answer refused;
    if (const std::string fault = request_fault(request); !fault.empty()) {
        refused.failure = {Code::Invalid, "http: " + fault};
        return refused;
    }
    const Result<Origin> origin = permitted(request.url, allowed_);
    if (!origin) {
        refused.failure = {origin.error().code, "http: " + origin.error().text};
        return refused;
    }
    std::unique_ptr<Handle> handle = take();
    Answer result = Exchange(*handle, request, origin->written_by_operator, authorities_).run();
    give_back(std::move(handle));
    return result;
}

void Client::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle_.clear();
}

std::unique_ptr<Handle> Client::take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Handle>();
    std::unique_ptr<Handle> handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
}

void Client::give_back(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(mutex_);
    if (!closed_ && idle_.size() < max_idle_handles) idle_.push_back(std::move(handle));
}

}  // namespace tandem::fetch
