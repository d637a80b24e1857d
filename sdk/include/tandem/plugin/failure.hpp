// tandem/plugin/failure.hpp: how plugin code fails, and how that crosses the waist.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "tandem/abi/base.h"
#include "tandem/plugin/growable.hpp"

namespace tandem::plugin {

/// Thrown by plugin code; arrives at the host as this status with this text. The text is for
/// an administrator: what was attempted, with what, what to do. Never a secret or a payload.
class Failure : public std::runtime_error {
public:
    /// `code` is one of the negative statuses of base.h; anything else becomes INTERNAL.
    /// `retry_after_ms` counts with UNAVAILABLE and LIMITED; zero: no opinion.
    Failure(tandem_status code, const std::string& text, std::uint32_t retry_after_ms = 0)
        : std::runtime_error(text),
          code_(code < 0 ? code : TANDEM_INTERNAL),
          retry_after_ms_(retry_after_ms) {}

    tandem_status code() const noexcept { return code_; }
    std::uint32_t retry_after_ms() const noexcept { return retry_after_ms_; }

private:
    tandem_status code_;
    std::uint32_t retry_after_ms_;
};

/// How much of a text of at least this many bytes may be kept without cutting a character.
inline std::size_t whole_characters(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) return text.size();
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    return end;
}

/// Fills what fits into the caller's error; `error` may be null.
inline void fill_error(tandem_error* error, tandem_status code, std::string_view text,
                       std::uint32_t retry_after_ms) noexcept {
    if (error == nullptr) return;
    if (text.empty()) text = "the plugin gave no reason";
    if (has_member(error, &tandem_error::code)) error->code = code;
    if (has_member(error, &tandem_error::retry_after_ms)) error->retry_after_ms = retry_after_ms;
    const std::size_t before_text = offsetof(tandem_error, text);
    if (error->size <= before_text) {
        if (has_member(error, &tandem_error::text_size)) error->text_size = 0;
        return;
    }
    const std::size_t room = std::min<std::size_t>(error->size - before_text, sizeof error->text);
    const std::size_t used = whole_characters(text, room);
    std::memcpy(error->text, text.data(), used);
    error->text_size = static_cast<std::uint32_t>(used);
}

/// Runs plugin code on behalf of the host. Nothing thrown leaves it: a Failure becomes its
/// status, everything else INTERNAL. `work` returns nothing, or a status.
template <typename Work>
tandem_status guard(tandem_error* error, Work&& work) noexcept {
    try {
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            return TANDEM_OK;
        } else {
            return work();
        }
    } catch (const Failure& failure) {
        fill_error(error, failure.code(), failure.what(), failure.retry_after_ms());
        return failure.code();
    } catch (const std::exception& failure) {
        fill_error(error, TANDEM_INTERNAL, failure.what(), 0);
    } catch (...) {
        fill_error(error, TANDEM_INTERNAL, "the plugin threw something that is no exception", 0);
    }
    return TANDEM_INTERNAL;
}

/// The text of an error that the host filled.
inline std::string error_text(const tandem_error& error) {
    return std::string(error.text, std::min<std::size_t>(error.text_size, sizeof error.text));
}

}  // namespace tandem::plugin
