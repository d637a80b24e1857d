#include "bench/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace tandem::bench {

namespace {

constexpr auto window = std::chrono::milliseconds(250);

std::runtime_error failure(const std::string& what) {
    return std::runtime_error(what + ": " + std::strerror(errno));
}

// The length of the answer at the front, or 0 while its head is not whole.
size_t answer_length(const std::string& bytes) {
    const size_t head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const std::string_view name = "\r\nContent-Length: ";
    const size_t found = bytes.find(name);
    const size_t body =
        found < head ? std::strtoul(bytes.c_str() + found + name.size(), nullptr, 10) : 0;
    return head + 4 + body;
}

uint32_t microseconds(Duration duration) {
    return static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

Crowd::Crowd(uint16_t port)
    : port_(port), epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(256 * 1024) {
    if (epoll_ < 0) throw failure("epoll_create1");
}

Crowd::~Crowd() {
    for (const Member& member : members_) close(member.descriptor);
    close(epoll_);
}

void Crowd::connect(size_t count) {
    for (size_t i = 0; i < count; ++i) {
        Member member;
        member.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (member.descriptor < 0) throw failure("socket");
        const int yes = 1;
        setsockopt(member.descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(port_);
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(member.descriptor, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) {
            close(member.descriptor);
            throw failure("connect");
        }
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = members_.size();
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, member.descriptor, &event) != 0)
            throw failure("epoll_ctl");
        members_.push_back(std::move(member));
    }
}

bool Crowd::send_all(Member& member, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(member.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

void Crowd::read_answer(Member& member, size_t index, const Source& source, Rate& rate, bool more) {
    const ssize_t count = recv(member.descriptor, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count <= 0) {
        if (count < 0 && errno == EAGAIN) return;
        ++rate.failures;
        epoll_ctl(epoll_, EPOLL_CTL_DEL, member.descriptor, nullptr);
        return;
    }
    member.buffer.append(scratch_.data(), static_cast<size_t>(count));
    const size_t length = answer_length(member.buffer);
    if (length == 0 || member.buffer.size() < length) return;
    const auto now = std::chrono::steady_clock::now();
    latencies_us_.push_back(microseconds(now - member.asked_at));
    ++rate.answers;
    if (member.buffer[9] != '2') ++rate.failures;
    member.buffer.erase(0, length);
    if (!more) return;
    member.asked_at = now;
    send_all(member, source(index, asked_++));
}

Rate Crowd::ask(const Source& source, std::chrono::milliseconds time) {
    Rate rate;
    latencies_us_.clear();
    const auto begin = std::chrono::steady_clock::now();
    for (size_t i = 0; i < members_.size(); ++i) {
        members_[i].asked_at = std::chrono::steady_clock::now();
        send_all(members_[i], source(i, asked_++));
    }
    std::array<epoll_event, 256> events;
    auto window_begin = begin;
    uint64_t window_answers = 0;
    auto now = begin;
    while (now < begin + time) {
        const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
        for (int i = 0; i < count; ++i) {
            const size_t index = events[static_cast<size_t>(i)].data.u64;
            read_answer(members_[index], index, source, rate, true);
        }
        now = std::chrono::steady_clock::now();
        if (now - window_begin < window) continue;
        const double seconds = std::chrono::duration<double>(now - window_begin).count();
        rate.best_per_second = std::max(
            rate.best_per_second, static_cast<double>(rate.answers - window_answers) / seconds);
        window_begin = now;
        window_answers = rate.answers;
    }
    rate.per_second =
        static_cast<double>(rate.answers) / std::chrono::duration<double>(now - begin).count();
    // The last answers are awaited, so that the next round begins with quiet connections.
    Rate rest;
    const auto missing = [&] {
        return rest.answers + rest.failures <
               members_.size() - std::min<size_t>(members_.size(), rate.failures);
    };
    while (missing()) {
        const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 5000);
        if (count <= 0) break;
        for (int i = 0; i < count; ++i) {
            const size_t index = events[static_cast<size_t>(i)].data.u64;
            read_answer(members_[index], index, source, rest, false);
        }
    }
    if (latencies_us_.empty()) return rate;
    std::sort(latencies_us_.begin(), latencies_us_.end());
    const auto at = [&](double part) {
        const auto index =
            static_cast<size_t>(part * static_cast<double>(latencies_us_.size() - 1));
        return std::chrono::microseconds(latencies_us_[index]);
    };
    rate.p50 = at(0.5);
    rate.p99 = at(0.99);
    rate.worst = at(1);
    return rate;
}

void Crowd::read_head(Member& member, size_t& waiting, bool& refused) {
    const ssize_t count = recv(member.descriptor, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count <= 0) {
        refused = refused || count == 0 || errno != EAGAIN;
        return;
    }
    member.buffer.append(scratch_.data(), static_cast<size_t>(count));
    const size_t end = member.buffer.find("\r\n\r\n");
    if (end == std::string::npos) return;
    if (member.buffer[9] != '2') refused = true;
    const std::string_view rest = std::string_view(member.buffer).substr(end + 4);
    for (const char c : rest) {
        if (c == '\n' && member.last == '\n') ++early_events_;
        member.last = c == '\n' && member.last == '\n' ? '\0' : c;
    }
    std::string().swap(member.buffer);
    member.head_taken = true;
    --waiting;
}

bool Crowd::open_streams(const Source& source, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    size_t waiting = 0;
    bool refused = false;
    for (size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].streaming) continue;
        members_[i].streaming = true;
        refused = !send_all(members_[i], source(i, asked_++)) || refused;
        ++waiting;
    }
    std::array<epoll_event, 256> events;
    while (waiting > 0 && !refused && std::chrono::steady_clock::now() < end) {
        const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < count; ++i) {
            Member& member = members_[events[static_cast<size_t>(i)].data.u64];
            if (member.head_taken)
                early_events_ += read_events(member);
            else
                read_head(member, waiting, refused);
        }
    }
    return waiting == 0 && !refused;
}

