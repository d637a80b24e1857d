#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "borrowed.h"
#include "tandem/abi/entry.h"
#include "tandem/host/instance.hpp"

/// The checker of plugins: what a check sees, and how it says what it found.
namespace tandem::check {

/// What the command line says about the plugin.
struct Subject {
    std::string file;                            // absolute
    std::map<std::string, std::string> options;  // --options
    std::string conformance;                     // folder of recordings; empty: none
    uint64_t seed = 1;                           // of everything random
};

struct Remark {
    enum class Kind { Failure, Warning, Skip };
    Kind kind = Kind::Failure;
    std::string text;
};

/// Thrown by `Check::skip`: there is nothing to check here.
struct Skipped : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One running check, in a process and an empty working folder of its own. Confined to one
/// thread.
class Check {
public:
    explicit Check(Subject subject) : subject_(std::move(subject)) {}
    ~Check();

    const Subject& subject() const { return subject_; }
    const std::vector<Remark>& remarks() const { return remarks_; }

    /// The first twenty are kept.
    void fail(std::string text) { remark(Remark::Kind::Failure, std::move(text)); }
    void warn(std::string text) { remark(Remark::Kind::Warning, std::move(text)); }
    [[noreturn]] void skip(std::string text);
    bool expect(bool holds, const std::string& otherwise) {
        if (!holds) fail(otherwise);
        return holds;
    }
    /// A failure must carry a reason, and no secret.
    void expect_reason(const std::string& call, const host::Outcome& outcome);

    /// Loads the library and reads its descriptor; throws with the loader's reason.
    const tandem_descriptor& descriptor();
    const host::PluginDescription& description();
    bool offers(std::string_view kind);

    /// New services with this check's options; owned by the check.
    BorrowedServices& services();
    /// An instance that was made and started with new services; owned by the check and
    /// ended with it. Throws with the plugin's reason.
    host::Instance& started();
    /// Likewise, but made only.
    host::Instance& made();
    /// The services of the last instance.
    BorrowedServices& last_services() { return *services_.back(); }

private:
    void remark(Remark::Kind kind, std::string text);

    Subject subject_;
    std::vector<Remark> remarks_;
    const tandem_descriptor* descriptor_ = nullptr;
    host::PluginDescription description_;
    std::vector<std::unique_ptr<BorrowedServices>> services_;
    std::vector<std::unique_ptr<host::Instance>> instances_;
};

/// A check by its name, group.what, and its promise in one line. One with a kind is
/// skipped for plugins that do not offer it.
struct Entry {
    std::string name, promise, kind;
    std::function<void(Check&)> run;
};

/// All checks, in the order of their names.
std::map<std::string, Entry>& entries();

/// Put one at namespace scope for each check; nothing else needs to know of it:
///     const Registered limits{"channel.limits", "limits are sane", TANDEM_CHANNEL, &limits};
struct Registered {
    Registered(const char* name, const char* promise, const char* kind,
               std::function<void(Check&)> run) {
        entries()[name] = {name, promise, kind ? kind : "", std::move(run)};
    }
};

}  // namespace tandem::check
