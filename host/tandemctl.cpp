#include <sys/stat.h>

#include <iostream>

#include "operate/operate.h"

int main(int argc, char** argv) {
    // What a verb makes, a database above all, is its operator's alone.
    umask(077);
    return tandem::operate::run({argv + 1, argv + argc}, tandem::operate::own_environment(),
                                std::cout, std::cerr);
}
