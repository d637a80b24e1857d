// tandem/plugin/testing.hpp: what unit tests of a plugin need instead of a host.
//
// The fakes speak the waist, so a test goes the way that a real call goes. None of them is safe
// from several threads, except FakeHost's services, which lock.
#pragma once

#include "tandem/plugin/testing/events.hpp"
#include "tandem/plugin/testing/host.hpp"
#include "tandem/plugin/testing/recordings.hpp"
#include "tandem/plugin/testing/sinks.hpp"
#include "tandem/plugin/testing/websocket.hpp"
