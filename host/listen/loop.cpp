#include "listen/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace tandem::listen {

namespace {

// Events taken at once; also bounds how long a turn can be.
constexpr int events_a_turn = 512;

class FunctionLetter : public Letter {
public:
    explicit FunctionLetter(std::function<void()> work) : work_(std::move(work)) {}
    void opened() override { work_(); }

private:
    std::function<void()> work_;
};

}  // namespace

Mailbox::Mailbox() : bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!bell_) throw std::runtime_error("cannot make an eventfd");
}

void Mailbox::post(std::shared_ptr<Letter> letter) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        letters_.push_back(std::move(letter));
        if (std::exchange(rung_, true)) return;
    }
    const uint64_t one = 1;
    // Cannot fail but when the counter is full, and then the loop is awake anyway.
    [[maybe_unused]] const ssize_t written = ::write(bell_.number(), &one, sizeof one);
}

void Mailbox::post(std::function<void()> work) {
    post(std::make_shared<FunctionLetter>(std::move(work)));
}

std::vector<std::shared_ptr<Letter>> Mailbox::take() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(bell_.number(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    rung_ = false;
    return std::exchange(letters_, {});
}

void Mailbox::close() {
    std::vector<std::shared_ptr<Letter>> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(letters_);
}

Loop::Loop(const Durations& durations, Report report)
    : durations_(durations),
      report_(std::move(report)),
      mailbox_(std::make_shared<Mailbox>()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      scratch_(std::make_unique<char[]>(scratch_bytes)) {
    if (!epoll_) throw std::runtime_error("cannot make an epoll descriptor");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = mailbox_->bell_.number();
    if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, event.data.fd, &event) != 0)
        throw std::runtime_error("cannot watch an eventfd");
    read_clock();
}

Loop::~Loop() {
    stop();
}

void Loop::start() {
    thread_ = std::thread(&Loop::run, this);
}

void Loop::stop() {
    if (thread_.joinable()) {
        mailbox_->post([this] { stopping_ = true; });
        thread_.join();
    } else {
        abandon_all();
    }
}

void Loop::adopt(int descriptor, std::shared_ptr<Watched> watched, Trigger trigger) {
    epoll_event event{};
    event.events = trigger == Trigger::Edge
                       ? static_cast<uint32_t>(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
                       : static_cast<uint32_t>(EPOLLIN);
    event.data.fd = descriptor;
    if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw std::runtime_error(std::string("cannot watch a socket: ") + std::strerror(errno));
    const auto index = static_cast<size_t>(descriptor);
    if (index >= slots_.size()) slots_.resize(std::max(index + 1, slots_.size() * 2));
    slots_[index] = std::move(watched);
}

void Loop::replace(int descriptor, std::shared_ptr<Watched> watched) {
    auto& slot = slots_[static_cast<size_t>(descriptor)];
    disarm(*slot);
    retired_.push_back(std::exchange(slot, std::move(watched)));
}

void Loop::mute(int descriptor) {
    watch_level(descriptor, 0);
}

void Loop::hear(int descriptor) {
    watch_level(descriptor, EPOLLIN);
}

void Loop::watch_level(int descriptor, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, descriptor, &event);
}

void Loop::retire(int descriptor) {
    auto& slot = slots_[static_cast<size_t>(descriptor)];
    disarm(*slot);
    // Its descriptor stays open until the turn ends, so that no newcomer gets the number
    // while events of the old one are still in hand.
    epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
    retired_.push_back(std::exchange(slot, nullptr));
}

void Loop::arm(Watched& watched, Wait wait) {
    disarm(watched);
    if (wait == Wait::None) return;
    const auto kind = static_cast<size_t>(wait);
    watched.wait_ = wait;
    watched.deadline_ms_ = now_ms_ + durations_[kind].count();
    Line& line = lines_[kind];
    watched.earlier_ = line.last;
    watched.later_ = nullptr;
    (line.last != nullptr ? line.last->later_ : line.first) = &watched;
    line.last = &watched;
}

void Loop::disarm(Watched& watched) {
    if (watched.wait_ == Wait::None) return;
    Line& line = lines_[static_cast<size_t>(watched.wait_)];
    (watched.earlier_ != nullptr ? watched.earlier_->later_ : line.first) = watched.later_;
    (watched.later_ != nullptr ? watched.later_->earlier_ : line.last) = watched.earlier_;
    watched.wait_ = Wait::None;
}

void Loop::soon(std::function<void()> work) {
    soon_.push_back(std::move(work));
}

// What rooms do on the loop must not end it for all.
template <typename Work>
void Loop::guarded(Work&& work) {
    try {
        work();
    } catch (const std::exception& failure) {
        if (report_) report_(failure.what());
    } catch (...) {
        if (report_) report_("something that is no std::exception");
    }
}

void Loop::run() {
    std::array<epoll_event, events_a_turn> events;
    const int bell = mailbox_->bell_.number();
    mailbox_->owner_ = std::this_thread::get_id();
    while (!stopping_) {
        const int count = epoll_wait(epoll_.number(), events.data(), events_a_turn, pause_ms());
        read_clock();
        bool letters = false;
        for (int i = 0; i < std::max(count, 0); ++i) {
            const auto& event = events[static_cast<size_t>(i)];
            if (event.data.fd == bell) letters = true;
            // A copy, because `replace` may take the slot from under it; retired ones
            // live until the end of the turn.
            else if (Watched* watched = slots_[static_cast<size_t>(event.data.fd)].get())
                guarded([&] { watched->ready(event.events); });
        }
        if (letters) open_letters();
        expire();
        run_soon();
        retired_.clear();
    }
    abandon_all();
}

int Loop::pause_ms() const {
    if (!soon_.empty()) return 0;
    int64_t nearest = -1;
    for (const Line& line : lines_)
        if (line.first != nullptr && (nearest < 0 || line.first->deadline_ms_ < nearest))
            nearest = line.first->deadline_ms_;
    if (nearest < 0) return -1;
    return static_cast<int>(std::clamp<int64_t>(nearest - now_ms_, 0, 60'000));
}

void Loop::read_clock() {
    now_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(
                  std::chrono::steady_clock::now().time_since_epoch())
                  .count();
}

void Loop::open_letters() {
    for (const auto& letter : mailbox_->take()) guarded([&] { letter->opened(); });
}

void Loop::run_soon() {
    // What is added now waits for the next turn, so that sockets get theirs between.
    for (const auto& work : std::exchange(soon_, {})) guarded(work);
}

void Loop::expire() {
    for (size_t kind = 0; kind < wait_kinds; ++kind) {
        while (lines_[kind].first != nullptr && lines_[kind].first->deadline_ms_ <= now_ms_) {
            Watched& watched = *lines_[kind].first;
            disarm(watched);
            guarded([&] { watched.overdue(static_cast<Wait>(kind)); });
        }
    }
}

void Loop::abandon_all() {
    mailbox_->close();
    for (auto& slot : slots_) {
        if (!slot) continue;
        disarm(*slot);
        const auto watched = std::exchange(slot, nullptr);
        guarded([&] { watched->abandoned(); });
    }
    // `closed` of streams may be among these.
    while (!soon_.empty()) run_soon();
    retired_.clear();
}

}  // namespace tandem::listen
