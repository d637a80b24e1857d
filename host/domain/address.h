#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tandem::domain {

enum class AddressKind {
    Phone,      // +15551234567
    ShortCode,  // shortcode:12345, never dialled
    Typed,      // whatsapp:+1555…, client:bob, sip:…, sender:ACME (a name instead of a number):
                // kept whole, never taken for a phone
    Withheld,   // withheld:<unique>, one identity for each contact, never merged
};

/// A customer's or a business's address in its one normal form.
struct Address {
    AddressKind kind = AddressKind::Phone;
    std::string text;  // ASCII, at most 64 bytes
};

/// Reads a phone number as a person or a front end writes it, for this region.
/// One percent-encoding is undone, and a plus that form-decoding turned into a blank
/// repaired. Invalid: not possible (also: possible only without its area code), an
/// emergency number, an extension, letters, hidden characters, over 64 bytes.
Result<Address> parse_phone(std::string_view text, std::string_view default_region);

/// Reads an address as a provider writes it: also short codes, typed addresses and
/// withheld callers (`anonymous`, empty, +266696687), which get `unique` as identity.
Result<Address> parse_provider_address(std::string_view text, std::string_view default_region,
                                       std::string_view unique);

/// What reaching an address would mean for whoever pays for it.
enum class Tariff {
    Ordinary,
    Premium,    // premium rate, shared cost, satellite, international services, UK 070
    Emergency,  // connects to an emergency service, as it is or without its country code
};

/// Of an address in its normal form; `region` is where short codes are dialled from. What is
/// neither a phone nor a short code is Ordinary.
Tariff tariff_of(std::string_view address, std::string_view region);

/// Whether a country (ISO 3166 alpha-2) has phone numbers, as far as this version knows.
bool is_region(std::string_view region);

/// Whether an address in its normal form is of one of these countries. Of countries that
/// share a code, the one whose area code it is, else the largest: +1 876 is Jamaica, an area
/// code of +1 that nobody knows yet the United States. A short code is of `home`, where it is
/// dialled; satellite and international networks are of none. An address without a number
/// (client:bob) is of any.
bool is_of_region(std::string_view address, std::string_view home,
                  const std::vector<std::string>& regions);

/// The last two digits behind stars, for logs: never the number.
std::string redacted(std::string_view address);

}  // namespace tandem::domain
