#include <algorithm>
#include <utility>

#include "domain/address.h"
#include "receive/delivery.h"
#include "receive/intake.h"

namespace tandem::receive {

namespace {

constexpr size_t max_dedupe_key_bytes = 512;

/// What tells one withheld caller from the next.
std::string contact_of(const ProviderEvent& event) {
    if (const auto* message = std::get_if<MessageReceived>(&event)) return message->provider_id;
    if (const auto* status = std::get_if<MessageStatus>(&event)) return status->provider_id;
    const auto call = [](const auto& one) {
        return one.call_id.empty() ? one.conversation_id : one.call_id;
    };
    if (const auto* started = std::get_if<CallStarted>(&event)) return call(*started);
    if (const auto* ended = std::get_if<CallEnded>(&event)) return call(*ended);
    return std::get<CallStatus>(event).call_id;
}

bool takes_texts(const domain::Address& address) {
    if (address.kind == domain::AddressKind::Phone) return true;
    return address.text.starts_with("whatsapp:") || address.text.starts_with("messenger:") ||
           address.text.starts_with("rcs:");
}

bool serves(const domain::Organization& organization, const std::string& instance) {
    return organization.channel == instance || organization.voice == instance ||
           organization.responder == instance;
}

bool owns(const domain::Organization& organization, const std::string& address) {
    for (const std::string& number : organization.numbers)
        if (number == address) return true;
    return false;
}

std::string_view without_scheme(std::string_view address) {
    const size_t colon = address.find(':');
    return colon == std::string_view::npos ? address : address.substr(colon + 1);
}

/// What these are about has the customer's address; the event need not.
bool is_status(const ProviderEvent& event) {
    return std::holds_alternative<MessageStatus>(event) ||
           std::holds_alternative<CallStatus>(event);
}

}  // namespace

Result<const domain::Organization*> Intake::owner_of(const std::string& instance,
                                                     std::string_view business,
                                                     std::string& number) const {
    if (business.empty()) {
        const domain::Organization* only = nullptr;
        for (const domain::Organization& one : ground_.organizations->all()) {
            if (!serves(one, instance)) continue;
            if (only)
                return Error{Code::NotFound,
                             "the event names no business number, and the instance serves "
                             "several organisations"};
            only = &one;
        }
        if (!only) return Error{Code::NotFound, "the instance serves no organisation"};
        if (!only->numbers.empty()) number = only->numbers.front();
        return only;
    }
    // A messenger's sender is named by the phone number behind its scheme.
    business = without_scheme(business);
    number = business;
    const domain::Organization* owner = ground_.organizations->by_number(number);
    if (!owner) {
        auto phone = domain::parse_phone(business, {});
        if (!phone && !business.starts_with('+'))
            phone = domain::parse_phone("+" + std::string(business), {});
        if (phone) number = phone->text;
        owner = phone ? ground_.organizations->by_number(number) : nullptr;
    }
    if (!owner) return Error{Code::NotFound, "no organisation has this business number"};
    if (!serves(*owner, instance))
        return Error{Code::NotFound,
                     "organisation " + owner->id + " is not served by this instance"};
    return owner;
}

Result<Scope> Intake::scope_of(const std::string& instance, const ProviderEvent& event) const {
    const Incident& incident = incident_of(event);
    if (incident.dedupe_key.empty() || incident.dedupe_key.size() > max_dedupe_key_bytes)
        return Error{Code::Internal, "the plugin gave no usable dedupe key"};
    Scope scope;
    scope.instance = instance;
    const auto owner = owner_of(instance, incident.business_address, scope.business);
    if (!owner) return owner.error();
    scope.organization = *owner;
    const std::string contact = contact_of(event);
    const std::string& region = scope.organization->default_region;
    auto customer = domain::parse_provider_address(incident.customer_address, region, contact);
    if (!customer && is_status(event))
        customer = domain::parse_provider_address({}, region, contact);
    if (!customer) return Error{Code::Invalid, "the customer's address: " + customer.error().text};
    scope.customer = customer->text;
    // An answer to one of our own numbers would come back as the next message, for ever.
    scope.can_be_answered = takes_texts(*customer) &&
                            !owns(*scope.organization, std::string(without_scheme(scope.customer)));
    return scope;
}

}  // namespace tandem::receive
