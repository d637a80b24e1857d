#include "fakes/twilio.h"

#include <Poco/Net/HTMLForm.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>

#include <chrono>
#include <cstdio>

namespace tandem::fakes {

using Poco::Net::HTTPResponse;

class Twilio::Handler : public Poco::Net::HTTPRequestHandler {
public:
    explicit Handler(Twilio& twilio) : twilio_(twilio) {}

    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
        response.setContentType("application/json");
        std::unique_lock lock(twilio_.mutex_);
        ++twilio_.requests_;
        const std::string path = "/2010-04-01/Accounts/" + twilio_.account_sid_ + "/Messages.json";
        if (request.getMethod() != "POST" || request.getURI() != path)
            return complain(response, 404, 20404, "no resource " + request.getURI());
        if (!authenticated(request)) return complain(response, 401, 20003, "Authenticate");
        if (request.getContentType().rfind("application/x-www-form-urlencoded", 0) != 0)
            return complain(response, 400, 21603, "not a form: " + request.getContentType());

        Poco::Net::HTMLForm form(request, request.stream());
        const std::map<std::string, std::string> fields(form.begin(), form.end());
        for (const char* needed : {"To", "Body"})
            if (!fields.count(needed) || fields.at(needed).empty())
                return complain(response, 400, 21604, std::string("missing ") + needed);
        if (!fields.count("From") && !fields.count("MessagingServiceSid"))
            return complain(response, 400, 21603, "neither From nor MessagingServiceSid");

        switch (twilio_.mood_) {
            case Mood::RateLimit:
                response.set("Retry-After", "1");
                return answer(response, 429,
                              R"({"code":20429,"message":"Too Many Requests","status":429})");
            case Mood::ServerError:
                return answer(response, 500, R"({"code":20500,"message":"Internal","status":500})");
            case Mood::Refuse:
                return answer(response, 400,
                              R"({"code":21610,"message":"unsubscribed recipient","status":400})");
            case Mood::Garbage:
                response.setContentType("text/html");
                return answer(response, 200, "<html>busy</html>");
            case Mood::Accept: break;
        }
        char sid[40];
        std::snprintf(sid, sizeof sid, "SM%032zx", twilio_.messages_.size() + 0xfeed0000);
        twilio_.messages_.push_back({sid, fields});
        twilio_.changed_.notify_all();
        answer(response, 201,
               std::string(R"({"sid":")") + sid +
                   R"(","status":"queued","error_code":null,"error_message":null,)" +
                   R"("num_segments":"1"})");
    }

private:
    bool authenticated(const Poco::Net::HTTPServerRequest& request) const {
        if (!request.hasCredentials()) return false;
        const Poco::Net::HTTPBasicCredentials credentials(request);
        return credentials.getUsername() == twilio_.account_sid_ &&
               credentials.getPassword() == twilio_.auth_token_;
    }

    void complain(Poco::Net::HTTPServerResponse& response, int status, int code,
                  const std::string& reason) {
        twilio_.complaints_.push_back(reason);
        answer(response, status,
               "{\"code\":" + std::to_string(code) +
                   ",\"message\":\"refused\",\"status\":" + std::to_string(status) + "}");
    }

    static void answer(Poco::Net::HTTPServerResponse& response, int status,
                       const std::string& body) {
        response.setStatus(static_cast<HTTPResponse::HTTPStatus>(status));
        response.sendBuffer(body.data(), body.size());
    }

    Twilio& twilio_;
};

struct Twilio::Server {
    class Factory : public Poco::Net::HTTPRequestHandlerFactory {
    public:
        explicit Factory(Twilio& twilio) : twilio_(twilio) {}
        Poco::Net::HTTPRequestHandler* createRequestHandler(
            const Poco::Net::HTTPServerRequest&) override {
            return new Handler(twilio_);
        }

    private:
        Twilio& twilio_;
    };

    explicit Server(Twilio& twilio)
        : socket(Poco::Net::SocketAddress("127.0.0.1", 0)),
          server(new Factory(twilio), socket, new Poco::Net::HTTPServerParams) {
        server.start();
    }
    ~Server() { server.stopAll(true); }

    Poco::Net::ServerSocket socket;
    Poco::Net::HTTPServer server;
};

Twilio::Twilio(std::string account_sid, std::string auth_token)
    : account_sid_(std::move(account_sid)),
      auth_token_(std::move(auth_token)),
      server_(std::make_unique<Server>(*this)) {}

Twilio::~Twilio() = default;

std::string Twilio::url() const {
    return "http://127.0.0.1:" + std::to_string(server_->socket.address().port());
}

void Twilio::mood(Mood mood) {
    const std::lock_guard lock(mutex_);
    mood_ = mood;
}

std::vector<Twilio::Message> Twilio::messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
}

std::vector<std::string> Twilio::complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

size_t Twilio::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

bool Twilio::await(size_t count, int seconds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(seconds),
                             [&] { return messages_.size() >= count; });
}

}  // namespace tandem::fakes
