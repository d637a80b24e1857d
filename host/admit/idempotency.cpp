#include "admit/idempotency.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

#include "admit/mac.h"

namespace tandem::admit {

namespace {

using Json = nlohmann::json;

constexpr char scope[] = "idempotency";
constexpr size_t max_key_bytes = 255;
// No route takes that long to answer: whoever ran it is gone.
constexpr Milliseconds longest_request{120000};
constexpr unsigned retry_after_s = 2;

Once answered(serve::Problem problem) {
    Once once;
    once.kind = Once::Kind::Answered;
    once.answer = serve::problem(problem);
    return once;
}

Once malformed() {
    serve::Problem problem{400, "VALIDATION_FAILED",
                           "Idempotency-Key must be 1 to 255 visible characters."};
    problem.errors.emplace_back("Idempotency-Key", "must be 1 to 255 visible characters");
    return answered(std::move(problem));
}

Once running() {
    serve::Problem problem{409, "IDEMPOTENCY_IN_PROGRESS",
                           "The first request with this Idempotency-Key still runs."};
    problem.retry_after_s = retry_after_s;
    return answered(std::move(problem));
}

Once unreadable(const Error& error) {
    if (error.code == Code::Unsupported)
        return answered({501, "NOT_IMPLEMENTED",
                         "This gateway's storage keeps no idempotency keys; send the request "
                         "without one."});
    serve::Problem problem{503, "STORAGE_UNAVAILABLE", "The storage does not answer."};
    problem.retry_after_s = retry_after_s;
    return answered(std::move(problem));
}

bool is_key(std::string_view key) {
    return !key.empty() && key.size() <= max_key_bytes &&
           std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool has_field(const serve::Request& request, std::string_view name) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    const auto same = [&](char a, char b) { return lower(a) == lower(b); };
    return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& field) {
        return std::equal(field.name.begin(), field.name.end(), name.begin(), name.end(), same);
    });
}

/// What must be the same for a request to be the same.
std::string digest_of(const serve::Request& request) {
    const std::string text = request.method + ' ' + request.path + '\n' + request.body;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        return {};
    return hex({reinterpret_cast<const char*>(digest.data()), size});
}

/// The answer that a note keeps; nothing while there is none.
std::optional<serve::Response> kept_answer(const Json& kept) {
    if (!kept.contains("status")) return std::nullopt;
    serve::Response answer;
    answer.status = kept.value("status", 500);
    answer.content_type = kept.value("type", std::string());
    answer.body = kept.value("body", std::string());
    return answer;
}

}  // namespace

Once Idempotency::look(const serve::Request& request, const domain::OrganizationId& organization,
                       const std::string& subject) {
    const auto key = request.header("Idempotency-Key");
    // Of two fields none is the only one: whoever sent them did not ask for no key.
    if (!key && has_field(request, "Idempotency-Key")) return malformed();
    if (!key) return {};
    if (!is_key(*key)) return malformed();
    const Time now = clock_.now();
    const std::string digest = digest_of(request);
    const auto notes = store_.notes(organization, scope, std::string(*key), now, 1);
    if (!notes) return unreadable(notes.error());

    // A longer key that begins so comes behind it.
    if (!notes->empty() && notes->front().key == *key) {
        const Json kept = Json::parse(notes->front().value, nullptr, false);
        if (!kept.is_object() || kept.value("request", std::string()) != digest)
            return answered({422, "IDEMPOTENCY_KEY_REUSED",
                             "This Idempotency-Key was used for another request."});
        Once once;
        once.kind = Once::Kind::Answered;
        if (auto answer = kept_answer(kept)) {
            once.answer = *std::move(answer);
            return once;
        }
        if (now - notes->front().at < longest_request) return running();
        once.kind = Once::Kind::Interrupted;
        once.organization = organization;
        once.subject = kept.value("subject", std::string());
        return once;
    }

    Once once;
    once.kind = Once::Kind::Fresh;
    once.organization = organization;
    once.subject = subject;
    once.precondition = {scope, std::string(*key), std::nullopt, now};
    const Json value{{"request", digest}, {"subject", subject}};
    once.note = {scope, std::string(*key), value.dump(), now, now + key_lifetime};
    return once;
}

void keep(Once& once, const serve::Response& answer) {
    if (once.kind != Once::Kind::Fresh) return;
    Json value = Json::parse(once.note.value);
    value["status"] = answer.status;
    value["type"] = answer.content_type;
    value["body"] = answer.body;
    once.note.value = value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Idempotency::finish(Once once, serve::Response answer,
                         std::function<void(serve::Response)> then) {
    if (once.kind != Once::Kind::Fresh) return then(std::move(answer));
    store::ChangeSet set;
    set.organization = std::move(once.organization);
    // Whoever was erased meanwhile does not come back with an answer.
    set.preconditions.push_back(store::NoteIs{scope, once.note.key, once.note.value, clock_.now()});
    keep(once, answer);
    set.operations.push_back(std::move(once.note));
    auto told = std::make_shared<serve::Response>(std::move(answer));
    const bool queued = committer_.submit(std::move(set), [&log = log_, told, then](auto outcome) {
        if (!outcome || outcome->kind != store::Outcome::Kind::Committed)
            log.warn("admit", "an answer could not be kept for its Idempotency-Key",
                     {{"reason", outcome ? outcome->text : outcome.error().text}});
        then(std::move(*told));
    });
    if (queued) return;
    log_.warn("admit", "an answer could not be kept: the committer is full");
    then(std::move(*told));
}

}  // namespace tandem::admit
