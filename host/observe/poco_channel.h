#pragma once

#include <Poco/Channel.h>

#include "observe/observe.h"

namespace tandem::observe {

/// Takes what Poco's own loggers say (of Util, Net, Data) into our log, so that nothing on
/// standard error has another form. The log must outlive it.
class PocoChannel : public Poco::Channel {
public:
    explicit PocoChannel(Log& log) : log_(log) {}

    void log(const Poco::Message& message) override;

protected:
    ~PocoChannel() override = default;

private:
    Log& log_;
};

}  // namespace tandem::observe