uint64_t Crowd::read_events(Member& member) {
    const ssize_t count = recv(member.descriptor, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count == 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, member.descriptor, nullptr);
    if (count <= 0) return 0;
    // Blank lines are found by line feeds, of which an event has few.
    uint64_t found = 0;
    const char* at = scratch_.data();
    const char* const end = at + count;
    while (at < end) {
        const auto* feed =
            static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
        if (feed == nullptr) {
            member.last = 'x';
            break;
        }
        const bool blank = feed == at && member.last == '\n';
        if (blank) ++found;
        member.last = blank ? '\0' : '\n';
        at = feed + 1;
    }
    return found;
}

bool Crowd::take_events(uint64_t count, std::chrono::milliseconds patience, Time& last) {
    const auto end = std::chrono::steady_clock::now() + patience;
    uint64_t taken = std::min(early_events_, count);
    early_events_ -= taken;
    std::array<epoll_event, 512> events;
    while (taken < count) {
        const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i)
            taken += read_events(members_[events[static_cast<size_t>(i)].data.u64]);
        last = std::chrono::steady_clock::now();
        if (last > end) return false;
    }
    early_events_ += taken - count;
    return true;
}

double milliseconds_to_last(Crowd& readers, Crowd& publisher, const std::string& command,
                            uint64_t events) {
    const auto begin = std::chrono::steady_clock::now();
    std::thread publishing([&] {
        publisher.ask([&](size_t, uint64_t) { return std::string_view(command); },
                      std::chrono::milliseconds(0));
    });
    Time last{};
    const bool all = readers.take_events(events, std::chrono::minutes(1), last);
    publishing.join();
    if (!all) throw std::runtime_error("an event got lost: " + command.substr(0, 20));
    return std::chrono::duration<double, std::milli>(last - begin).count();
}

ServerProcess::ServerProcess(const Body& body, int core) {
    int leash[2], report[2];
    if (pipe(leash) != 0 || pipe(report) != 0) throw failure("pipe");
    std::cout.flush();
    pid_ = fork();
    if (pid_ < 0) throw failure("fork");
    if (pid_ == 0) {
        close(leash[1]);
        close(report[0]);
        if (core >= 0) pin_to_core(core);
        try {
            body([&](uint16_t port) {
                if (write(report[1], &port, sizeof port) != sizeof port) _exit(1);
                char byte = 0;
                while (read(leash[0], &byte, 1) > 0) {
                }
            });
        } catch (const std::exception& thrown) {
            std::cerr << "server: " << thrown.what() << '\n';
            _exit(1);
        }
        _exit(0);
    }
    close(leash[0]);
    close(report[1]);
    leash_ = leash[1];
    const bool told = read(report[0], &port_, sizeof port_) == sizeof port_;
    close(report[0]);
    if (!told) throw std::runtime_error("the server did not start");
}

ServerProcess::~ServerProcess() {
    close(leash_);
    waitpid(pid_, nullptr, 0);
}

size_t ServerProcess::resident() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    size_t total = 0, pages = 0;
    file >> total >> pages;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

std::chrono::milliseconds ServerProcess::cpu() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

void pin_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    sched_setaffinity(0, sizeof set, &set);
}

}  // namespace tandem::bench
