#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "operate/isolation_http.h"

namespace tandem::operate::isolation {

/// A gateway for the audit alone: the real daemon on a port of its own, with the sandbox
/// provider, a database in a folder that goes with it, and logs at debug level. Nothing of the
/// operator's is read or written.
class House {
public:
    /// The organisations that live in it, with their business numbers.
    static constexpr char north[] = "north", south[] = "south";
    static constexpr char north_number[] = "+15550100000", south_number[] = "+15550200000";

    /// `daemon` is the program; its plugins are found beside it. `plugins` names another
    /// folder of them, or is empty.
    House(std::string daemon, std::string plugins);
    ~House();
    House(const House&) = delete;

    /// Waits until it is ready; Unavailable, with its log, if it does not get there.
    Result<void> start();
    int port() const { return port_; }
    /// A token of this organisation with all permissions.
    std::string token(const std::string& organization, const std::string& subject) const;
    /// All that it wrote to its outputs.
    std::string log() const;
    /// What must not stand in any log.
    const std::string& secret() const { return secret_; }

private:
    void write_settings() const;
    void end();

    const std::string daemon_, plugins_;
    std::string folder_;
    std::string secret_;
    int port_ = 0;
    pid_t pid_ = -1;
};

}  // namespace tandem::operate::isolation
