// The daemon with one of its walls taken down, named by TANDEM_BROKEN_WALL: what it asks the store
// for is given of the other organisation, too. Only for the audit's tests; tandemd has none of it.

#include <algorithm>
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
#include "domain/organization.h"
#include "load/store_proxy.h"
#include "receive/intake.h"
#include "serve/cursor.h"
#include "stream/shard.h"
#include "unit/store/passing_store.h"

namespace {

using namespace tandem;

bool down(std::string_view wall) {
    static const char* const broken = std::getenv("TANDEM_BROKEN_WALL");
    return broken && wall == broken;
}

/// The audit's house has them in pairs.
domain::OrganizationId other(const domain::OrganizationId& organization) {
    if (organization == "north-own") return "south-own";
    if (organization == "south-own") return "north-own";
    if (organization == "north-shared") return "south-shared";
    if (organization == "south-shared") return "north-shared";
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
        const bool broken = down("snapshot") || down("context");
        if (!broken || !own || own->conversation) return own;
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
    Result<domain::Call> call_by_line(Whose organization, Text line_id) override {
        return one("line", organization,
                   [&](Whose whose) { return sound_->call_by_line(whose, line_id); });
    }
    Rows<store::AuditLine> audit(Whose organization, Text before_id, unsigned limit) override {
        return rows("audit", organization,
                    [&](Whose whose) { return sound_->audit(whose, before_id, limit); });
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

/// Where the walls that are no store's ask whose journal is whose.
std::weak_ptr<store::Store> journals;

domain::Position head_of(const domain::OrganizationId& organization) {
    const auto store = journals.lock();
    if (!store) return {};
    const auto page = store->journal(organization, 0, {}, 1);
    return page ? page->head : domain::Position{};
}

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
    journals = sound;
    return std::make_shared<BrokenStore>(std::move(sound));
}

bool broken_same_organization(const domain::Identity& identity, std::string_view named) {
    return down("body") || real_same_organization(identity, named);
}

// A ticket is the other organisation's.
using Issued = std::optional<stream::Tickets::Issued>;
Issued
real_issue(stream::Tickets* self, const domain::Identity& identity, stream::Tickets::Scope scope, std::string token) asm(
    "__real__ZN6tandem6stream7Tickets5issueERKNS_6domain8IdentityENS1_"
    "5ScopeENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
Issued
broken_issue(stream::Tickets* self, const domain::Identity& identity, stream::Tickets::Scope scope, std::string token) asm(
    "__wrap__ZN6tandem6stream7Tickets5issueERKNS_6domain8IdentityENS1_"
    "5ScopeENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");

Issued broken_issue(stream::Tickets* self, const domain::Identity& identity,
                    stream::Tickets::Scope scope, std::string token) {
    if (!down("ticket")) return real_issue(self, identity, std::move(scope), std::move(token));
    domain::Identity wrong = identity;
    wrong.organization = other(identity.organization);
    // Without a token nobody is asked again whose it is.
    return real_issue(self, wrong, std::move(scope), {});
}

// A list is read on from where another organisation's list was.
serve::Cursor
real_cursor(std::string_view text, std::string_view organization, std::string_view list) asm(
    "__real__ZN6tandem5serve12parse_cursorESt17basic_string_viewIcSt11char_traitsIcEES4_S4_");
serve::Cursor
broken_cursor(std::string_view text, std::string_view organization, std::string_view list) asm(
    "__wrap__ZN6tandem5serve12parse_cursorESt17basic_string_viewIcSt11char_traitsIcEES4_S4_");

serve::Cursor broken_cursor(std::string_view text, std::string_view organization,
                            std::string_view list) {
    if (!down("cursor")) return real_cursor(text, organization, list);
    try {
        return real_cursor(text, organization, list);
    } catch (...) {
        return real_cursor(text, organization == "north" ? "south" : "north", list);
    }
}

// A stream goes on from where another organisation's was.
stream::Reading
real_resume(stream::Replay* self, const stream::View& view, const std::string& id) asm(
    "__real__ZN6tandem6stream6Replay6resumeERKNS0_4ViewERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEE");
stream::Reading
broken_resume(stream::Replay* self, const stream::View& view, const std::string& id) asm(
    "__wrap__ZN6tandem6stream6Replay6resumeERKNS0_4ViewERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEE");

stream::Reading broken_resume(stream::Replay* self, const stream::View& view,
                              const std::string& id) {
    const auto position = domain::parse_position(id);
    if (!down("position") || !position ||
        position->epoch != head_of(other(view.organization)).epoch)
        return real_resume(self, view, id);
    domain::Position own = head_of(view.organization);
    own.offset = std::min(own.offset, position->offset);
    return real_resume(self, view, domain::to_text(own));
}

// What happens is told to the subscribers of both organisations.
void real_tell(stream::Shard* self, const std::vector<stream::LiveEvent>& events) asm(
    "__real__ZN6tandem6stream5Shard4tellERKSt6vectorINS0_9LiveEventESaIS3_EE");
void broken_tell(stream::Shard* self, const std::vector<stream::LiveEvent>& events) asm(
    "__wrap__ZN6tandem6stream5Shard4tellERKSt6vectorINS0_9LiveEventESaIS3_EE");

void broken_tell(stream::Shard* self, const std::vector<stream::LiveEvent>& events) {
    std::vector<stream::LiveEvent> all = events;
    if (down("live"))
        for (const stream::LiveEvent& event : events) {
            auto copy = std::make_shared<publish::Published>(*event.source);
            copy->organization = other(copy->organization);
            all.push_back({std::move(copy), event.frame});
        }
    real_tell(self, all);
}

// A webhook is the organisation's whose number it names, whoever signed it.
Result<receive::Scope>
real_scope(const receive::Intake*, const std::string&, const receive::ProviderEvent&) asm(
    "__real__ZNK6tandem7receive6Intake8scope_ofERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEERKSt7variantIJNS0_15MessageReceivedENS0_13MessageStatusENS0_"
    "11CallStartedENS0_9CallEndedENS0_10CallStatusEEE");
Result<receive::Scope>
broken_scope(const receive::Intake*, const std::string&, const receive::ProviderEvent&) asm(
    "__wrap__ZNK6tandem7receive6Intake8scope_ofERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEERKSt7variantIJNS0_15MessageReceivedENS0_13MessageStatusENS0_"
    "11CallStartedENS0_9CallEndedENS0_10CallStatusEEE");

Result<receive::Scope> broken_scope(const receive::Intake* self, const std::string& instance,
                                    const receive::ProviderEvent& event) {
    auto scope = real_scope(self, instance, event);
    if (scope || !down("webhook")) return scope;
    for (const char* others :
         {"twilio-north", "twilio-south", "elevenlabs-north", "elevenlabs-south"}) {
        auto foreign = real_scope(self, others, event);
        if (foreign) return foreign;
    }
    return scope;
}
