#include "elevenlabs.h"

namespace tandem::elevenlabs {

void ElevenLabs::respond(const plugin::Turn&, plugin::ReplySink&) {
    throw plugin::Failure(TANDEM_UNSUPPORTED, "texts are not answered by this version");
}

}  // namespace tandem::elevenlabs
