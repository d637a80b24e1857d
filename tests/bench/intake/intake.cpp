// Webhook intake: signed SMS webhooks a second that are verified, made durable and
// published, by the real daemon on SQLite, from 1, 16 and 64 keep-alive clients; beside
// them, in the same round, what SQLite itself makes durable on the same disk.
//   bench_intake [webhooks per measurement] [rounds]

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "flow/bike_store.h"

namespace {

using namespace tandem::flow;
using Seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

std::string request(unsigned long number) {
    char from[20];
    // As many conversations as a busy business has; a few thousand, so that lanes and
    // version conflicts play the part they would.
    std::snprintf(from, sizeof from, "+1555%07lu", 2000000 + number % 5000);
    const TwilioRequest signed_request =
        signed_text(number, "Is the red one in stock? I would come by.", from);
    return std::string("POST ") + webhook_path +
           " HTTP/1.1\r\nHost: gateway.example.com\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: " +
           signed_request.signature +
           "\r\nContent-Length: " + std::to_string(signed_request.body.size()) + "\r\n\r\n" +
           signed_request.body;
}

struct Client {
    int socket_fd = -1;
    std::string answer;
    steady_clock::time_point sent_at;
};

int connected(int port) {
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect");
    const int yes = 1;
    setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket_fd;
}

/// Whether a whole answer has come; it must be a 200.
bool complete(std::string& answer) {
    const size_t end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (answer.compare(9, 3, "200") != 0) throw std::runtime_error("answered " + answer);
    const size_t length = answer.find("Content-Length: ");
    const size_t size = std::strtoul(answer.c_str() + length + 16, nullptr, 10);
    if (answer.size() < end + 4 + size) return false;
    answer.erase(0, end + 4 + size);
    return true;
}

struct Figures {
    double per_second = 0, p50_ms = 0, p99_ms = 0;
};

Figures measure(int port, size_t clients, const std::vector<std::string>& requests) {
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    std::vector<Client> all(clients);
    std::vector<double> waits;
    waits.reserve(requests.size());
    size_t next = 0;
    const auto post = [&](Client& client) {
        const std::string& text = requests[next++];
        client.sent_at = steady_clock::now();
        if (send(client.socket_fd, text.data(), text.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(text.size()))
            throw std::runtime_error("a request did not fit");
    };
    for (Client& client : all) {
        client.socket_fd = connected(port);
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = &client;
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client.socket_fd, &interest);
    }
    const auto begin = steady_clock::now();
    for (Client& client : all)
        if (next < requests.size()) post(client);
    while (waits.size() < requests.size()) {
        epoll_event ready[64];
        const int count = epoll_wait(epoll_fd, ready, 64, 30000);
        if (count <= 0) throw std::runtime_error("the gateway fell silent");
        for (int i = 0; i < count; ++i) {
            Client& client = *static_cast<Client*>(ready[i].data.ptr);
            char block[8192];
            const ssize_t got = recv(client.socket_fd, block, sizeof block, 0);
            if (got <= 0) throw std::runtime_error("the gateway closed a connection");
            client.answer.append(block, static_cast<size_t>(got));
            if (!complete(client.answer)) continue;
            waits.push_back(Seconds(steady_clock::now() - client.sent_at).count() * 1000);
            if (next < requests.size()) post(client);
        }
    }
    const double total = Seconds(steady_clock::now() - begin).count();
    for (Client& client : all) close(client.socket_fd);
    close(epoll_fd);
    std::sort(waits.begin(), waits.end());
    return {static_cast<double>(requests.size()) / total, waits[waits.size() / 2],
            waits[waits.size() * 99 / 100]};
}

/// Rows a second that SQLite makes durable by itself: WAL, synchronous=FULL, two text
/// indexes, this many rows a transaction.
double sqlite_rows(const std::string& file, int rows_per_commit, int rows) {
    sqlite3* database = nullptr;
    sqlite3_open(file.c_str(), &database);
    const auto run = [&](const char* sql) {
        sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
    };
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE row (id TEXT PRIMARY KEY, address TEXT, content TEXT)");
    run("CREATE INDEX row_address ON row (address)");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO row VALUES (?1, ?2, ?3)", -1, &insert, nullptr);
    const std::string content(500, 'x');
    const auto begin = steady_clock::now();
    for (int i = 0; i < rows; ++i) {
        if (i % rows_per_commit == 0) run(i ? "COMMIT; BEGIN" : "BEGIN");
        const std::string id = "id-" + std::to_string(i);
        const std::string address = "+1555" + std::to_string(2000000 + i % 5000);
        sqlite3_bind_text(insert, 1, id.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(insert, 2, address.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(insert, 3, content.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    run("COMMIT");
    const double total = Seconds(steady_clock::now() - begin).count();
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return rows / total;
}

}  // namespace

int main(int argc, char** argv) {
    const size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
    unsigned long number = 1;
    std::printf("%-28s %12s %9s %9s\n", "", "webhooks/s", "p50 ms", "p99 ms");
    for (int round = 0; round < rounds; ++round) {
        Gateway gateway(settings(BikeStore{}));
        gateway.start();
        const int port = std::atoi(gateway.url().substr(gateway.url().rfind(':') + 1).c_str());
        for (const size_t clients : {1, 16, 64}) {
            std::vector<std::string> requests;
            // One client alone is slow: a tenth is enough to see it.
            for (size_t i = 0; i < (clients == 1 ? count / 10 : count); ++i)
                requests.push_back(request(number++));
            const Figures figures = measure(port, clients, requests);
            std::printf("round %d, %2zu clients %11s %12.0f %9.2f %9.2f\n", round + 1, clients, "",
                        figures.per_second, figures.p50_ms, figures.p99_ms);
        }
        gateway.stop();
        const Folder folder;
        for (const int rows : {1, 100})
            std::printf("round %d, SQLite, %3d rows a commit %9.0f rows/s\n", round + 1, rows,
                        sqlite_rows(folder.file("rows" + std::to_string(rows)), rows,
                                    rows == 1 ? 1000 : 20000));
    }
    return 0;
}
