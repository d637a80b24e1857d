#include "base/text.h"
#include "receive/record.h"

namespace tandem::receive {

std::string clean_text(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t length = text[at] == '\0' ? 0 : utf8_sequence(text, at);
        if (length == 0) {
            clean += "\xef\xbf\xbd";
            ++at;
            continue;
        }
        clean.append(text, at, length);
        at += length;
    }
    return clean;
}

}  // namespace tandem::receive
