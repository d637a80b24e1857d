#include "apikey.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/plugin/failure.hpp"

namespace tandem::apikey {

using plugin::Failure;

ApiKey::ApiKey(plugin::Host host) {
    const plugin::Config config = host.config();
    const std::vector<std::string> lines = config.text_list("keys");
    const std::string path = config.find_text("keys_file").value_or("");
    if (lines.empty() && path.empty())
        throw Failure(TANDEM_INVALID,
                      "option keys: neither keys nor keys_file says which keys there are; "
                      "`tandemctl token --api-key` makes one");
    try {
        written_ = std::make_shared<const Keys>(lines);
    } catch (const Failure& failure) {
        throw Failure(TANDEM_INVALID, std::string("option keys: ") + failure.what());
    }
    if (!path.empty()) file_ = std::make_unique<KeyFile>(std::move(host), path, written_);
}

plugin::Description ApiKey::describe() {
    plugin::Description description;
    description.id = "org.tandem.apikey";
    description.name = "Keys for servers";
    description.version = TANDEM_VERSION;
    description.vendor = "Tandem";
    description.licence = "Apache-2.0";
    description.options = {
        {"keys", TANDEM_OPTION_TEXT_LIST, 0, std::nullopt,
         "Lines that `tandemctl token --api-key` prints: id=, hash=, organization=, "
         "permissions=."},
        {"keys_file", TANDEM_OPTION_TEXT, 0, std::nullopt,
         "A file of such lines; read again when it is changed."},
    };
    return description;
}

plugin::Identity ApiKey::authenticate(std::string_view token, tandem_time) {
    if (token.substr(0, key_prefix.size()) != key_prefix)
        throw Failure(TANDEM_UNSUPPORTED, "no API key");
    std::optional<plugin::Identity> identity;
    if (key_shape(token)) {
        identity = written_->find(token);
        if (!identity && file_) identity = file_->current()->find(token);
    }
    if (!identity) throw Failure(TANDEM_UNAUTHORIZED, "the key is not known");
    return *std::move(identity);
}

}  // namespace tandem::apikey

TANDEM_PLUGIN(tandem::apikey::ApiKey)
