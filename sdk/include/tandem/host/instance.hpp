#pragma once

#include <string>
#include <string_view>

#include "tandem/abi/entry.h"
#include "tandem/host/outcome.hpp"

namespace tandem::host {

/// A living instance of a plugin: made, started, stopped and destroyed in the order that
/// the waist fixes, whatever order the owner forgets. The lifecycle functions belong to
/// one thread; `extension` may be asked from any.
class Instance {
public:
    Instance() = default;
    ~Instance() { destroy(); }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// `descriptor` has no faults; `host` must outlive this instance.
    Outcome create(const tandem_descriptor& descriptor, const tandem_host* host,
                   std::string_view name) {
        const tandem_instance* made = nullptr;
        Outcome outcome = guarded(
            [&](tandem_error* error) { return descriptor.create(host, view(name), &made, error); });
        if (!outcome.ok()) return outcome;
        if (!made || made->size < sizeof(tandem_instance) || !made->extension || !made->start ||
            !made->stop) {
            return {TANDEM_INTERNAL, "create answered OK and gave no complete instance", 0};
        }
        descriptor_ = &descriptor;
        raw_ = made;
        return outcome;
    }

    Outcome start() {
        Outcome outcome =
            guarded([&](tandem_error* error) { return raw_->start(raw_->self, error); });
        started_ = outcome.ok();
        return outcome;
    }

    Outcome stop() {
        if (!started_) return {};
        started_ = false;
        return guarded([&](tandem_error*) {
            raw_->stop(raw_->self);
            return TANDEM_OK;
        });
    }

    void destroy() {
        stop();
        if (!raw_) return;
        const tandem_instance* ended = raw_;
        raw_ = nullptr;
        guarded([&](tandem_error*) {
            descriptor_->destroy(ended);
            return TANDEM_OK;
        });
    }

    explicit operator bool() const { return raw_ != nullptr; }
    bool started() const { return started_; }
    void* self() const { return raw_->self; }
    const tandem_instance* raw() const { return raw_; }

    /// The table of a capability, or null.
    const void* extension(std::string_view id) const noexcept {
        const void* table = nullptr;
        guarded([&](tandem_error*) {
            table = raw_->extension(raw_->self, view(id));
            return TANDEM_OK;
        });
        return table;
    }

private:
    const tandem_descriptor* descriptor_ = nullptr;
    const tandem_instance* raw_ = nullptr;
    bool started_ = false;
};

}  // namespace tandem::host
