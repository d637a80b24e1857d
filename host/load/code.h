#pragma once

#include "base/result.h"
#include "tandem/abi/base.h"

namespace tandem::load {

/// A status of the waist in the rooms' words; one that is not known is Internal.
Code code_of(tandem_status status);

/// The other way round.
tandem_status status_of(Code code);

}  // namespace tandem::load
