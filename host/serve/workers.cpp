#include "serve/workers.h"

#include <algorithm>
#include <exception>

#include "serve/answer.h"

namespace tandem::serve {

namespace {

// application/json, with no charset but UTF-8 (RFC 8259 section 8.1 knows no other).
bool json_type(std::string_view type) {
    std::string plain;
    for (const char c : type)
        if (c != ' ' && c != '\t' && c != '"') plain += c;
    return same_text(plain, "application/json") ||
           same_text(plain, "application/json;charset=utf-8");
}

/// What is wrong with the body's kind; empty when nothing is.
std::string_view wrong_type(const Route& route, const Request& request) {
    if (route.body_limit == 0) return {};
    // Nobody unpacks: a body that is checked packed and read unpacked is two bodies.
    const auto is_encoding = [](const Header& field) {
        return same_text(field.name, "Content-Encoding");
    };
    if (std::any_of(request.headers.begin(), request.headers.end(), is_encoding))
        return "The body must come without a Content-Encoding.";
    if (!route.reads_json) return {};
    const auto type = request.header("Content-Type");
    if (type ? json_type(*type) : request.body.empty()) return {};
    return "The body must be application/json in UTF-8.";
}

}  // namespace

Workers::Workers(size_t queue_limit, Guard* guard, observe::Log* log)
    : queue_limit_(queue_limit), guard_(guard), log_(log) {}

Workers::~Workers() {
    stop();
}

void Workers::start(unsigned count) {
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back(&Workers::work, this);
}

bool Workers::submit(Job& job) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        const bool full = queue_.size() >= queue_limit_ && !job.request.control;
        if (stopping_ || full) return false;
        queue_.push_back(std::move(job));
        wake = asleep_ > 0;
    }
    if (wake) arrived_.notify_one();
    return true;
}

void Workers::stop() {
    std::deque<Job> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(queue_);
    }
    arrived_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

size_t Workers::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void Workers::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        ++asleep_;
        arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --asleep_;
        if (queue_.empty()) return;
        Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        run(std::move(job));
    }
}

void Workers::run(Job job) const {
    const std::string request_id = job.request.request_id;
    const Route& route = *job.route;
    std::string failure;
    try {
        if (route.access != Access::Open && route.access != Access::Webhook) {
            if (auto refusal = guard_->check(job.request, route))
                return job.responder->answer(std::move(*refusal));
            if (!job.request.answer_headers.empty())
                job.responder->add(std::move(job.request.answer_headers));
        }
        if (const auto wrong = wrong_type(route, job.request); !wrong.empty())
            return job.responder->answer(
                problem({415, "UNSUPPORTED_MEDIA_TYPE", std::string(wrong)}));
        Responder responder = std::move(*job.responder);
        route.handler(std::move(job.request), std::move(responder));
        return;
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    } catch (...) {
        failure = "something that is no std::exception";
    }
    // The answer is 500: the responder, wherever it was, is let go of unanswered.
    if (log_ != nullptr)
        log_->error("serve", "a handler threw",
                    {{"requestId", request_id}, {"route", route.pattern}, {"what", failure}});
}

}  // namespace tandem::serve
