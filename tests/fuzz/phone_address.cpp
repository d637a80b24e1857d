#include <algorithm>
#include <string>

#include "base/text.h"
#include "domain/address.h"
#include "target.h"

// A number has one normal form: to normalise it again changes nothing, in any region. Otherwise
// one customer would have two conversations.

namespace tandem::fuzz {

namespace {

using namespace domain;

constexpr std::string_view regions[] = {"US", "NO", "DE", "GB", "IT", "CI", "AU"};

/// `region`: where it is read again, as another organisation may.
void check_form(const Address& address, std::string_view region) {
    expect(!address.text.empty() && address.text.size() <= 64, "an address has 1 to 64 bytes");
    expect(std::all_of(address.text.begin(), address.text.end(),
                       [](char c) { return c >= 0x20 && c < 0x7f; }),
           "an address is printable ASCII");
    const Tariff tariff = tariff_of(address.text, region);
    if (address.kind != AddressKind::Phone) return;
    expect(address.text.front() == '+' && address.text.size() <= 16, "a phone number is E.164");
    expect(tariff != Tariff::Emergency, "nobody has an emergency number");
    auto again = parse_phone(address.text, region);
    if (seeded_bug() && again && again->text.substr(0, 3) == "+41") again->text.pop_back();
    expect(bool(again) && again->text == address.text, "a normal form stays as it is");
    const auto from_provider = parse_provider_address(address.text, region, "unique");
    expect(bool(from_provider) && from_provider->text == address.text,
           "people and providers mean the same number");
    const std::string hidden = redacted(address.text);
    const auto digits =
        std::count_if(hidden.begin(), hidden.end(), [](char c) { return c >= '0' && c <= '9'; });
    expect(digits <= 2, "a log sees two digits at most");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    using tandem::domain::AddressKind;
    std::string_view input = text(bytes, size);
    const unsigned choice = take_choice(input);
    const std::string_view region = regions[choice % std::size(regions)];
    // Any of the others: a number is read in some region, and then in any.
    const std::string_view elsewhere = regions[choice / std::size(regions) % std::size(regions)];
    const auto written = tandem::domain::parse_phone(input, region);
    if (written) {
        expect(written->kind == AddressKind::Phone, "what people write is a phone number");
        expect(tandem::first_invalid_utf8(input) == std::string_view::npos,
               "what people write is text");
        check_form(*written, elsewhere);
    }
    const auto told = tandem::domain::parse_provider_address(input, region, "unique");
    if (!told || (written && told->text == written->text)) return 0;
    check_form(*told, elsewhere);
    return 0;
}
