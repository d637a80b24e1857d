#include "api.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "date.hpp"
#include "form.hpp"
#include "tandem/plugin/failure.hpp"

namespace tandem::twilio {

using namespace tandem::plugin;

namespace {

constexpr std::uint32_t usual_deadline_ms = 10'000;

std::string basic(const std::string& user, const std::string& password) {
    const std::string pair = user + ":" + password;
    std::string text(4 * ((pair.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(pair.data()),
                                       static_cast<int>(pair.size()));
    text.resize(static_cast<std::size_t>(length));
    return "Basic " + text;
}

std::string path_of(const Account& account, std::string_view resource) {
    return "/2010-04-01/Accounts/" + account.sid + "/" + std::string(resource);
}

}  // namespace

Parameters& Parameters::add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_.push_back('&');
    text_ += form_encoded(name) + "=" + form_encoded(value);
    return *this;
}

HttpResult Api::get(const Account& account, std::string_view resource, const Parameters& query,
                    std::uint32_t deadline_ms) const {
    std::string path = path_of(account, resource);
    if (!query.text().empty()) path += "?" + query.text();
    return send(account, "GET", path, {}, deadline_ms);
}

HttpResult Api::post(const Account& account, std::string_view resource, const Parameters& form,
                     std::uint32_t deadline_ms) const {
    return send(account, "POST", path_of(account, resource), form.text(), deadline_ms);
}

HttpResult Api::get_page(const Account& account, std::string_view resource, const std::string& uri,
                         std::uint32_t deadline_ms) const {
    const std::string list = path_of(account, resource) + "?";
    const bool plain = std::all_of(uri.begin(), uri.end(), [](char letter) {
        return letter > ' ' && letter < 0x7f && letter != '#' && letter != '\\';
    });
    if (!plain || uri.size() > 4096 || uri.compare(0, list.size(), list) != 0)
        throw Failure(TANDEM_CORRUPT, "Twilio's list goes on somewhere else; not followed");
    return send(account, "GET", uri, {}, deadline_ms);
}

std::string Api::media_url(const Account& account, std::string_view message_sid,
                           std::string_view media_sid) const {
    // Webhooks name Twilio's own host, also when we talk to something in front of it.
    static constexpr std::string_view own = ".twilio.com";
    const bool twilio =
        base_.size() > own.size() && base_.compare(base_.size() - own.size(), own.size(), own) == 0;
    return (twilio ? base_ : "https://api.twilio.com") +
           path_of(account, "Messages/" + std::string(message_sid) + "/Media/") +
           std::string(media_sid);
}

HttpResult Api::send(const Account& account, const char* method, const std::string& path,
                     std::string body, std::uint32_t deadline_ms) const {
    HttpRequest request;
    request.method = method;
    request.url = base_ + path;
    request.headers = {{"Authorization", basic(account.user, account.password)},
                       {"Accept", "application/json"}};
    if (request.method == "POST")
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = std::move(body);
    request.deadline_ms = deadline_ms > 0 ? deadline_ms : usual_deadline_ms;
    return host_.http().send(request);
}

std::optional<std::int64_t> clock_ahead_ms(const HttpResult& result, tandem_time now) {
    const auto date = read_date(result.header("Date").value_or(""));
    if (!date) return std::nullopt;
    return *date - now;
}

}  // namespace tandem::twilio
