#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::domain {

/// Whose data a call is about. The store takes nothing else, and no text becomes one by
/// itself: what a request brings (a path, a query, a body) cannot be handed to the store as
/// an organisation, the compiler refuses it. It comes from an Organization of the settings,
/// the Identity of a verified credential, or a stored row that says whose it is.
class OrganizationId {
public:
    OrganizationId() = default;  // nobody's: the store has nothing under it
    /// A name that stands in the source.
    template <size_t N>
    OrganizationId(const char (&literal)[N]) : text_(literal) {}
    template <size_t N>
    OrganizationId(char (&buffer)[N]) = delete;
    /// The only door for a text that is not known before the program runs. Whoever opens it
    /// vouches that the text was not chosen by a caller; scripts/includes knows the files that
    /// may.
    static OrganizationId vouched(std::string text) { return OrganizationId(std::move(text)); }
    /// Where the settings' reader writes what the operator wrote.
    std::string& slot() { return text_; }

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    operator const std::string&() const { return text_; }
    operator std::string_view() const { return text_; }

    friend bool operator==(const OrganizationId& one, const OrganizationId& other) {
        return one.text_ == other.text_;
    }
    friend bool operator==(const OrganizationId& one, std::string_view other) {
        return one.text_ == other;
    }
    friend bool operator==(const OrganizationId& one, const char* other) {
        return one.text_ == other;
    }
    friend std::string operator+(const OrganizationId& id, std::string_view text) {
        return std::string(id.text_).append(text);
    }
    friend std::string operator+(const OrganizationId& id, char letter) {
        return id.text_ + letter;
    }
    friend std::string operator+(std::string_view text, const OrganizationId& id) {
        return std::string(text).append(id.text_);
    }
    friend bool operator<(const OrganizationId& one, const OrganizationId& other) {
        return one.text_ < other.text_;
    }
    friend std::ostream& operator<<(std::ostream& out, const OrganizationId& id) {
        return out << id.text_;
    }

private:
    explicit OrganizationId(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

}  // namespace tandem::domain
