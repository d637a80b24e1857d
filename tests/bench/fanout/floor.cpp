#include "bench/fanout/floor.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tandem::bench {

namespace {

constexpr char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, "
    "no-transform\r\nX-Accel-Buffering: no\r\n\r\nretry: 2000\ndata: {}\n\n";
constexpr char done[] = "HTTP/1.1 204 No Content\r\n\r\n";

class Floor {
public:
    explicit Floor(const std::string& event)
        : event_(event), listener_(socket(AF_INET, SOCK_STREAM, 0)), epoll_(epoll_create1(0)) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(listener_, reinterpret_cast<sockaddr*>(&any), sizeof any) != 0 ||
            ::listen(listener_, 4096) != 0)
            throw std::runtime_error("the floor cannot listen");
        watch(listener_);
        watch(leash_);
    }
    ~Floor() {
        for (const int stream : streams_) close(stream);
        close(listener_);
        close(epoll_);
        close(leash_);
    }

    uint16_t port() const {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
        return ntohs(own.sin_port);
    }
    void stop() const { eventfd_write(leash_, 1); }

    void run() {
        epoll_event events[256];
        while (true) {
            const int count = epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < count; ++i) {
                if (events[i].data.fd == leash_) return;
                if (events[i].data.fd == listener_)
                    watch(accept(listener_, nullptr, nullptr));
                else
                    read_request(events[i].data.fd);
            }
        }
    }

private:
    void watch(int descriptor) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    }
    static void write(int descriptor, const char* bytes, size_t size) {
        // The event is counted by the reader; what a full buffer refuses would show there.
        if (::send(descriptor, bytes, size, MSG_NOSIGNAL) < 0) return;
    }
    void read_request(int descriptor) {
        char request[4096];
        const ssize_t size = recv(descriptor, request, sizeof request - 1, 0);
        if (size <= 0) {
            close(descriptor);
            return;
        }
        request[size] = 0;
        const std::string text(request, static_cast<size_t>(size));
        if (text.rfind("GET ", 0) == 0) {
            write(descriptor, head, sizeof head - 1);
            streams_.push_back(descriptor);
        } else if (text.rfind("POST /all ", 0) == 0) {
            for (const int stream : streams_) write(stream, event_.data(), event_.size());
            write(descriptor, done, sizeof done - 1);
        } else if (text.rfind("POST /pairs?", 0) == 0) {
            pairs(std::strtoul(text.c_str() + 12, nullptr, 10));
            write(descriptor, done, sizeof done - 1);
        }
    }
    void pairs(size_t count) {
        for (size_t i = 0; i < count; ++i) {
            for (int twin = 0; twin < 2; ++twin) {
                write(streams_[next_], event_.data(), event_.size());
                next_ = (next_ + 1) % streams_.size();
            }
        }
    }

    const std::string event_;
    const int listener_;
    const int epoll_;
    const int leash_ = eventfd(0, 0);
    std::vector<int> streams_;
    size_t next_ = 0;
};

}  // namespace

void run_floor(const std::string& event, const std::function<void(uint16_t port)>& until_told) {
    Floor floor(event);
    std::thread serving([&] { floor.run(); });
    until_told(floor.port());
    floor.stop();
    serving.join();
}

}  // namespace tandem::bench
