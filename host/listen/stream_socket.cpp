#include "listen/stream_socket.h"

#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tandem::listen {

namespace {

// Pieces handed to one writev; more than a full send buffer of small events.
constexpr size_t pieces_a_write = 128;
// Nothing is expected from the client of a stream; one that keeps talking is cut.
constexpr uint32_t discard_limit = 64 * 1024;

}  // namespace

StreamSocket::StreamSocket(Loop& loop, Socket socket, Seat seat, Streams& streams)
    : loop_(loop),
      mailbox_(loop.mailbox()),
      socket_(std::move(socket)),
      seat_(std::move(seat)),
      streams_(streams) {
    streams_.open.add();
}

void StreamSocket::post(std::function<void()> work) {
    mailbox_->post(std::move(work));
}

void StreamSocket::send(std::shared_ptr<const std::string> bytes) {
    if (failed_ || ending_ || !bytes || bytes->empty()) return;
    if (backlog_) return keep(std::move(bytes), 0);
    const iovec part{const_cast<char*>(bytes->data()), bytes->size()};
    const Transfer transfer = socket_.write(&part, 1);
    if (transfer.state == Transfer::State::Broken || transfer.state == Transfer::State::Ended)
        return fail();
    if (transfer.bytes < bytes->size()) keep(std::move(bytes), transfer.bytes);
}

void StreamSocket::keep(std::shared_ptr<const std::string> bytes, size_t sent) {
    if (!backlog_) {
        backlog_ = std::make_unique<Backlog>();
        backlog_->sent = sent;
        loop_.arm(*this, Wait::Write);
    }
    backlog_->bytes += bytes->size() - sent;
    backlog_->queue.push_back(std::move(bytes));
}

size_t StreamSocket::backlog() const {
    return backlog_ ? backlog_->bytes : 0;
}

void StreamSocket::notify_below(size_t bytes) {
    low_mark_ = bytes;
    // Never from within the caller's own call.
    if (backlog() <= bytes) loop_.soon([self = shared_from_this()] { self->tell_drained(); });
}

void StreamSocket::tell_drained() {
    if (failed_ || !low_mark_ || backlog() > *low_mark_) return;
    low_mark_.reset();
    if (const auto listener = listener_) listener->drained(*this);
}

void StreamSocket::close(Ending ending) {
    if (failed_) return;
    if (ending == Ending::Now || !backlog_) return fail();
    ending_ = true;
}

void StreamSocket::listener(std::shared_ptr<Listener> listener) {
    listener_ = std::move(listener);
    if (left_ && listener_) {
        const auto late = std::exchange(listener_, nullptr);
        loop_.soon([self = shared_from_this(), late] { late->closed(*self); });
    }
}

void StreamSocket::ready(uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return fail();
    // A client may shut its sending side and still read: only errors end a stream.
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) discard_input();
    if ((events & EPOLLOUT) != 0 && backlog_ && !failed_) flush();
}

void StreamSocket::discard_input() {
    const Transfer transfer = socket_.read(loop_.scratch(), Loop::scratch_bytes);
    if (transfer.state == Transfer::State::Broken) return fail();
    discarded_ += static_cast<uint32_t>(transfer.bytes);
    if (discarded_ > discard_limit) fail();
}

void StreamSocket::flush() {
    std::array<iovec, pieces_a_write> pieces;
    while (backlog_) {
        const auto& queue = backlog_->queue;
        size_t count = 0, wanted = 0;
        size_t skip = backlog_->sent;
        for (size_t i = backlog_->first; i < queue.size() && count < pieces.size(); ++i) {
            pieces[count++] = {const_cast<char*>(queue[i]->data()) + skip, queue[i]->size() - skip};
            wanted += queue[i]->size() - skip;
            skip = 0;
        }
        const Transfer transfer = socket_.write(pieces.data(), static_cast<int>(count));
        if (transfer.state == Transfer::State::Later) break;
        if (transfer.state != Transfer::State::Moved) return fail();
        sent(transfer.bytes);
        // An ending stream has its time in all; others from their last progress on.
        if (backlog_ && !ending_) loop_.arm(*this, Wait::Write);
        if (transfer.bytes < wanted && !socket_.secure()) break;
    }
    if (!backlog_ && ending_) return fail();
    tell_drained();
}

void StreamSocket::sent(size_t bytes) {
    Backlog& backlog = *backlog_;
    backlog.bytes -= bytes;
    while (bytes > 0) {
        auto& first = backlog.queue[backlog.first];
        const size_t left = first->size() - backlog.sent;
        if (bytes < left) {
            backlog.sent += bytes;
            break;
        }
        bytes -= left;
        backlog.sent = 0;
        first.reset();
        ++backlog.first;
    }
    if (backlog.bytes == 0) {
        backlog_.reset();
        loop_.disarm(*this);
    } else if (backlog.first > 64 && backlog.first * 2 > backlog.queue.size()) {
        backlog.queue.erase(backlog.queue.begin(),
                            backlog.queue.begin() + static_cast<ptrdiff_t>(backlog.first));
        backlog.first = 0;
    }
}

void StreamSocket::overdue(Wait) {
    streams_.on_slow();
    fail();
}

// Its owner may be in the middle of a walk over its streams: it is told afterwards.
void StreamSocket::fail() {
    if (std::exchange(failed_, true)) return;
    loop_.soon([self = shared_from_this()] {
        if (self->left_) return;
        if (self->socket_.secure()) self->socket_.shut_writing();
        self->loop_.retire(self->socket_.number());
        self->leave();
    });
}

void StreamSocket::abandoned() {
    failed_ = true;
    leave();
}

void StreamSocket::leave() {
    if (std::exchange(left_, true)) return;
    backlog_.reset();
    seat_.reset();
    socket_ = Socket(Descriptor{});
    streams_.open.remove();
    if (const auto listener = std::exchange(listener_, nullptr)) listener->closed(*this);
}

}  // namespace tandem::listen
