#include <iostream>

#include "operate/opened.h"

namespace tandem::operate {

int version(const Call& call) {
    if (call.has("--json"))
        call.out << "{\"version\":" << json(TANDEM_VERSION)
                 << ",\"compiler\":" << json("GCC " __VERSION__) << "}\n";
    else
        call.out << "tandemctl " << TANDEM_VERSION << " (GCC " << __VERSION__ << ")\n";
    return success;
}

}  // namespace tandem::operate
