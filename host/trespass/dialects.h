#pragma once

#include <string>
#include <vector>

#include "trespass/http.h"

/// How providers speak to webhooks: what they say, and how they sign it. A plugin whose routes
/// take webhooks has a dialect here, or the audit fails for it.
namespace tandem::trespass {

/// A provider instance of the audit's house, with an account made up for it.
struct Account {
    std::string instance, plugin;
    std::string name;                        // as the provider calls it; made up
    std::string secret;                      // what its webhooks are signed with
    std::string password;                    // what they carry where nothing is signed
    std::vector<std::string> organizations;  // whose provider it is
};

/// One thing that a provider says at one of its routes.
struct Notice {
    struct Field {
        enum class Kind {
            Word,      // `value` as it stands
            Json,      // the same, of JSON that is no text
            Text,      // a customer's words
            Account,   // the account's name
            Customer,  // a customer's number
            Business,  // the business's
            Fresh,     // an id that nobody has yet; it begins with `value`
            Known,     // an id of the person's; while there is none a fresh one, or nothing
            Count,     // another number each time
        };
        std::string name;  // of a form; `?name`: of the query; `/name/name`: in JSON
        Kind kind;
        std::string value = {};
        std::string ids = {};  // below which name the person's own of its kind are
    };

    std::string route, meaning;
    std::vector<Field> fields;
};

/// What stands in a field.
struct Said {
    const Notice::Field* field;
    std::string value;
};

enum class Proof { Right, Wrong, None };

struct Dialect {
    std::string plugin;
    std::string account;  // how the names of its accounts begin
    std::vector<Notice> notices;
    /// YAML of an instance's options.
    std::string (*options)(const Account& account, int api_port);
    /// The request, with what proves that `signer` sends it. `target`: the route's path, its
    /// parameters still in braces; `public_url`: what stands before it.
    Asked (*request)(const std::string& method, const std::string& target,
                     const std::string& public_url, const std::vector<Said>& said,
                     const Account& signer, Proof proof);
};

const std::vector<Dialect>& dialects();
/// Null: none is known.
const Dialect* dialect_of(const std::string& plugin);

}  // namespace tandem::trespass
