#include "events.hpp"
#include "outcome.hpp"
#include "twilio.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

// Twilio refuses longer texts (21617). Whether it counts code points or UTF-16 units is not
// documented; the latter are never fewer.
constexpr std::uint32_t twilio_max_text_units = 1600;

// Twilio tries a callback once unless it is told otherwise (Webhooks: Connection Overrides);
// what follows the # is for Twilio, neither sent nor signed.
constexpr const char* connection_overrides = "#rc=3&rp=5xx,ct,rt&ct=2000&rt=4500";

std::uint32_t utf16_units(std::string_view text) {
    std::uint32_t units = 0;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if ((byte & 0xc0u) == 0x80u) continue;
        units += byte >= 0xf0u ? 2 : 1;
    }
    return units;
}

/// An address as Twilio takes it: short codes and names of senders without the host's type.
std::string_view wire_address(std::string_view address) {
    for (const std::string_view type : {"shortcode:", "sender:"})
        if (address.substr(0, type.size()) == type) return address.substr(type.size());
    return address;
}

/// `whatsapp:`, `messenger:`, `rcs:`; empty for phones.
std::string_view scheme_of(std::string_view address) {
    const std::size_t colon = address.find(':');
    return colon == std::string_view::npos ? std::string_view() : address.substr(0, colon + 1);
}

}  // namespace

std::uint32_t Twilio::max_text_units() {
    return twilio_max_text_units;
}

Receipt Twilio::send(const OutboundMessage& message) {
    // Twilio would say the same, later and for a price.
    if (message.text.empty()) return Receipt::refused("21602", "the text is empty");
    if (utf16_units(message.text) > twilio_max_text_units)
        return Receipt::refused("21617", "the text is longer than 1600 UTF-16 units");
    const Parameters form = form_of(message);
    return receipt_of(api_.post(accounts_.front(), "Messages.json", form, message.deadline_ms),
                      host_.clock().now());
}

std::string Twilio::sender_of(const OutboundMessage& message) const {
    if (!messaging_service_sid_.empty() && (service_picks_sender_ || message.from.empty()))
        return {};
    std::string from(wire_address(message.from.empty() ? std::string_view(from_) : message.from));
    // A messenger's address is answered from the same messenger.
    const std::string_view scheme = scheme_of(wire_address(message.to));
    if (!scheme.empty() && !from.empty() && scheme_of(from).empty())
        from.insert(0, std::string(scheme));
    return from;
}

std::string Twilio::receiver_of(const OutboundMessage& message) {
    return std::string(wire_address(message.to));
}

std::string Twilio::callback_of(const OutboundMessage& message) const {
    std::string url(message.status_url);
    // Given as the place of all our webhooks, it ends with a slash.
    if (url.back() == '/') url += "sms/status";
    Parameters query;
    query.add(own_id_parameter, message.message_id);
    // The callback names the sender that the service chose; the organisation is found by the
    // one that it sends for.
    if (!messaging_service_sid_.empty() && !message.from.empty())
        query.add(sender_parameter, message.from);
    url += url.find('?') == std::string::npos ? '?' : '&';
    return url + query.text() + connection_overrides;
}

Parameters Twilio::form_of(const OutboundMessage& message) const {
    const std::string_view to = wire_address(message.to);
    const std::string from = sender_of(message);
    Parameters form;
    form.add("To", to);
    if (!from.empty()) form.add("From", from);
    if (!messaging_service_sid_.empty()) form.add("MessagingServiceSid", messaging_service_sid_);
    form.add("Body", message.text);
    if (!message.status_url.empty()) form.add("StatusCallback", callback_of(message));
    // Known for texts over carriers; messengers have their own patience.
    if (scheme_of(to).empty()) form.add("ValidityPeriod", std::to_string(validity_s_));
    return form;
}

}  // namespace tandem::twilio
