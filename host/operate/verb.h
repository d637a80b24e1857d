#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "operate/operate.h"

namespace tandem::operate {

/// An option of a verb. Constant.
struct Option {
    std::string_view name;     // --org
    std::string_view value;    // what stands behind it; empty: a flag
    std::string_view meaning;  // one sentence without a full stop
};

/// One call of a verb, with its options read.
struct Call {
    std::map<std::string, std::string, std::less<>> options;  // a flag's value is empty
    std::vector<std::string> words;                           // what is no option
    const settings::Environment& environment;
    std::ostream& out;
    std::ostream& err;

    bool has(std::string_view option) const { return options.find(option) != options.end(); }
    /// The option's value, or `otherwise` where it was not given.
    std::string option(std::string_view name, std::string_view otherwise = "") const;
};

/// A verb of tandemctl. Help and the manual page are made from this. Constant.
struct Verb {
    std::string_view name;     // one word or two
    std::string_view words;    // what stands behind it, such as FILE; empty: nothing
    std::string_view meaning;  // one sentence without a full stop
    std::vector<Option> options;
    int (*run)(const Call& call);
    bool passes_on = false;  // all that follows is another program's
};

const std::vector<Verb>& verbs();

int mint(const Call& call);
int check_settings(const Call& call);
int show_settings(const Call& call);
int write_reference(const Call& call);
int list_plugins(const Call& call);
int check_plugin(const Call& call);
int migrate(const Call& call);
int list_outbox(const Call& call);
int show_outbox(const Call& call);
int retry_outbox(const Call& call);
int drop_outbox(const Call& call);
int import_leads(const Call& call);
int export_leads(const Call& call);
int export_conversations(const Call& call);
int tail_conversations(const Call& call);
int doctor(const Call& call);
int audit_isolation(const Call& call);
int revoke(const Call& call);
int restore(const Call& call);
int list_revocations(const Call& call);
int audit(const Call& call);
int tell_limits(const Call& call);
int version(const Call& call);

}  // namespace tandem::operate
