// tandem/plugin/growable.hpp: reading and making structs that begin with their size.
//
// The other side may be older and know fewer members. Every member of a received growable
// struct is read through `member`, which answers zero for what the other side does not have.
#pragma once

#include <cstdint>
#include <cstring>

#include "tandem/abi/base.h"

namespace tandem::plugin {

/// The size that the maker of this struct wrote into its first four bytes.
template <typename Struct>
std::uint32_t size_of(const Struct* received) noexcept {
    std::uint32_t size = 0;
    std::memcpy(&size, received, sizeof size);
    return size;
}

/// Whether this member lies inside the struct as the other side knows it.
template <typename Struct, typename Member>
bool has_member(const Struct* received, Member Struct::*member) noexcept {
    const auto* begin = reinterpret_cast<const char*>(received);
    const auto* end = reinterpret_cast<const char*>(&(received->*member)) + sizeof(Member);
    return static_cast<std::uint32_t>(end - begin) <= size_of(received);
}

/// A member of a received struct, or zero if the other side does not have it.
template <typename Struct, typename Member>
Member member(const Struct* received, Member Struct::*member) noexcept {
    return has_member(received, member) ? received->*member : Member{};
}

/// A zeroed struct with its size set.
template <typename Struct>
Struct sized() noexcept {
    Struct made{};
    const auto size = static_cast<std::uint32_t>(sizeof(Struct));
    std::memcpy(&made, &size, sizeof size);
    return made;
}

}  // namespace tandem::plugin
