#include "boot/gateway.h"

#include <stdexcept>

#include "boot/furniture.h"
#include "boot/option_files.h"
#include "boot/places.h"
#include "boot/plugins.h"

namespace tandem::boot {

namespace {

// The contract gives 15 s from TERM to the end; what these leave is for plugins.
constexpr Milliseconds drain_time{6000};
constexpr Milliseconds settle_time{4000};
constexpr Milliseconds people_time{500};
constexpr Milliseconds ask_time{500};
constexpr Milliseconds commit_time{2000};

}  // namespace

Gateway::Gateway(settings::Settings settings)
    : settings_(std::move(settings)), in_force_(settings_), files_(option_files(settings_)) {}

Gateway::~Gateway() {
    stop();
}

Result<void> Gateway::start() {
    furniture_ = std::make_unique<Furniture>(settings_);
    Furniture& own = *furniture_;
    own.logger.info("boot", "starting", {{"version", TANDEM_VERSION}});
    if (Result<void> checked = own.check_options(); !checked) return checked;
    if (Result<void> opened = own.open_store(); !opened) return opened;
    if (Result<void> loaded = own.load_plugins(); !loaded) return loaded;
    own.furnish();
    if (Result<void> read = own.revocations->load(own.organizations); !read) return read;
    // Providers begin only when what they tell can be recorded.
    own.intake->start();
    if (Result<void> started = own.registry->start(); !started) return started;
    own.retention->start();
    own.upkeep->start();
    own.hub->start();
    own.dispatcher->start();
    own.control->start();
    own.reconciler->start();
    return {};
}

Result<void> Gateway::listen() {
    Furniture& own = *furniture_;
    try {
        own.server = std::make_unique<serve::Server>(
            serve::server_options(settings_.server, settings_.limits), own.routes(),
            serve::Furniture{own.gate.get(), &own.logger, &own.metrics,
                             [&own] { own.hub->stop(); }});
        own.server->start();
    } catch (const std::invalid_argument& mistake) {
        return Error{Code::Invalid, mistake.what()};
    } catch (const std::runtime_error& failure) {
        return Error{Code::Unavailable, failure.what()};
    }
    for (const std::string& address : own.server->addresses())
        own.logger.info("boot", "listening", {{"address", address}});
    return {};
}

bool Gateway::stop() {
    if (!furniture_) return true;
    Furniture& own = *furniture_;
    own.readiness.drain();
    if (own.reconciler) own.reconciler->ask_to_stop();
    // Nothing new comes in, then nothing new goes out, then what was promised is written.
    if (own.server && !own.server->drain(drain_time))
        own.logger.warn("boot", "requests were cut off at the end of the drain");
    if (own.hub) own.hub->stop();
    bool settled = !own.dispatcher || own.dispatcher->stop(settle_time);
    if (own.callers) own.callers->stop();
    if (!settled)
        own.logger.warn("boot", "a send or an AI turn was still in hand; its lease will lapse");
    // Whoever asked for these is gone, at the latest with the drain: a transfer may still wait for
    // its provider.
    const bool people_left = !own.control || own.control->stop(people_time);
    const bool desk_left = !own.desk_workers || own.desk_workers->stop(people_time);
    if (!people_left || !desk_left) {
        own.logger.warn("boot", "a person's request was still in hand; it was not answered");
        settled = false;
    }
    // It was asked to stop at the beginning; what it did not record it fetches again.
    if (own.reconciler && !own.reconciler->stop(ask_time)) {
        own.logger.warn("boot", "a provider was still asked what was missed");
        settled = false;
    }
    if (own.intake) own.intake->stop();
    if (own.retention) own.retention->stop();
    if (own.upkeep) own.upkeep->stop();
    if (own.lanes) own.lanes->stop();
    if (own.lane_workers) own.lane_workers->stop();
    if (own.committer) own.committer->stop(commit_time);
    if (own.server) own.server->stop();
    if (settled) own.registry->stop();
    own.logger.info("boot", "stopped", {{"reason", failed() ? "the store broke" : "asked to"}});
    own.logger.flush(std::chrono::milliseconds(500));
    // What a worker still uses is left as it is.
    if (settled)
        furniture_.reset();
    else
        static_cast<void>(furniture_.release());
    return settled;
}

bool Gateway::failed() const {
    return furniture_ && furniture_->store_broke;
}

std::vector<settings::Finding> Gateway::check_plugins(const settings::Settings& settings) {
    Furniture furniture(settings);
    return boot::check_plugins(*furniture.registry, settings);
}

}  // namespace tandem::boot
