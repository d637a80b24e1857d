#pragma once

#include <string>
#include <utility>
#include <variant>

/// One value for success and failure, carried through all rooms.
namespace tandem {

/// Why something failed; the same words as the SDK's status codes.
enum class Code {
    Ok,
    Invalid,
    NotFound,
    Conflict,
    Unauthorized,
    Forbidden,
    Unsupported,
    Unavailable,
    Timeout,
    Limited,
    Cancelled,
    Corrupt,
    Internal,
};

/// A failure. `text` is for an administrator: what was attempted, with what, what
/// to do; never a secret and never a payload.
struct Error {
    Code code = Code::Internal;
    std::string text;
    unsigned retry_after_ms = 0;
};

/// A value, or why there is none. Immutable in use; safe to move between threads.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& operator*() { return std::get<0>(state_); }
    const T& operator*() const { return std::get<0>(state_); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

/// The result of a verb that has no value to give.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : failed_(true), error_(std::move(error)) {}

    explicit operator bool() const { return !failed_; }
    const Error& error() const { return error_; }

private:
    bool failed_ = false;
    Error error_;
};

}  // namespace tandem
