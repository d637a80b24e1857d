#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tandem::flow {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;  // 0: no answer at all
    Headers headers;
    std::string body;

    std::string header(const std::string& name) const;
};

/// A plain HTTP client over one kept-alive connection. Confined to one thread.
class HttpClient {
public:
    explicit HttpClient(std::string base_url);
    ~HttpClient();

    HttpAnswer get(const std::string& path, const Headers& headers = {});
    HttpAnswer post(const std::string& path, const std::string& body, const Headers& headers);
    HttpAnswer send(const std::string& method, const std::string& path, const std::string& body,
                    const Headers& headers);

private:
    struct Handle;
    std::string base_url_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace tandem::flow
