#include "borrowed.h"

namespace tandem::check {
namespace {

// Long enough that it cannot stand in an innocent text by chance; ASCII, without blanks,
// so that it passes for a key, a token or a password.
std::string canary(const std::string& option) {
    return "canary-" + option + "-7f3a9c51e0d2b846b7c1d90e45f2a683";
}

}  // namespace

BorrowedServices::BorrowedServices(host::PluginDescription description,
                                   const std::map<std::string, std::string>& options)
    : PlaceholderServices(std::move(description)), table_(*this) {
    for (host::OptionDescription& option : description_.options) {
        const auto given = options.find(option.name);
        if (given != options.end()) {
            option.has_default = true;
            option.default_value = given->second;
        } else if (option.secret && option.required &&
                   (option.type == TANDEM_OPTION_TEXT || option.type == TANDEM_OPTION_TEXT_LIST)) {
            option.default_value = canary(option.name);
        }
        // Shorter ones stand in texts by chance.
        if (option.secret && option.default_value.size() >= 8) {
            secrets_[option.name] = option.default_value;
        }
        if (option.type != TANDEM_OPTION_TEXT_LIST || option.default_value.empty()) continue;
        std::vector<std::string>& list = lists_[option.name];
        size_t start = 0;
        while (start <= option.default_value.size()) {
            const size_t comma =
                std::min(option.default_value.find(',', start), option.default_value.size());
            list.push_back(option.default_value.substr(start, comma - start));
            start = comma + 1;
        }
    }
}

void BorrowedServices::replay(host::HttpResult result) {
    const std::lock_guard lock(mutex_);
    replay_.push_back(std::move(result));
}

std::vector<std::string> BorrowedServices::breaches() const {
    const std::lock_guard lock(mutex_);
    return {breaches_.begin(), breaches_.end()};
}

std::string BorrowedServices::secret_in(std::string_view text) const {
    for (const auto& [option, value] : secrets_) {
        if (text.find(value) != std::string_view::npos) return option;
    }
    return {};
}

void BorrowedServices::notice(const char* service, bool begins_with_start) {
    const Phase phase = phase_;
    if (phase == Phase::Running || (phase == Phase::Creating && !begins_with_start)) return;
    const std::lock_guard lock(mutex_);
    breaches_.insert(std::string(service) + " was used " +
                     (phase == Phase::Creating ? "before start" : "after stop"));
}

bool BorrowedServices::offers(std::string_view) {
    return offers_;
}

bool BorrowedServices::log_enabled(int32_t) {
    notice("log", false);
    return true;
}

void BorrowedServices::log(int32_t level, std::string_view text, const host::Pairs& pairs) {
    notice("log", false);
    std::string line(text);
    for (const auto& [name, value] : pairs) line += " " + name + "=" + value;
    const std::string secret = secret_in(line);
    const std::lock_guard lock(mutex_);
    if (!secret.empty()) breaches_.insert("the secret option " + secret + " stands in the log");
    if (level < TANDEM_LOG_ERROR || level > TANDEM_LOG_DEBUG) {
        breaches_.insert("a log line has the unknown level " + std::to_string(level));
    }
}

tandem_status BorrowedServices::text_at(std::string_view name, size_t index, tandem_view& value) {
    const auto list = lists_.find(name);
    if (list == lists_.end()) return PlaceholderServices::text_at(name, index, value);
    if (index >= list->second.size()) return TANDEM_NOT_FOUND;
    value = host::view(list->second[index]);
    return TANDEM_OK;
}

tandem_time BorrowedServices::now() {
    notice("clock", false);
    return PlaceholderServices::now();
}

int64_t BorrowedServices::monotonic_ms() {
    notice("clock", false);
    return PlaceholderServices::monotonic_ms();
}

host::HttpResult BorrowedServices::send(host::HttpRequest request) {
    notice("http", true);
    ++requests_;
    const std::lock_guard lock(mutex_);
    if (replay_.empty()) return PlaceholderServices::send(std::move(request));
    host::HttpResult result = std::move(replay_.front());
    replay_.pop_front();
    return result;
}

tandem_status BorrowedServices::emit(const tandem_event*) {
    notice("events", true);
    return TANDEM_OK;
}

}  // namespace tandem::check
