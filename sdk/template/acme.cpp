#include "acme.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "form.hpp"

namespace acme {

using namespace tandem::plugin;

namespace {

// Acme refuses longer texts; it counts as GSM does, ten segments of 160.
constexpr std::uint32_t acme_max_text_units = 1600;

// Acme signs nothing. It repeats a secret that both sides know, in this header.
constexpr std::string_view secret_header = "X-Acme-Secret";

// Takes the same time wherever the first difference is, so that nobody can guess the secret
// letter by letter. Its length is no secret.
bool equal_in_constant_time(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference |= static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i]);
    }
    return difference == 0;
}

std::optional<std::int64_t> number(std::string_view digits) {
    std::int64_t value = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

Delivery delivery_of(std::string_view state) {
    if (state == "queued") return Delivery::Queued;
    if (state == "sent") return Delivery::Sent;
    if (state == "delivered") return Delivery::Delivered;
    if (state == "failed") return Delivery::Failed;
    return Delivery::Other;
}

std::string_view required(const Form& form, std::string_view name) {
    const std::string_view value = form.get(name);
    if (value.empty()) throw Failure(TANDEM_INVALID, "the request has no " + std::string(name));
    return value;
}

// What both kinds of request have. A repeated delivery has the same id, and a status the same
// id and state, so that is what makes an event the same event.
void fill(Event& event, const Form& form, std::string key) {
    event.dedupe_key = std::move(key);
    event.happened_at = number(form.get("at")).value_or(0);
}

MessageReceived message_of(const Form& form) {
    MessageReceived message;
    message.provider_id = required(form, "id");
    fill(message, form, "message:" + message.provider_id);
    message.business_address = required(form, "to");
    message.customer_address = required(form, "from");
    message.text = form.get("text");
    return message;
}

MessageStatus status_of(const Form& form) {
    MessageStatus status;
    status.provider_id = required(form, "id");
    status.provider_word = required(form, "state");
    fill(status, form, "status:" + status.provider_id + ":" + status.provider_word);
    // The status is of our message, so it went from the business to the customer.
    status.business_address = required(form, "from");
    status.customer_address = required(form, "to");
    status.message_id = form.get("reference");
    status.delivery = delivery_of(status.provider_word);
    status.error_code = form.get("code");
    status.error_text = form.get("reason");
    return status;
}

// Only a clear "no" is a refusal. After a 5xx nobody knows what the provider did before it
// failed, and a text sent twice is worse than one that a person has to look after.
Receipt receipt_of(const HttpResult& result) {
    if (!result.answered) {
        return result.maybe_sent ? Receipt::unknown(result.error)
                                 : Receipt::not_sent(result.error, result.retry_after_ms);
    }
    const std::string words = "Acme answered " + std::to_string(result.status);
    if (result.status == 429) {
        const auto seconds = number(result.header("Retry-After").value_or(""));
        const bool usable = seconds && *seconds > 0 && *seconds <= 3600;
        return Receipt::not_sent(words, usable ? static_cast<std::uint32_t>(*seconds) * 1000 : 0);
    }
    const std::optional<Form> answer = Form::parse(result.body);
    if (!answer || result.status >= 500 || result.status < 200) return Receipt::unknown(words);
    if (result.status < 300) {
        const std::string_view id = answer->get("id");
        if (id.empty()) return Receipt::unknown(words + " without an id");
        return Receipt::accepted(std::string(id), delivery_of(answer->get("state")));
    }
    Receipt receipt = Receipt::refused(std::string(answer->get("code")), words);
    receipt.opted_out = receipt.error_code == "opted_out";
    return receipt;
}

}  // namespace

Acme::Acme(Host host)
    : host_(std::move(host)),
      base_url_(host_.config().text("api_base_url")),
      api_key_(host_.config().text("api_key")),
      webhook_secret_(host_.config().text("webhook_secret")) {
    // An empty secret would make every stranger genuine.
    if (webhook_secret_.size() < 16) {
        throw Failure(TANDEM_INVALID, "webhook_secret must have at least 16 characters");
    }
    while (!base_url_.empty() && base_url_.back() == '/') base_url_.pop_back();
}

Description Acme::describe() {
    Description description;
    description.id = "com.example.acme";
    description.name = "Acme SMS";
    description.version = "1.0.0";
    description.vendor = "Example";
    description.licence = "Apache-2.0";
    description.homepage = "https://acme.example";
    description.options = {
        {"api_key",
         TANDEM_OPTION_TEXT,
         TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET,
         {},
         "The key that Acme gave you, for sending"},
        {"webhook_secret",
         TANDEM_OPTION_TEXT,
         TANDEM_OPTION_REQUIRED | TANDEM_OPTION_SECRET,
         {},
         "What Acme repeats in X-Acme-Secret, 16 characters or more"},
        {"api_base_url", TANDEM_OPTION_TEXT, 0, "https://api.acme.example", "Where Acme's API is"},
    };
    return description;
}

std::vector<Route> Acme::routes() {
    return {Route{"POST", "messages"}, Route{"POST", "status"}};
}

void Acme::verify(const WebhookRequest& request) {
    const auto given = request.header(secret_header);
    if (!given) throw Failure(TANDEM_UNAUTHORIZED, "X-Acme-Secret is missing");
    if (!equal_in_constant_time(*given, webhook_secret_)) {
        throw Failure(TANDEM_UNAUTHORIZED, "X-Acme-Secret is not the webhook_secret");
    }
}

void Acme::normalise(const WebhookRequest& request, WebhookSink& sink) {
    const std::optional<Form> form = Form::parse(request.body);
    if (!form) throw Failure(TANDEM_INVALID, "the body is no form");
    if (request.path == "messages") {
        sink.event(message_of(*form));
    } else {
        sink.event(status_of(*form));
    }
    sink.answer({200, "text/plain", "ok"});
}

Receipt Acme::send(const OutboundMessage& message) {
    Form form;
    form.add("from", std::string(message.from));
    form.add("to", std::string(message.to));
    form.add("text", std::string(message.text));
    form.add("reference", std::string(message.message_id));
    if (present(message.status_url)) form.add("report_to", std::string(message.status_url));

    HttpRequest request;
    request.url = base_url_ + "/v1/messages";
    request.headers = {{"Authorization", "Bearer " + api_key_},
                       {"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form.encoded();
    request.deadline_ms = message.deadline_ms;
    const Receipt receipt = receipt_of(host_.http().send(request));
    if (receipt.outcome != SendOutcome::Accepted) {
        host_.log().warn("a message was not accepted", {{"reason", receipt.error_text}});
    }
    return receipt;
}

std::uint32_t Acme::max_text_units() {
    return acme_max_text_units;
}

}  // namespace acme

TANDEM_PLUGIN(acme::Acme)
