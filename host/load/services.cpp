#include "load/services.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "load/code.h"
#include "load/proxies.h"

namespace tandem::load {
namespace {

observe::Level level_of(int32_t level) {
    switch (level) {
        case TANDEM_LOG_ERROR: return observe::Level::Error;
        case TANDEM_LOG_WARN: return observe::Level::Warn;
        case TANDEM_LOG_INFO: return observe::Level::Info;
        default: return observe::Level::Debug;
    }
}

// plugin, instance and what the plugin says; more fields than that no line needs.
constexpr size_t max_fields = 12;
using Fields = std::array<observe::Field, max_fields>;

template <size_t... Index>
void write_first(observe::Log& log, observe::Level level, std::string_view text,
                 const Fields& fields, std::index_sequence<Index...>) {
    log.write(level, "plugin", text, {fields[Index]...});
}

template <size_t Count = max_fields>
void write_fields(observe::Log& log, observe::Level level, std::string_view text,
                  const Fields& fields, size_t used) {
    if constexpr (Count > 1) {
        if (used < Count) return write_fields<Count - 1>(log, level, text, fields, used);
    }
    write_first(log, level, text, fields, std::make_index_sequence<Count>());
}

// Every URL among the options names a place that this instance may talk to.
std::vector<fetch::Origin> allowed_origins(const TypedOptions& options) {
    std::vector<fetch::Origin> origins;
    const auto add = [&](const std::string& text, bool written) {
        if (text.find("://") == std::string::npos) return;
        if (auto origin = fetch::origin_of(text, written)) origins.push_back(*std::move(origin));
    };
    for (const auto& [name, option] : options) {
        add(option.text, option.written);
        for (const std::string& text : option.list) add(text, option.written);
    }
    // What the operator wrote counts before a default of the same origin.
    std::stable_partition(origins.begin(), origins.end(),
                          [](const fetch::Origin& origin) { return origin.written_by_operator; });
    return origins;
}

}  // namespace

InstanceServices::InstanceServices(std::shared_ptr<const Services> lent, std::string instance,
                                   const Description& description, TypedOptions options)
    : lent_(std::move(lent)),
      instance_(std::move(instance)),
      plugin_(description.id),
      options_(std::move(options)),
      http_(allowed_origins(options_)),
      websockets_(allowed_origins(options_), [this] { return refused("websocket"); }),
      table_(*this) {}

bool InstanceServices::refused(const char* service) {
    if (!closed_) return false;
    const std::lock_guard lock(breach_mutex_);
    if (!abandoned_ && lent_->log) {
        lent_->log->error("plugin", "a plugin called the host after its end",
                          {{"plugin", plugin_}, {"instance", instance_}, {"service", service}});
    }
    return true;
}

void InstanceServices::abandon() {
    closed_ = true;
    const std::lock_guard lock(breach_mutex_);
    abandoned_ = true;
}

bool InstanceServices::log_enabled(int32_t level) {
    return !closed_ && lent_->log && lent_->log->enabled(level_of(level));
}

void InstanceServices::log(int32_t level, std::string_view text, const host::Pairs& pairs) {
    if (refused("log") || !lent_->log || !lent_->log->enabled(level_of(level))) return;
    Fields fields{{{"plugin", plugin_}, {"instance", instance_}}};
    size_t used = 2;
    for (const auto& [name, value] : pairs) {
        if (used == fields.size()) break;
        fields[used++] = {name, host::text(host::view(value), 4096)};
    }
    write_fields(*lent_->log, level_of(level), text, fields, used);
}

template <typename Read>
tandem_status InstanceServices::read_option(std::string_view name, Read read) {
    const std::shared_lock lock(options_mutex_);
    const auto option = options_.find(name);
    return option == options_.end() ? TANDEM_NOT_FOUND : read(option->second);
}

tandem_status InstanceServices::text(std::string_view name, tandem_view& value) {
    return read_option(name, [&](const TypedOption& option) {
        if (option.type == TANDEM_OPTION_TEXT_LIST) return TANDEM_INVALID;
        value = host::view(option.text);
        return TANDEM_OK;
    });
}

tandem_status InstanceServices::integer(std::string_view name, int64_t& value) {
    return read_option(name, [&](const TypedOption& option) {
        if (option.type != TANDEM_OPTION_INTEGER) return TANDEM_INVALID;
        value = option.integer;
        return TANDEM_OK;
    });
}

tandem_status InstanceServices::yes_no(std::string_view name, bool& value) {
    return read_option(name, [&](const TypedOption& option) {
        if (option.type != TANDEM_OPTION_YES_NO) return TANDEM_INVALID;
        value = option.yes;
        return TANDEM_OK;
    });
}

tandem_status InstanceServices::text_at(std::string_view name, size_t index, tandem_view& value) {
    return read_option(name, [&](const TypedOption& option) {
        if (option.type != TANDEM_OPTION_TEXT_LIST) return TANDEM_INVALID;
        if (index >= option.list.size()) return TANDEM_NOT_FOUND;
        value = host::view(option.list[index]);
        return TANDEM_OK;
    });
}

tandem_time InstanceServices::now() {
    if (closed_ || !lent_->clock) return 0;
    return lent_->clock->now().time_since_epoch().count();
}

int64_t InstanceServices::monotonic_ms() {
    if (closed_ || !lent_->clock) return 0;
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               lent_->clock->steady().time_since_epoch())
        .count();
}

host::HttpResult InstanceServices::send(host::HttpRequest request) {
    host::HttpResult result;
    if (refused("http")) {
        result.outcome = {TANDEM_CANCELLED, "http: this instance has ended", 0};
        return result;
    }
    if (!open_) {
        result.outcome = {TANDEM_UNAVAILABLE, "http: not before start", 0};
        return result;
    }
    fetch::Answer answer =
        http_.send({std::move(request.method), std::move(request.url), std::move(request.headers),
                    std::move(request.body), request.deadline_ms});
    result.outcome = {status_of(answer.failure.code), std::move(answer.failure.text), 0};
    if (answer.maybe_sent) result.progress = TANDEM_HTTP_MAYBE_SENT;
    result.status = answer.status;
    result.headers = std::move(answer.headers);
    result.body = std::move(answer.body);
    return result;
}

host::Outcome InstanceServices::open_websocket(host::WebsocketRequest request,
                                               std::unique_ptr<host::WebsocketConnection>& to) {
    if (refused("websocket")) {
        return {TANDEM_CANCELLED, "websocket: this instance has ended", 0};
    }
    if (!open_) return {TANDEM_UNAVAILABLE, "websocket: not before start", 0};
    return websockets_.open(std::move(request), to);
}

void InstanceServices::close() {
    open_ = false;
    closed_ = true;
    websockets_.close_all();
    http_.close();
}

void InstanceServices::forget() {
    const std::lock_guard lock(options_mutex_);
    options_.clear();
}

tandem_status InstanceServices::emit(const tandem_event* event) {
    if (refused("events")) return TANDEM_CANCELLED;
    if (!open_ || !lent_->events) return TANDEM_UNAVAILABLE;
    host::Event read;
    if (!host::read_event(event, read)) return TANDEM_UNSUPPORTED;
    return lent_->events->emit(instance_, provider_event(std::move(read))) ? TANDEM_OK
                                                                           : TANDEM_LIMITED;
}

}  // namespace tandem::load
