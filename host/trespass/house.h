#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "trespass/dialects.h"
#include "trespass/operations.h"
#include "trespass/provider_api.h"

namespace tandem::trespass {

/// A gateway for the audit alone: the real daemon on a port of its own, with providers that ask
/// this process instead of the real ones, a database in a folder that goes with it, and logs at
/// debug level. Nothing of the operator's is read or written, and nothing leaves the machine.
///
/// Pairs of organisations live in it, one of the north and one of the south each: two with the
/// sandbox, two with an account of their own at each provider (`-own`), two that share one
/// (`-shared`).
class House {
public:
    static constexpr char north[] = "north", south[] = "south";
    static constexpr char north_customer[] = "+15550100143", south_customer[] = "+15550100144";
    static constexpr char common_customer[] = "+15550100142";
    static constexpr char public_url[] = "https://gateway.example.com";

    /// `daemon` is the program; `plugins` the folder of its plugins, empty: beside it.
    House(std::string daemon, std::string plugins);
    ~House();
    House(const House&) = delete;

    /// Waits until it is ready; Unavailable, with its log, if it does not get there.
    Result<void> start();
    int port() const { return port_; }
    /// Somebody of this organisation with all permissions and nothing else yet.
    Person person(const std::string& organization) const;
    /// The providers' accounts, of those plugins that are there.
    const std::vector<Account>& accounts() const { return accounts_; }
    const std::string& plugins() const { return plugins_; }
    /// All that it wrote to its outputs.
    std::string log() const;
    /// What must not stand in any log.
    std::vector<std::string> secrets() const;

private:
    struct Tenant {
        std::string organization, number, channel, voice;
    };

    void open_accounts();
    void write_settings() const;
    void end();

    const std::string daemon_, plugins_;
    std::string folder_;
    const std::string secret_;
    ProviderApi provider_api_;
    std::vector<Account> accounts_;
    std::vector<Tenant> tenants_;
    int port_ = 0;
    pid_t pid_ = -1;
};

}  // namespace tandem::trespass
