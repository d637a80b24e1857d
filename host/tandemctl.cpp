#include <iostream>

#include "operate/operate.h"

int main(int argc, char** argv) {
    return tandem::operate::run({argv + 1, argv + argc}, tandem::operate::own_environment(),
                                std::cout, std::cerr);
}
