#include "keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "tandem/plugin/failure.hpp"

namespace tandem::apikey {

namespace {

using plugin::Failure;
using Fields = std::map<std::string, std::string, std::less<>>;

constexpr size_t random_letters = 43;  // of 62: 256 bits
constexpr size_t max_text_bytes = 256;
constexpr std::string_view hash_prefix = "sha256:";

Failure wrong(const std::string& why) {
    return Failure(TANDEM_INVALID, why);
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// `name=value` apart; a value in quotes ends at the next quote.
Fields fields_of(const std::string& line) {
    Fields fields;
    for (size_t at = line.find_first_not_of(" \t"); at != std::string::npos;
         at = line.find_first_not_of(" \t", at)) {
        const size_t equals = line.find('=', at);
        if (equals == std::string::npos) throw wrong("name=value is needed, each after a blank");
        const std::string name = line.substr(at, equals - at);
        const bool in_quotes = equals + 1 < line.size() && line[equals + 1] == '"';
        const size_t start = equals + 1 + (in_quotes ? 1 : 0);
        const size_t end = in_quotes ? line.find('"', start)
                                     : std::min(line.find_first_of(" \t", start), line.size());
        if (end == std::string::npos) throw wrong("a quote is missing");
        at = end + (in_quotes ? 1 : 0);
        if (at < line.size() && line[at] != ' ' && line[at] != '\t')
            throw wrong("a blank is needed between values");
        static constexpr std::array<std::string_view, 8> known{
            "id", "hash", "organization", "permissions", "subject", "name", "created", "expires"};
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw wrong(
                "one of id, hash, organization, permissions, subject, name, created and "
                "expires is needed before each =");
        if (!fields.emplace(name, line.substr(start, end - start)).second)
            throw wrong(name + " stands twice");
    }
    return fields;
}

std::string text(const Fields& fields, const std::string& name) {
    const auto found = fields.find(name);
    if (found == fields.end()) return {};
    const bool clean = std::none_of(found->second.begin(), found->second.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    if (found->second.empty() || found->second.size() > max_text_bytes || !clean)
        throw wrong(name + " is empty, too long or has control characters");
    return found->second;
}

std::string required(const Fields& fields, const std::string& name) {
    std::string value = text(fields, name);
    if (value.empty()) throw wrong(name + " is missing");
    return value;
}

int nibble(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    throw wrong("hash: sha256: and 64 small hexadecimal digits are needed");
}

/// Digits alone, as many as the format has.
bool matches(const std::string& text, std::string_view form) {
    return text.size() == form.size() &&
           std::equal(text.begin(), text.end(), form.begin(), [](char letter, char wanted) {
               return wanted == '0' ? letter >= '0' && letter <= '9' : letter == wanted;
           });
}

/// `2027-01-31` or `2027-01-31T12:00:00Z`; zero where the field is missing.
tandem_time time_of(const Fields& fields, const std::string& name) {
    const std::string value = text(fields, name);
    if (value.empty()) return 0;
    const bool day = matches(value, "0000-00-00");
    if (!day && !matches(value, "0000-00-00T00:00:00Z"))
        throw wrong(name + ": 2027-01-31 or 2027-01-31T12:00:00Z is needed");
    const auto part = [&](size_t at, size_t size) {
        return at < value.size() ? std::stoi(value.substr(at, size)) : 0;
    };
    std::tm parts{};
    parts.tm_year = part(0, 4) - 1900;
    parts.tm_mon = part(5, 2) - 1;
    parts.tm_mday = part(8, 2);
    parts.tm_hour = part(11, 2);
    parts.tm_min = part(14, 2);
    parts.tm_sec = part(17, 2);
    std::tm carried = parts;
    const std::time_t seconds = timegm(&carried);
    // The 31st of February would be some other day.
    if (seconds <= 0 || carried.tm_mday != parts.tm_mday || carried.tm_mon != parts.tm_mon ||
        carried.tm_hour != parts.tm_hour || carried.tm_min != parts.tm_min ||
        carried.tm_sec != parts.tm_sec)
        throw wrong(name + ": there is no such time");
    return static_cast<tandem_time>(seconds) * 1000;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> words;
    for (size_t at = 0; at <= list.size();) {
        const size_t end = std::min(list.find(',', at), list.size());
        if (end == at) throw wrong("permissions: words with one comma between them are needed");
        words.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}  // namespace

bool key_shape(std::string_view key) {
    return key.size() == key_prefix.size() + random_letters &&
           key.substr(0, key_prefix.size()) == key_prefix &&
           std::all_of(key.begin() + key_prefix.size(), key.end(), is_letter_or_digit);
}

Keys::Keys(const std::vector<std::string>& lines, const Keys* beside) {
    if (lines.size() > max_keys)
        throw wrong("there are " + std::to_string(lines.size()) + " keys; " +
                    std::to_string(max_keys) + " are taken");
    for (size_t number = 1; number <= lines.size(); ++number) {
        try {
            Known known = read_line(lines[number - 1]);
            refuse_twin_of(known);
            if (beside) beside->refuse_twin_of(known);
            known_.push_back(std::move(known));
        } catch (const Failure& failure) {
            throw wrong("key " + std::to_string(number) + ": " + failure.what());
        }
    }
}

Keys::Known Keys::read_line(const std::string& line) {
    const Fields fields = fields_of(line);
    Known known;
    const std::string hash = required(fields, "hash");
    if (hash.size() != hash_prefix.size() + 2 * known.hash.size() ||
        hash.compare(0, hash_prefix.size(), hash_prefix) != 0)
        throw wrong("hash: sha256: and 64 small hexadecimal digits are needed");
    for (size_t i = 0; i < known.hash.size(); ++i) {
        const size_t at = hash_prefix.size() + 2 * i;
        known.hash[i] = static_cast<unsigned char>(nibble(hash[at]) << 4 | nibble(hash[at + 1]));
    }
    plugin::Identity& identity = known.identity;
    identity.credential_id = required(fields, "id");
    identity.organization = required(fields, "organization");
    identity.permissions = split(required(fields, "permissions"));
    identity.subject = text(fields, "subject");
    if (identity.subject.empty()) identity.subject = identity.credential_id;
    identity.name = text(fields, "name");
    identity.issued_at = time_of(fields, "created");
    identity.expires_at = time_of(fields, "expires");
    return known;
}

void Keys::refuse_twin_of(const Known& known) const {
    for (const Known& other : known_) {
        // Two people who could not be told apart, and could not be shut out apart.
        if (other.identity.credential_id == known.identity.credential_id)
            throw wrong("another key has the same id");
        if (other.hash == known.hash) throw wrong("another line has the same hash");
    }
}

std::optional<plugin::Identity> Keys::find(std::string_view key) const {
    Hash hash{};
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
    const Known* found = nullptr;
    for (const Known& known : known_)
        if (CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0) found = &known;
    if (!found) return std::nullopt;
    return found->identity;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        const size_t first = line.find_first_not_of(" \t");
        if (first != std::string::npos && line[first] != '#') lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace tandem::apikey
