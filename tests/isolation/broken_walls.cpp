// The daemon with one of its walls taken down, named by TANDEM_BROKEN_WALL: what it asks the store
// for is given of the other organisation, too. Only for the audit's tests; tandemd has none of it.

#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "admit/admit.h"
#include "load/store_proxy.h"
#include "unit/store/passing_store.h"

namespace {

using namespace tandem;

bool down(std::string_view wall) {
    static const char* const broken = std::getenv("TANDEM_BROKEN_WALL");
    return broken && wall == broken;
}

/// The audit's house has two.
domain::OrganizationId other(const domain::OrganizationId& organization) {
    return organization == "north" ? domain::OrganizationId("south")
                                   : domain::OrganizationId("north");
}

class BrokenStore : public testing::PassingStore {
    // Before those who use them: what they give follows from what they read.
    template <typename Read>
    auto one(std::string_view wall, Whose organization, Read read) {
        auto own = read(organization);
        return own || !down(wall) ? own : read(other(organization));
    }
    template <typename Read>
    auto rows(std::string_view wall, Whose organization, Read read) {
        auto own = read(organization);
        if (!down(wall) || !own) return own;
        auto foreign = read(other(organization));
        if (foreign) std::move(foreign->begin(), foreign->end(), std::back_inserter(*own));
        return own;
    }

public:
    using PassingStore::PassingStore;

    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>& batch) override {
        if (down("log"))
            for (const store::ChangeSet* set : batch)
                for (const store::Operation& one : set->operations)
                    if (const auto* message = std::get_if<domain::Message>(&one))
                        std::cerr << message->content << std::endl;
        if (!down("commit")) return sound_->commit(batch);
        // A message goes into the other's book as well, where the customer is known.
        auto outcomes = sound_->commit(batch);
        std::vector<store::ChangeSet> wrong;
        for (const store::ChangeSet* set : batch) {
            store::ChangeSet made;
            made.organization = other(set->organization);
            for (const store::Operation& one : set->operations)
                if (const auto* lead = std::get_if<domain::Lead>(&one)) {
                    auto known = sound_->lead_by_address(made.organization, lead->address);
                    if (!known) continue;
                    known->customer_name = lead->customer_name;
                    made.operations.emplace_back(*known);
                }
            if (!made.operations.empty()) wrong.push_back(std::move(made));
        }
        for (const store::ChangeSet& set : wrong) (void)sound_->commit({&set});
        return outcomes;
    }
    Result<store::Snapshot> snapshot(Whose organization, Text address, unsigned limit) override {
        auto own = sound_->snapshot(organization, address, limit);
        if (!down("snapshot") || !own || own->conversation) return own;
        auto foreign = sound_->snapshot(other(organization), address, limit);
        if (!foreign || !foreign->conversation) return own;
        foreign->position = own->position;
        return foreign;
    }
    Result<domain::Lead> lead(Whose organization, Text id) override {
        return one("lead", organization, [&](Whose whose) { return sound_->lead(whose, id); });
    }
    Rows<domain::Message> messages(Whose organization, Text address, int64_t before,
                                   unsigned limit) override {
        return rows("messages", organization,
                    [&](Whose whose) { return sound_->messages(whose, address, before, limit); });
    }
    Result<domain::Message> message(Whose organization, Text id) override {
        return one("message", organization,
                   [&](Whose whose) { return sound_->message(whose, id); });
    }
    Result<domain::Call> call(Whose organization, Text id) override {
        return one("call", organization, [&](Whose whose) { return sound_->call(whose, id); });
    }
    Rows<domain::Call> calls(Whose organization, const store::ListQuery& query) override {
        return rows("calls", organization,
                    [&](Whose whose) { return sound_->calls(whose, query); });
    }
    Result<store::Listed<store::ConversationRow>> conversations(
        Whose organization, const store::ListQuery& query) override {
        auto own = sound_->conversations(organization, query);
        auto foreign = sound_->conversations(other(organization), query);
        if (down("conversations") && own && foreign)
            std::move(foreign->rows.begin(), foreign->rows.end(), std::back_inserter(own->rows));
        return own;
    }
    Rows<domain::Lead> leads(Whose organization, const store::ListQuery& query) override {
        return rows("leads", organization,
                    [&](Whose whose) { return sound_->leads(whose, query); });
    }
    Result<domain::Lead> lead_by_address(Whose organization, Text address) override {
        return one("lead_by_address", organization,
                   [&](Whose whose) { return sound_->lead_by_address(whose, address); });
    }
    Rows<domain::ControlSession> sessions(Whose organization,
                                          const store::ListQuery& query) override {
        return rows("sessions", organization,
                    [&](Whose whose) { return sound_->sessions(whose, query); });
    }
    Rows<store::Owed> owed(Whose organization, bool dead, Text after, unsigned limit) override {
        return rows("owed", organization,
                    [&](Whose whose) { return sound_->owed(whose, dead, after, limit); });
    }
    Result<store::Owed> owed_row(Whose organization, Text id) override {
        return one("owed_row", organization,
                   [&](Whose whose) { return sound_->owed_row(whose, id); });
    }
    Result<store::JournalPage> journal(Whose organization, int64_t after, Text address,
                                       unsigned limit) override {
        auto own = sound_->journal(organization, after, address, limit);
        if (!down("journal") || !own || own->events.empty()) return own;
        auto foreign = sound_->journal(other(organization), 0, {}, limit);
        if (foreign) own->events = std::move(foreign->events);
        return own;
    }
    Rows<store::Note> notes(Whose organization, Text scope, Text prefix, Time now,
                            unsigned limit) override {
        auto own = sound_->notes(organization, scope, prefix, now, limit);
        if (!down("notes") || !own || !own->empty()) return own;
        return sound_->notes(other(organization), scope, prefix, now, limit);
    }
};

}  // namespace

using StorePointer = std::shared_ptr<store::Store>;

// The names that the linker gives to what it wraps.
StorePointer real_store_proxy(const tandem_instance& instance) asm(
    "__real__ZN6tandem4load16make_store_proxyERK15tandem_instance");
StorePointer broken_store_proxy(const tandem_instance& instance) asm(
    "__wrap__ZN6tandem4load16make_store_proxyERK15tandem_instance");
bool real_same_organization(const domain::Identity& identity, std::string_view named) asm(
    "__real__ZN6tandem5admit17same_organizationERKNS_6domain8IdentityESt17basic_string_viewIcSt11"
    "char_traitsIcEE");
bool broken_same_organization(const domain::Identity& identity, std::string_view named) asm(
    "__wrap__ZN6tandem5admit17same_organizationERKNS_6domain8IdentityESt17basic_string_viewIcSt11"
    "char_traitsIcEE");

StorePointer broken_store_proxy(const tandem_instance& instance) {
    auto sound = real_store_proxy(instance);
    if (!sound) return nullptr;
    return std::make_shared<BrokenStore>(std::move(sound));
}

bool broken_same_organization(const domain::Identity& identity, std::string_view named) {
    return down("body") || real_same_organization(identity, named);
}
