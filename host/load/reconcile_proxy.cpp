#include <utility>

#include "load/proxies.h"
#include "tandem/host/reconcile.hpp"

namespace tandem::load {
namespace {

class ReconcileProxy : public reconcile::Source {
public:
    ReconcileProxy(LivingPointer living, host::Reconcile reconcile)
        : living_(std::move(living)), reconcile_(reconcile) {}

    const std::string& instance() const override { return living_->id(); }

    Result<std::optional<Time>> missed(const reconcile::MissedQuery& query,
                                       const reconcile::MissedSink& sink) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        host::MissedTaker taker;
        taker.known = [&](std::string_view key) { return sink.known(std::string(key)); };
        taker.event = [&](host::Event&& event) -> tandem_status {
            return sink.event(provider_event(std::move(event))) ? TANDEM_OK : TANDEM_STOP;
        };
        host::MissedAnswer answer;
        const host::Outcome outcome =
            reconcile_.missed({{query.business_numbers.begin(), query.business_numbers.end()},
                               query.since.time_since_epoch().count(),
                               deadline_of(query.deadline)},
                              taker, answer);
        if (!outcome.ok()) return error_of(*living_, outcome);
        if (!answer.complete_until) return std::optional<Time>();
        const Time until = time_of(*answer.complete_until);
        // Backwards it would go round in circles for ever.
        if (until < query.since) return std::optional<Time>();
        return std::optional<Time>(until);
    }

    Result<std::optional<receive::ProviderEvent>> call(const std::string& conversation_id,
                                                       Milliseconds deadline) override {
        const Living::Call call(*living_);
        if (!call) return living_->ended_error();
        std::optional<receive::ProviderEvent> ended;
        host::MissedTaker taker;
        taker.event = [&](host::Event&& event) -> tandem_status {
            // Of several the last one tells most.
            if (std::holds_alternative<host::CallEnded>(event)) {
                ended = provider_event(std::move(event));
            }
            return TANDEM_OK;
        };
        host::MissedAnswer answer;
        const host::Outcome outcome =
            reconcile_.call(conversation_id, deadline_of(deadline), taker, answer);
        if (!outcome.ok()) return error_of(*living_, outcome);
        return ended;
    }

private:
    const LivingPointer living_;
    const host::Reconcile reconcile_;
};

}  // namespace

Result<std::shared_ptr<reconcile::Source>> make_reconcile_proxy(LivingPointer living) {
    const void* table = living->instance().extension(TANDEM_RECONCILE);
    if (!table) return std::shared_ptr<reconcile::Source>();
    const host::Reconcile reconcile(living->instance().self(), table);
    if (!reconcile.complete()) {
        return Error{Code::Invalid, "its table tandem.reconcile/1 lacks functions"};
    }
    return std::shared_ptr<reconcile::Source>(
        std::make_shared<ReconcileProxy>(std::move(living), reconcile));
}

}  // namespace tandem::load
