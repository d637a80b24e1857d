#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/WebSocket.h>

namespace tandem::test {

/// A real WebSocket server on loopback that lets the test talk on each connection. Its
/// destructor waits for the talks: they end with their connection.
class WebSocketServer {
public:
    using Talk = std::function<void(Poco::Net::WebSocket& socket,
                                    const Poco::Net::HTTPServerRequest& request)>;

    explicit WebSocketServer(Talk talk)
        : WebSocketServer(std::move(talk),
                          Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0))) {}
    WebSocketServer(Talk talk, const Poco::Net::ServerSocket& listener)
        : port_(listener.address().port()),
          server_(new Factory(std::move(talk), plain_, connections_), listener, parameters()) {
        server_.start();
    }
    ~WebSocketServer() {
        server_.stopAll(true);
        // It ends the connections, and does not wait for who serves them.
        while (server_.currentConnections() > 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
    std::string url(const std::string& target = "/") const {
        return "ws://" + authority() + target;
    }
    unsigned connections() const { return connections_; }

    /// What a request that asks for no WebSocket is answered; to be set before one comes.
    void answer(std::string body) { *plain_ = std::move(body); }

private:
    class Handler : public Poco::Net::HTTPRequestHandler {
    public:
        Handler(const Talk& talk, const std::string& plain, std::atomic<unsigned>& connections)
            : talk_(talk), plain_(plain), connections_(connections) {}
        void handleRequest(Poco::Net::HTTPServerRequest& request,
                           Poco::Net::HTTPServerResponse& response) override {
            ++connections_;
            try {
                if (!request.has("Upgrade")) return plain(response);
                Poco::Net::WebSocket socket(request, response);
                socket.setMaxPayloadSize(4 << 20);
                socket.setReceiveTimeout(Poco::Timespan(60, 0));
                talk_(socket, request);
            } catch (const Poco::Exception&) {
                // The client is gone; what it saw is what the test asks about.
            }
        }

    private:
        void plain(Poco::Net::HTTPServerResponse& response) {
            response.setContentType("application/json");
            response.sendBuffer(plain_.data(), plain_.size());
        }

        const Talk& talk_;
        const std::string& plain_;
        std::atomic<unsigned>& connections_;
    };
    class Factory : public Poco::Net::HTTPRequestHandlerFactory {
    public:
        Factory(Talk talk, std::shared_ptr<std::string> plain, std::atomic<unsigned>& connections)
            : talk_(std::move(talk)), plain_(std::move(plain)), connections_(connections) {}
        Poco::Net::HTTPRequestHandler* createRequestHandler(
            const Poco::Net::HTTPServerRequest&) override {
            return new Handler(talk_, *plain_, connections_);
        }

    private:
        const Talk talk_;
        const std::shared_ptr<std::string> plain_;
        std::atomic<unsigned>& connections_;
    };

    static Poco::Net::HTTPServerParams::Ptr parameters() {
        Poco::Net::HTTPServerParams::Ptr made(new Poco::Net::HTTPServerParams);
        made->setMaxThreads(32);
        return made;
    }

    const std::shared_ptr<std::string> plain_ = std::make_shared<std::string>();
    std::atomic<unsigned> connections_{0};
    const unsigned port_;
    Poco::Net::HTTPServer server_;
};

// RFC 6455 section 5.2.
constexpr int last_part = 0x80, whole_close = 0x88, whole_ping = 0x89, whole_pong = 0x8A;

/// One whole frame, as the server's side of Poco joins nothing.
struct Frame {
    std::string bytes;
    int flags = 0;
    int opcode() const { return flags & Poco::Net::WebSocket::FRAME_OP_BITMASK; }
};

inline Frame next_frame(Poco::Net::WebSocket& socket) {
    Frame frame;
    Poco::Buffer<char> buffer(0);
    const int size = socket.receiveFrame(buffer, frame.flags);
    if (size > 0) frame.bytes.assign(buffer.begin(), static_cast<std::size_t>(size));
    return frame;
}

inline void send_frame(Poco::Net::WebSocket& socket, const std::string& bytes, int flags) {
    socket.sendFrame(bytes.data(), static_cast<int>(bytes.size()), flags);
}

inline void send_text(Poco::Net::WebSocket& socket, const std::string& text) {
    send_frame(socket, text, Poco::Net::WebSocket::FRAME_TEXT);
}

}  // namespace tandem::test
