#include "boot/daemon.h"

int main(int argc, char** argv) {
    tandem::boot::Daemon daemon;
    return daemon.start(argc, argv);
}
