#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "trespass/http.h"

/// What the audit knows of the API: its own description, read from the gateway. No route is
/// named here, so that a new one is walked as soon as it is described.
namespace tandem::trespass {

/// Where a request takes a value that may name somebody's data.
struct Slot {
    enum class Place { Path, Query, Header, Body };
    enum class Kind { Phone, BusinessNumber, Id, Organization, Position, Text, Other };

    Place place;
    std::string name;
    Kind kind;
    bool required = false;
    std::vector<std::string> words = {};  // what may stand there, where that is a few words
};

struct Operation {
    std::string id, method, path, media_type;  // media type of its body
    bool webhook = false;
    bool guarded = true;  // needs a credential
    bool stream = false;  // of events; a ticket opens it as well
    std::vector<Slot> slots;

    bool has_body() const { return !media_type.empty(); }
    bool reads() const { return method == "GET"; }
};

/// Whose data a request is made with: one customer of one organisation, and every id that the
/// gateway gave for it.
struct Person {
    std::string organization, subject, token, phone, business_number, canary;
    std::vector<std::string> phones;                   // of all its customers
    std::map<std::string, std::set<std::string>> ids;  // by where they stand, see `harvest`
};

/// A request of an operation, slot by slot.
using Choice = std::map<std::pair<Slot::Place, std::string>, std::string>;

class Operations {
public:
    /// From the text of /api/openapi.json. Invalid: it is none.
    static Result<Operations> read(const std::string& openapi);
    Operations(Operations&&) noexcept;
    ~Operations();

    const std::vector<Operation>& all() const { return all_; }

    /// Everything in an answer that a later request may name, remembered with the person.
    static void harvest(const Operation& operation, const std::string& answer, Person& person);
    /// What a slot may have of this person's; empty: nothing is known yet.
    static std::vector<std::string> values(const Operation& operation, const Slot& slot,
                                           const Person& person);
    /// A request with what is required; with `full`, every text that may be written bears the
    /// canary. What `choice` names has its value. Nothing: a required value is not known.
    std::optional<Asked> request(const Operation& operation, const Person& person, bool full,
                                 const Choice& choice = {}) const;

private:
    struct Document;

    explicit Operations(std::unique_ptr<Document> document);

    std::unique_ptr<Document> document_;
    std::vector<Operation> all_;
};

}  // namespace tandem::trespass
