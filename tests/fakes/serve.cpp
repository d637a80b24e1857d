#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>

#include <sys/prctl.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>

#include "fakes/front.h"

namespace tandem::fakes {

namespace {

// A connection that is kept alive takes a thread, and so does one that trickles.
constexpr int max_threads = 200;

class Handler : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(Front& front) : front_(front) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
        front_.handle(request, response);
    }

private:
    Front& front_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(Front& front) : front_(front) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest&) override {
        return new Handler(front_);
    }

private:
    Front& front_;
};

}  // namespace

int serve(Provider& provider, Script& script, Gateway& gateway) {
    // No test's end may leave a fake behind, however it ended.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == 1) return 1;
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    Front front(provider, script, gateway);
    Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
    Poco::ThreadPool threads(4, max_threads);
    Poco::Net::HTTPServerParams::Ptr parameters = new Poco::Net::HTTPServerParams;
    parameters->setMaxThreads(max_threads);
    parameters->setMaxQueued(max_threads);
    // Longer than a test: the end of an idle connection is never a fault of its own.
    parameters->setKeepAliveTimeout(Poco::Timespan(600, 0));
    parameters->setMaxKeepAliveRequests(0);
    Poco::Net::HTTPServer server(new Factory(front), threads, socket, parameters);
    server.start();
    std::printf("listening on %d\n", socket.address().port());
    std::fflush(stdout);

    int signal = 0;
    sigwait(&ends, &signal);
    // Threads may be in the middle of a trickle; nothing of theirs is worth waiting for.
    _exit(0);
}

}  // namespace tandem::fakes
