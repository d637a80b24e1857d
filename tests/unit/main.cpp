#include <cppunit/BriefTestProgressListener.h>
#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/TestRunner.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include <csignal>
#include <iostream>
#include <string>

// Runs all registered tests, or those below the suite or test named on the command line.
int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CppUnit::TestResult result;
    CppUnit::TestResultCollector collector;
    CppUnit::BriefTestProgressListener progress;
    result.addListener(&collector);
    result.addListener(&progress);

    CppUnit::TestRunner runner;
    runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    try {
        runner.run(result, argc > 1 ? argv[1] : "");
    } catch (const std::exception& failure) {
        std::cerr << "no such test: " << failure.what() << '\n';
        return 64;
    }

    CppUnit::CompilerOutputter(&collector, std::cerr).write();
    if (collector.runTests() == 0) {
        std::cerr << "no test ran\n";
        return 1;
    }
    return collector.wasSuccessful() ? 0 : 1;
}
