#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/host/placeholder_services.hpp"

namespace tandem::check {

/// The host that the checker plays: answers options, keeps what is logged, replays what
/// a provider answers, and notices calls that come too early or too late. Safe from any
/// thread, as plugins may have their own.
class BorrowedServices : public host::PlaceholderServices {
public:
    enum class Phase { Creating, Running, Ended };

    BorrowedServices(host::PluginDescription description,
                     const std::map<std::string, std::string>& options);

    const tandem_host* table() const { return table_.get(); }

    void enter(Phase phase) { phase_ = phase; }
    /// From now on the plugin finds no service at all.
    void offer_nothing() { offers_ = false; }
    /// Answers for the requests to come, in order; with none left nothing can be sent.
    void replay(host::HttpResult result);
    size_t requests() const { return requests_; }

    /// What the plugin did that the waist forbids, such as http before start.
    std::vector<std::string> breaches() const;
    /// The secret in this text, by the option's name; empty: none.
    std::string secret_in(std::string_view text) const;

    bool offers(std::string_view id) override;
    bool log_enabled(int32_t level) override;
    void log(int32_t level, std::string_view text, const host::Pairs& pairs) override;
    tandem_status text_at(std::string_view name, size_t index, tandem_view& value) override;
    tandem_time now() override;
    int64_t monotonic_ms() override;
    host::HttpResult send(host::HttpRequest request) override;
    tandem_status emit(const tandem_event* event) override;

private:
    void notice(const char* service, bool begins_with_start);

    host::HostTable table_;
    std::map<std::string, std::vector<std::string>, std::less<>> lists_;
    std::map<std::string, std::string> secrets_;  // value by option
    std::atomic<Phase> phase_{Phase::Creating};
    std::atomic<bool> offers_{true};
    std::atomic<size_t> requests_{0};
    mutable std::mutex mutex_;
    std::deque<host::HttpResult> replay_;  // guarded by mutex_
    std::set<std::string> breaches_;       // guarded by mutex_
};

}  // namespace tandem::check
