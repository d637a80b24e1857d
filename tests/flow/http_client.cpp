#include "flow/http_client.h"

#include <curl/curl.h>

#include <strings.h>

#include "flow/traces.h"

namespace tandem::flow {

namespace {

size_t keep_body(char* data, size_t size, size_t count, void* answer) {
    static_cast<HttpAnswer*>(answer)->body.append(data, size * count);
    return size * count;
}

size_t keep_header(char* data, size_t size, size_t count, void* answer) {
    const std::string line(data, size * count);
    const size_t colon = line.find(':');
    if (colon != std::string::npos) {
        const size_t first = line.find_first_not_of(" \t", colon + 1);
        const size_t last = line.find_last_not_of(" \t\r\n");
        const bool empty = first == std::string::npos || last < first;
        static_cast<HttpAnswer*>(answer)->headers.emplace_back(
            line.substr(0, colon), empty ? "" : line.substr(first, last + 1 - first));
    }
    return size * count;
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = curl_easy_init();
    ~Handle() { curl_easy_cleanup(curl); }
};

std::string HttpAnswer::header(const std::string& name) const {
    for (const auto& [own, value] : headers)
        if (strcasecmp(own.c_str(), name.c_str()) == 0) return value;
    return {};
}

HttpClient::HttpClient(std::string base_url)
    : base_url_(std::move(base_url)), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::get(const std::string& path, const Headers& headers) {
    return send("GET", path, "", headers);
}

HttpAnswer HttpClient::post(const std::string& path, const std::string& body,
                            const Headers& headers) {
    return send("POST", path, body, headers);
}

HttpAnswer HttpClient::send(const std::string& method, const std::string& path,
                            const std::string& body, const Headers& headers) {
    HttpAnswer answer;
    CURL* curl = handle_->curl;
    curl_easy_reset(curl);
    const std::string url = base_url_ + path;
    curl_slist* list = nullptr;
    for (const auto& [name, value] : headers)
        list = curl_slist_append(list, (name + ": " + value).c_str());
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    if (method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (method == "POST" || !body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    }
    if (curl_easy_perform(curl) == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        answer.status = static_cast<int>(status);
    } else {
        answer = HttpAnswer{};
    }
    curl_slist_free_all(list);
    leave_traces_of(body, headers, answer);
    return answer;
}

}  // namespace tandem::flow
