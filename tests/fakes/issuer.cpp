#include "fakes/issuer.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tandem::fakes {

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Board {
    std::mutex mutex;
    std::condition_variable changed;
    // Guarded by mutex.
    int status = 200;
    std::string body = "{\"keys\":[]}";
    Headers headers;
    bool silent = false;
    bool closed = false;
    unsigned requests = 0;
};

class Handler : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(Board& board) : board_(board) {}
    void handleRequest(Poco::Net::HTTPServerRequest&,
                       Poco::Net::HTTPServerResponse& response) override {
        std::unique_lock lock(board_.mutex);
        ++board_.requests;
        board_.changed.wait(lock, [&] { return !board_.silent || board_.closed; });
        const std::string body = board_.body;
        response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(board_.status));
        for (const auto& [name, value] : board_.headers) response.set(name, value);
        lock.unlock();
        response.setContentType("application/jwk-set+json");
        response.sendBuffer(body.data(), body.size());
    }

private:
    Board& board_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(Board& board) : board_(board) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest&) override {
        return new Handler(board_);
    }

private:
    Board& board_;
};

}  // namespace

struct Issuer::Parts {
    Board board;
    Poco::Net::ServerSocket socket{Poco::Net::SocketAddress("127.0.0.1", 0)};
    Poco::Net::HTTPServer server{new Factory(board), socket, new Poco::Net::HTTPServerParams};
};

Issuer::Issuer() : parts_(std::make_unique<Parts>()) {
    parts_->server.start();
}

Issuer::~Issuer() {
    {
        const std::lock_guard lock(parts_->board.mutex);
        parts_->board.closed = true;
    }
    parts_->board.changed.notify_all();
    parts_->server.stopAll(true);
    // It ends the connections, and does not wait for who serves them.
    while (parts_->server.currentConnections() > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string Issuer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(parts_->socket.address().port()) + path;
}

void Issuer::answers(int status, const std::string& body, const Headers& headers) {
    Board& board = parts_->board;
    const std::lock_guard lock(board.mutex);
    board.status = status;
    board.body = body;
    board.headers = headers;
    board.silent = false;
    board.changed.notify_all();
}

void Issuer::falls_silent() {
    const std::lock_guard lock(parts_->board.mutex);
    parts_->board.silent = true;
}

unsigned Issuer::requests() const {
    const std::lock_guard lock(parts_->board.mutex);
    return parts_->board.requests;
}

}  // namespace tandem::fakes
