#pragma once

#include <atomic>
#include <thread>

#include "listen/socket.h"

namespace tandem::trespass {

/// Where the house's providers ask instead of the real ones, so that nothing leaves the machine:
/// it takes every text and every call and gives each an id, as the real ones do.
class ProviderApi {
public:
    ProviderApi();
    ~ProviderApi();
    ProviderApi(const ProviderApi&) = delete;

    int port() const { return port_; }

private:
    void serve();

    listen::Descriptor listener_;
    int port_ = 0;
    std::atomic<bool> over_{false};
    std::thread server_;
};

}  // namespace tandem::trespass
