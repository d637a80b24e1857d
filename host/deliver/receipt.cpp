#include "deliver/deliver.h"

namespace tandem::deliver {

std::string_view word(Receipt::Kind kind) {
    using Kind = Receipt::Kind;
    switch (kind) {
        case Kind::Accepted: return "accepted";
        case Kind::Refused: return "refused";
        case Kind::NotSent: return "not_sent";
        case Kind::Unknown: return "unknown";
    }
    return "unknown";
}

}  // namespace tandem::deliver
