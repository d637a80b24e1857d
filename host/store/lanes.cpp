#include "store/lanes.h"

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace tandem::store {

namespace {

const char* const room = "store";

// No organisation id has a NUL, so two pairs never give one key.
std::string lane_key(const std::string& organization, const std::string& address) {
    std::string key;
    key.reserve(organization.size() + address.size() + 1);
    key.append(organization).push_back('\0');
    return key.append(address);
}

}  // namespace

class ConversationLanes::State : public std::enable_shared_from_this<State> {
public:
    State(Executor executor, observe::Log& log, observe::Metrics& metrics, LanesLimits limits)
        : executor_(std::move(executor)),
          log_(log),
          full_(metrics.counter("tandem_store_lanes_full_total",
                                "Tasks of a conversation not taken because too many waited")),
          limits_(limits) {}

    bool run(std::string key, Task task) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return false;
            const auto found = lanes_.find(key);
            const size_t in_lane = found == lanes_.end() ? 0 : found->second.size();
            if (length_ >= limits_.waiting || in_lane >= limits_.waiting_per_lane) {
                full_.add();
                return false;
            }
            lanes_[key].push_back(std::move(task));
            ++length_;
            // The one at the front runs, or is on its way to a worker.
            if (in_lane > 0) return true;
        }
        post(std::move(key));
        return true;
    }

    void stop() {
        std::vector<Task> dropped;  // their destructors must not run under the lock
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (auto& [key, tasks] : lanes_) {
            while (tasks.size() > 1) {
                dropped.push_back(std::move(tasks.back()));
                tasks.pop_back();
                --length_;
            }
        }
    }

    size_t length() const {
        const std::lock_guard lock(mutex_);
        return length_;
    }

private:
    // Ends the front task of its lane, once.
    class Hold {
    public:
        Hold(std::shared_ptr<State> state, std::string key)
            : state_(std::move(state)), key_(std::move(key)) {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() { release(); }

        void release() {
            if (!released_.exchange(true)) state_->ended(key_);
        }

    private:
        const std::shared_ptr<State> state_;
        const std::string key_;
        std::atomic<bool> released_{false};
    };

    void post(std::string key) {
        executor_([self = shared_from_this(), key = std::move(key)]() mutable {
            self->begin(std::move(key));
        });
    }

    void begin(std::string key) {
        Task task;
        {
            const std::lock_guard lock(mutex_);
            const auto found = lanes_.find(key);
            if (!stopping_) task = std::move(found->second.front());
        }
        const auto hold = std::make_shared<Hold>(shared_from_this(), std::move(key));
        if (!task) return;
        try {
            task([hold] { hold->release(); });
        } catch (const std::exception& exception) {
            log_.error(room, "a conversation's task threw", {{"reason", exception.what()}});
        }
    }

    void ended(const std::string& key) {
        {
            const std::lock_guard lock(mutex_);
            const auto found = lanes_.find(key);
            found->second.pop_front();
            --length_;
            if (found->second.empty()) {
                lanes_.erase(found);
                return;
            }
        }
        post(key);
    }

    const Executor executor_;
    observe::Log& log_;
    observe::Counter& full_;
    const LanesLimits limits_;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::deque<Task>> lanes_;  // guarded by mutex_
    size_t length_ = 0;                                        // guarded by mutex_
    bool stopping_ = false;                                    // guarded by mutex_
};

ConversationLanes::ConversationLanes(Executor executor, observe::Log& log,
                                     observe::Metrics& metrics, LanesLimits limits)
    : state_(std::make_shared<State>(std::move(executor), log, metrics, limits)) {}

ConversationLanes::~ConversationLanes() {
    stop();
}

bool ConversationLanes::run(const std::string& organization, const std::string& address,
                            Task task) {
    return state_->run(lane_key(organization, address), std::move(task));
}

void ConversationLanes::stop() {
    state_->stop();
}

size_t ConversationLanes::length() const {
    return state_->length();
}

}  // namespace tandem::store
