#include "observe/poco_channel.h"

#include <Poco/Message.h>

namespace tandem::observe {

namespace {

Level level_of(Poco::Message::Priority priority) {
    if (priority <= Poco::Message::PRIO_ERROR) return Level::Error;
    if (priority <= Poco::Message::PRIO_WARNING) return Level::Warn;
    if (priority <= Poco::Message::PRIO_INFORMATION) return Level::Info;
    return Level::Debug;
}

}  // namespace

void PocoChannel::log(const Poco::Message& message) {
    log_.write(level_of(message.getPriority()), "poco", message.getText(),
               {{"source", message.getSource()}});
}

}  // namespace tandem::observe
