#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/plugin/auth.hpp"

namespace tandem::apikey {

/// Every key begins so: people and scanners of secrets know it when they see it.
inline constexpr std::string_view key_prefix = "tandem_";

/// `tandem_` and 43 letters and digits, which are 256 random bits.
bool key_shape(std::string_view key);

/// The keys that are known, by their SHA-256: nobody who reads the settings can use one. Keys
/// are random and long, so that a hash without salt and repetition cannot be searched.
/// Immutable, safe from any thread.
class Keys {
public:
    static constexpr size_t max_keys = 1000;  // all of them are compared with each request

    /// One key a line: `id=… hash=sha256:… organization=… permissions=…,…` and, where wanted,
    /// `subject=`, `name=`, `created=`, `expires=`, in any order; a value with blanks stands in
    /// double quotes. No id and no hash stands twice, nor in `beside`. Throws Failure(INVALID)
    /// that names the line by its number, and never what is in it.
    explicit Keys(const std::vector<std::string>& lines, const Keys* beside = nullptr);

    /// Whose key it is; nothing: nobody's. All hashes are compared, each in constant time.
    std::optional<plugin::Identity> find(std::string_view key) const;

    size_t size() const { return known_.size(); }

private:
    using Hash = std::array<unsigned char, 32>;
    struct Known {
        Hash hash{};
        plugin::Identity identity;
    };

    static Known read_line(const std::string& line);
    /// Throws Failure where one of these cannot be told apart from `known`.
    void refuse_twin_of(const Known& known) const;

    std::vector<Known> known_;
};

/// The lines of a file that are not empty and begin with no `#`.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace tandem::apikey
