#include <memory>
#include <utility>

#include "call/calls.h"
#include "call/scene.h"

// What becomes of a call whose row an operator drops.
namespace tandem::call {

using State = Plan::State;

Result<std::function<void()>> Calls::dropped(const store::Owed& owed, store::ChangeSet& set) {
    const auto found = look(owed);
    // The person was erased, and the call with them.
    if (!found && found.error().code == Code::NotFound) return std::function<void()>();
    if (!found) return found.error();
    Scene scene = *found;
    // Its webhooks tell how it goes on, or it is over already.
    if (scene.provider_has_it() || scene.plan.state == State::Over) return std::function<void()>();
    End end{Fate::Kind::NotMade, "An operator dropped the call"};
    if (scene.plan.state == State::Starting || scene.plan.state == State::Asking)
        end = {Fate::Kind::Unknown, "Nobody knows whether the call was made",
               store::Settlement::Done, domain::CallOutcome::Unknown};
    set.preconditions.push_back(store::VersionIs{owed.address, scene.conversation().version});
    set.operations.push_back(scene.conversation());
    close(scene, end, set);
    auto settled = settle_charge(scene);
    if (!settled) return settled.error();
    settled->write(set);
    // Undone where nobody comes to keep it: the change was not committed.
    const auto charge = std::make_shared<limit::Charge>(std::move(*settled));
    return std::function<void()>([this, charge, id = scene.call.id, end] {
        charge->keep();
        callers_.tell(id, {end.fate, {}, {}, end.reason});
    });
}

}  // namespace tandem::call
