#include "fakes/gateway.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

namespace tandem::fakes {

void Gateway::at(const std::string& url, const std::string& public_url,
                 const std::string& instance) {
    const std::lock_guard lock(mutex_);
    url_ = url;
    public_url_ = public_url;
    instance_ = instance;
}

std::string Gateway::public_url() const {
    const std::lock_guard lock(mutex_);
    return public_url_;
}

std::string Gateway::path(const std::string& route) const {
    const std::lock_guard lock(mutex_);
    return "/api/webhooks/" + instance_ + "/" + route;
}

Json Gateway::post(const Webhook& webhook, bool post) {
    const Json got = post ? exchange(webhook) : Json{{"status", 0}};
    const std::lock_guard lock(mutex_);
    webhooks_.push_back(webhook);
    answers_.push_back({{"number", webhooks_.size()},
                        {"kind", webhook.kind},
                        {"target", webhook.target},
                        {"body", webhook.body},
                        {"status", got.at("status")},
                        {"content_type", got.value("content_type", "")},
                        {"answer", got.value("answer", "")}});
    return answers_.back();
}

Json Gateway::again(size_t number) {
    Webhook webhook;
    {
        const std::lock_guard lock(mutex_);
        webhook = webhooks_.at(number - 1);
    }
    return exchange(webhook);
}

Json Gateway::sent() const {
    const std::lock_guard lock(mutex_);
    return answers_;
}

Json Gateway::exchange(Webhook webhook) const {
    std::string url;
    {
        const std::lock_guard lock(mutex_);
        url = url_;
    }
    sign_(webhook, public_url());
    Json got{{"status", 0}};
    try {
        const Poco::URI gateway(url);
        Poco::Net::HTTPClientSession session(gateway.getHost(), gateway.getPort());
        session.setTimeout(Poco::Timespan(15, 0));  // Twilio's own limit
        Poco::Net::HTTPRequest request("POST", webhook.target, "HTTP/1.1");
        request.setHost(Poco::URI(public_url()).getHost());
        request.setContentLength(static_cast<std::streamsize>(webhook.body.size()));
        for (const auto& [name, value] : webhook.headers) request.set(name, value);
        session.sendRequest(request) << webhook.body;
        Poco::Net::HTTPResponse response;
        std::string body;
        Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
        got = {{"status", static_cast<int>(response.getStatus())},
               {"content_type", response.getContentType()},
               {"answer", body}};
    } catch (const Poco::Exception& failure) {
        got["answer"] = failure.displayText();
    }
    return got;
}

}  // namespace tandem::fakes
