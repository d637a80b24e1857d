#pragma once

#include <map>
#include <memory>
#include <string>

#include "jwt.h"
#include "tandem/plugin/testing.hpp"

namespace tandem::jwt::testing {

using Options = std::map<std::string, std::string>;

/// An instance with its host. `start` is the test's to call where keys rotate.
struct Made {
    explicit Made(const Options& options) {
        for (const auto& [name, value] : options) host.option(name, value);
        host.apply_defaults<Jwt>();
        jwt = std::make_unique<Jwt>(host.host());
    }

    /// `accepted`, `refused`, `not mine`, `unavailable`, or another failure's text.
    std::string judge(const std::string& token, tandem_time now) {
        try {
            jwt->authenticate(token, now);
            return "accepted";
        } catch (const plugin::Failure& failure) {
            if (failure.code() == TANDEM_UNAUTHORIZED) return "refused";
            if (failure.code() == TANDEM_UNSUPPORTED) return "not mine";
            if (failure.code() == TANDEM_UNAVAILABLE) return "unavailable";
            return failure.what();
        }
    }

    plugin::testing::FakeHost host{"jwt"};
    std::unique_ptr<Jwt> jwt;
};

/// Why an instance with these options does not start; empty: it does.
inline std::string fault_of(const Options& options) {
    try {
        Made made(options);
        return {};
    } catch (const plugin::Failure& failure) {
        return failure.code() == TANDEM_INVALID ? failure.what() : "not INVALID";
    }
}

/// A file under /tmp for the life of this.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    const std::string& path() const { return path_; }
    void write(const std::string& text) const;

private:
    std::string path_;
};

}  // namespace tandem::jwt::testing
