/* The layout test itself, in the common part of C11 and C++17: included by one source for each
 * language, so that all of them see the same structs. */
#include <stddef.h>
#include <stdio.h>

#include "tandem/abi/auth.h"
#include "tandem/abi/base.h"
#include "tandem/abi/channel.h"
#include "tandem/abi/clock.h"
#include "tandem/abi/config.h"
#include "tandem/abi/draft/bus.h"
#include "tandem/abi/draft/store.h"
#include "tandem/abi/draft/store_reads.h"
#include "tandem/abi/draft/store_records.h"
#include "tandem/abi/entry.h"
#include "tandem/abi/events.h"
#include "tandem/abi/host.h"
#include "tandem/abi/http.h"
#include "tandem/abi/log.h"
#include "tandem/abi/reconcile.h"
#include "tandem/abi/responder.h"
#include "tandem/abi/voice.h"
#include "tandem/abi/webhook.h"
#include "tandem/abi/websocket.h"

static int differences = 0;

static void compare(const char* what, size_t is, size_t was) {
    if (is == was) return;
    fprintf(stderr, "%s is %lu, was %lu\n", what, (unsigned long)is, (unsigned long)was);
    differences += 1;
}

int main(void) {
#define SIZE(type, bytes) compare("the size of " #type, sizeof(type), bytes);
#define MEMBER(type, member, bytes) \
    compare("the place of " #type "." #member, offsetof(type, member), bytes);
#include "golden.inc"
    return differences == 0 ? 0 : 1;
}
