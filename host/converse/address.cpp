#include "domain/address.h"

#include "converse/converse.h"
#include "serve/refuse.h"

namespace tandem::converse {

std::string address_of(store::Store& store, const domain::Organization& organization,
                       std::string_view number) {
    if (number.empty()) serve::refuse_field("phoneNumber", "is missing", "MISSING_PHONE_NUMBER");
    if (const auto phone = domain::parse_phone(number, organization.default_region))
        return phone->text;
    constexpr size_t max_address_bytes = 64;  // of domain::Address
    if (number.size() <= max_address_bytes) {
        const auto known = store.snapshot(organization.id, std::string(number), 0);
        if (known && known->conversation) return std::string(number);
    }
    serve::refuse_field("phoneNumber", "is not a possible phone number", "INVALID_PHONE_NUMBER");
}

}  // namespace tandem::converse
