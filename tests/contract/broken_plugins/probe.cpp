#include "load/load.h"

// What `tandemd --probe-plugin FILE` is, without the rest of the daemon.
int main(int argc, char** argv) {
    return argc == 3 ? tandem::load::probe_plugin(argv[2]) : 64;
}
