#pragma once

/// Peers, as whoever talks to them needs them: who may come, the sockets, and the loop
/// that owns them. What is said on a socket is not known here.
#include "listen/address.h"
#include "listen/doorman.h"
#include "listen/loop.h"
#include "listen/socket.h"
#include "listen/stream.h"
#include "listen/stream_socket.h"
