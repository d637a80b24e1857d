#include "memory_store.h"

TANDEM_PLUGIN(tandem::memory::MemoryStore<>)
