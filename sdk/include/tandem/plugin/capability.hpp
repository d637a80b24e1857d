// tandem/plugin/capability.hpp: where a capability meets the entry of a plugin.
//
// Each capability is a base class that plugins derive from. Its header specialises
// Capability<Base> with
//     static constexpr std::string_view id;          the id in the waist
//     template <typename Owner> static const void* table() noexcept;
// where the functions of the table take a `self` that points to an Owner. To add a capability:
// write its header, and name its class in the list below. Nothing else changes.
#pragma once

namespace tandem::plugin {

class Webhook;
class Channel;
class Voice;
class Responder;
class Reconcile;
class Auth;
class Store;
class StoreReads;

template <typename Base>
struct Capability;

template <typename... Bases>
struct CapabilityList {};

/// All capabilities that the SDK knows. Those whose header was not included are only names,
/// and no class can derive from them.
using AllCapabilities =
    CapabilityList<Webhook, Channel, Voice, Responder, Reconcile, Auth, Store, StoreReads>;

}  // namespace tandem::plugin
