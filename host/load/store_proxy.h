#pragma once

#include <memory>

#include "store/store.h"

struct tandem_instance;

namespace tandem::load {

/// The store port over the waist of a storage plugin; null if the instance does not offer
/// both tandem.store/1 and tandem.store.reads/1 with all their functions. The instance must
/// outlive it. Reads are safe from any thread; `commit` has one caller at a time.
std::shared_ptr<store::Store> make_store_proxy(const tandem_instance& instance);

}  // namespace tandem::load
