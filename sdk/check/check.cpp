#include "check.h"

#include <dlfcn.h>

#include <algorithm>

namespace tandem::check {

Check::~Check() {
    // Instances end before the services that they were lent.
    for (size_t i = instances_.size(); i > 0; --i) instances_[i - 1].reset();
}

void Check::remark(Remark::Kind kind, std::string text) {
    constexpr size_t most = 20;
    if (remarks_.size() < most) remarks_.push_back({kind, std::move(text)});
}

void Check::skip(std::string text) {
    remark(Remark::Kind::Skip, text);
    throw Skipped(text);
}

void Check::expect_reason(const std::string& call, const host::Outcome& outcome) {
    if (outcome.ok()) return;
    expect(outcome.text.find("the plugin gave no reason") == std::string::npos,
           call + " failed (" + host::word(outcome.status) + ") without a reason");
    expect(outcome.text.find("exception") != 0 && outcome.text.find("an exception") != 0,
           call + ": " + outcome.text);
    if (services_.empty()) return;
    const std::string secret = last_services().secret_in(outcome.text);
    expect(secret.empty(), call + ": the secret option " + secret + " stands in its reason");
}

const tandem_descriptor& Check::descriptor() {
    if (descriptor_) return *descriptor_;
    void* library = ::dlopen(subject_.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(std::string("it cannot be loaded: ") + ::dlerror());
    const auto entry = reinterpret_cast<tandem_entry>(::dlsym(library, TANDEM_ENTRY_SYMBOL));
    if (!entry) {
        throw std::runtime_error(std::string("it has no symbol ") + TANDEM_ENTRY_SYMBOL +
                                 ": not a Tandem plugin, or for another major of the ABI");
    }
    const tandem_descriptor* found = entry();
    const std::vector<std::string> faults = host::descriptor_faults(found);
    if (!faults.empty()) throw std::runtime_error(faults.front());
    descriptor_ = found;
    description_ = host::describe(*found);
    return *descriptor_;
}

const host::PluginDescription& Check::description() {
    descriptor();
    return description_;
}

bool Check::offers(std::string_view kind) {
    const std::vector<std::string>& kinds = description().kinds;
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

BorrowedServices& Check::services() {
    services_.push_back(std::make_unique<BorrowedServices>(description(), subject_.options));
    return *services_.back();
}

host::Instance& Check::made() {
    BorrowedServices& lent = services();
    instances_.push_back(std::make_unique<host::Instance>());
    const host::Outcome outcome = instances_.back()->create(descriptor(), lent.table(), "checked");
    if (outcome.ok()) return *instances_.back();
    expect_reason("create", outcome);
    throw std::runtime_error("create failed: " + outcome.text +
                             " (give it what it needs: --options key=value)");
}

host::Instance& Check::started() {
    host::Instance& instance = made();
    last_services().enter(BorrowedServices::Phase::Running);
    const host::Outcome outcome = instance.start();
    if (outcome.ok()) return instance;
    expect_reason("start", outcome);
    throw std::runtime_error("start failed: " + outcome.text);
}

std::map<std::string, Entry>& entries() {
    static auto& all = *new std::map<std::string, Entry>;
    return all;
}

}  // namespace tandem::check
