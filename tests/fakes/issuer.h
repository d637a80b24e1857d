#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tandem::fakes {

/// An issuer of tokens, as far as a gateway sees it: it publishes its key set on loopback.
/// Lives in the test's own process; safe from any thread.
class Issuer {
public:
    Issuer();
    ~Issuer();

    std::string url(const std::string& path = "/jwks") const;
    /// What every request is answered with from now on; at first 200 and an empty set.
    void answers(int status, const std::string& body,
                 const std::vector<std::pair<std::string, std::string>>& headers = {});
    void publishes(const std::string& body) { answers(200, body); }
    /// Takes requests from now on and never answers them.
    void falls_silent();
    /// Of all paths.
    unsigned requests() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace tandem::fakes
