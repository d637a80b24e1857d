#include "bench/fanout/tandem.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

#include "serve/server.h"
#include "stream/hub.h"
#include "unit/store/refusing_store.h"

namespace tandem::bench {

namespace {

using namespace std::chrono_literals;

const std::string payload =
    "{\"type\":\"sms_received\",\"message\":\"" + std::string(240, 'x') + "\"}";

class NoFeed : public publish::Feed {
public:
    bool follow(const domain::OrganizationId&, const domain::Position&) override { return true; }
};
class KindJudge : public admit::Judge {
public:
    std::string judge(const domain::Identity&, std::string_view, tandem::Time) const override {
        return {};
    }
    std::string ask_again(const std::string&, const domain::Identity&, std::string_view,
                          tandem::Time) const override {
        return {};
    }
};
class NoLog : public observe::Log {
public:
    bool enabled(observe::Level) const override { return false; }
    void write(observe::Level, std::string_view, std::string_view,
               std::initializer_list<observe::Field>) override {}
};
class NoMetrics : public observe::Metrics {
public:
    struct Sum : observe::Counter {
        void add(double amount) override { sum.fetch_add(static_cast<uint64_t>(amount)); }
        std::atomic<uint64_t> sum{0};
    };
    struct Nothing : observe::Histogram {
        void observe(double) override {}
    };
    observe::Counter& counter(std::string_view, std::string_view, Labels) override { return sum_; }
    observe::Histogram& histogram(std::string_view, std::string_view, Labels) override {
        return nothing_;
    }
    void gauge(std::string_view, std::string_view, Labels, std::function<double()>) override {}
    std::string text() const override { return {}; }

private:
    Sum sum_;
    Nothing nothing_;
};

/// The hub behind a route table; the query of a stream names its conversation.
class Stage {
public:
    Stage() : hub_({}, store_, feed_, judge_, clock_, ids_, log_, metrics_) { hub_.start(); }

    std::vector<serve::Route> routes() {
        std::vector<serve::Route> all(3);
        all[0].method = "GET";
        all[0].pattern = "/stream";
        all[0].handler = [this](serve::Request request, serve::Responder responder) {
            open(request.raw_query, std::move(responder));
        };
        all[1].method = "POST";
        all[1].pattern = "/all";
        all[1].handler = [this](serve::Request, serve::Responder responder) {
            hub_.published({event("+15550000")});
            responder.answer({.status = 204});
        };
        all[2].method = "POST";
        all[2].pattern = "/pairs";
        all[2].handler = [this](serve::Request request, serve::Responder responder) {
            pairs(std::strtoul(request.raw_query.c_str(), nullptr, 10));
            responder.answer({.status = 204});
        };
        for (serve::Route& route : all) {
            route.access = serve::Access::Open;
            route.body_limit = route.method == "POST" ? 1024 : 0;
        }
        return all;
    }
    void stop() { hub_.stop(); }

private:
    void open(const std::string& conversation, serve::Responder responder) {
        auto subscription = std::make_shared<stream::Subscription>();
        subscription->identity.subject = "somebody-with-an-id";
        subscription->identity.organization = "acme";
        subscription->identity.permissions = {"conversations:read"};
        subscription->identity.expires_at = clock_.now() + std::chrono::hours(1);
        subscription->view.organization = "acme";
        subscription->view.address = "+1555000" + conversation;
        serve::Response head;
        head.content_type = "text/event-stream";
        head.headers = {{"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
        responder.stream(head, [this, subscription](std::shared_ptr<serve::Stream> opened) {
            hub_.open(std::move(opened), std::move(*subscription));
        });
    }
    std::shared_ptr<const publish::Published> event(const std::string& address) {
        auto made = std::make_shared<publish::Published>();
        made->organization = "acme";
        made->journal_epoch = "0123456789abcdef";
        made->event.address = address;
        made->event.type = "sms_received";
        made->event.payload = payload;
        made->event.offset = ++offset_;
        return made;
    }
    void pairs(size_t count) {
        for (size_t i = 0; i < count; ++i) hub_.published({event("+1555000" + std::to_string(i))});
    }

    SystemClock clock_;
    IdSource ids_{clock_};
    tandem::testing::RefusingStore store_;
    NoFeed feed_;
    KindJudge judge_;
    NoLog log_;
    NoMetrics metrics_;
    std::atomic<int64_t> offset_{0};
    stream::Hub hub_;
};

}  // namespace

void run_tandem(const std::function<void(uint16_t port)>& until_told) {
    Stage stage;
    serve::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.connections_per_address = 0;
    serve::Server server(options, stage.routes(), {});
    server.start();
    until_told(server.port());
    stage.stop();
    server.stop();
}

std::string sample_event() {
    return stream::event_text({"0123456789abcdef", 100000}, payload);
}

}  // namespace tandem::bench
