#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "converse/lead_state.h"
#include "converse/shown.h"
#include "domain/address.h"
#include "serve/json.h"

namespace tandem::converse {

namespace {

// A group of commits that is done in a moment, and a queue that others find a place in.
constexpr size_t most_lines = 200;
// A lost race means that somebody else changed the same lead.
constexpr unsigned max_rebuilds = 8;
constexpr char source[] = "import";

/// What became of one line.
struct Row {
    enum class Kind { Created, Changed, Same, Refused };
    Kind kind = Kind::Refused;
    std::vector<std::pair<std::string, std::string>> errors;
};

const char* word(Row::Kind kind) {
    switch (kind) {
        case Row::Kind::Created: return "created";
        case Row::Kind::Changed: return "changed";
        case Row::Kind::Same: return "same";
        case Row::Kind::Refused: break;
    }
    return "refused";
}

Row refused(const char* field, const char* what) {
    return {Row::Kind::Refused, {{field, what}}};
}

/// Whether both are given out alike: an export that comes back changes nothing.
bool same(const domain::Lead& one, const domain::Lead& other) {
    return lead_object(one) == lead_object(other);
}

/// One line: a lead as the API gives it out; what it does not name stays as it is.
class Line {
public:
    Line(const Asked& asked, std::string_view text) : asked_(asked), text_(text) {}

    /// The number that it is about; empty, with `row` refused, where that is not clear.
    std::string address(Row& row) {
        domain::Lead lead;
        serve::Members body(text_);
        const std::string number = read(body, lead);
        if (const auto problem = body.problem()) {
            row.errors = problem->errors;
            if (row.errors.empty()) row.errors = {{"body", problem->detail}};
            return {};
        }
        const auto phone = domain::parse_phone(number, asked_.organization.default_region);
        if (phone) return phone->text;
        row = number.empty() ? refused("phoneNumber", "is missing")
                             : refused("phoneNumber", "is not a possible phone number");
        return {};
    }

    /// What it changes, as things are now; nothing where it changes nothing.
    std::optional<store::ChangeSet> change(const std::string& address, Row& row) {
        const domain::OrganizationId& organization = asked_.organization.id;
        const auto before = asked_.ground.store->snapshot(organization, address, 0);
        if (!before) serve::refuse_without_storage();
        const Time now = changed_at(*before, asked_.ground.clock->now());
        domain::Lead lead;
        if (before->lead) lead = *before->lead;
        serve::Members body(text_);
        static_cast<void>(read(body, lead));
        row.kind = before->lead ? Row::Kind::Changed : Row::Kind::Created;
        if (before->lead && same(*before->lead, lead)) {
            row.kind = Row::Kind::Same;
            return std::nullopt;
        }
        if (!before->lead) {
            lead.id = asked_.ground.ids->next();
            lead.address = address;
            lead.created_at = now;
            if (lead.source.empty()) lead.source = source;
        }
        lead.updated_at = now;
        store::ChangeSet set;
        set.organization = organization;
        build_on(set, *before, address, now);
        if (before->conversation) set.operations.push_back(*before->conversation);
        set.operations.push_back(lead);
        set.operations.push_back(publish::lead_updated(scene_of(asked_, lead, now)));
        set.operations.push_back(store::AuditLine{asked_.ground.ids->next(),
                                                  asked_.request.identity->subject,
                                                  "import",
                                                  address,
                                                  lead.id,
                                                  {},
                                                  now});
        return set;
    }

private:
    static std::string read(serve::Members& body, domain::Lead& lead) {
        std::string number = body.text("phoneNumber", max_field_bytes);
        take_all(body, lead);
        // An export has these; they are the store's.
        for (const char* ours : {"id", "createdAt", "updatedAt"}) static_cast<void>(body.has(ours));
        return number;
    }

    const Asked& asked_;
    const std::string_view text_;
};

/// Lines on their way to the store; committed together, for one wait.
class Wave {
public:
    explicit Wave(const Asked& asked) : asked_(asked) {}

    bool has(const std::string& address) const { return addresses_.count(address) != 0; }
    void add(const std::string& address, Line line, Row& row) {
        addresses_.insert(address);
        waiting_.push_back({address, line, &row});
    }
    /// Waits until all of them are durable.
    void commit() {
        for (unsigned i = 0; i < max_rebuilds && !waiting_.empty(); ++i) attempt();
        if (!waiting_.empty()) serve::refuse_without_storage();
        addresses_.clear();
    }

private:
    struct Waiting {
        std::string address;
        Line line;
        Row* row;
    };

    void attempt() {
        std::vector<Waiting> begun;
        std::vector<std::future<bool>> outcomes;
        bool queued = true;
        for (Waiting& one : waiting_) {
            auto set = one.line.change(one.address, *one.row);
            if (!set) continue;
            auto told = std::make_shared<std::promise<bool>>();
            auto outcome = told->get_future();
            queued = asked_.ground.committer->submit(std::move(*set), [told](auto result) {
                // What could not be reached is no race.
                if (!result)
                    told->set_exception(std::make_exception_ptr(std::runtime_error("away")));
                else
                    told->set_value(result->kind == store::Outcome::Kind::Committed);
            });
            if (!queued) break;
            begun.push_back(std::move(one));
            outcomes.push_back(std::move(outcome));
        }
        std::vector<Waiting> again;
        bool away = !queued;
        for (size_t i = 0; i < outcomes.size(); ++i) {
            try {
                if (!outcomes[i].get()) again.push_back(std::move(begun[i]));
            } catch (const std::exception&) {
                away = true;
            }
        }
        if (away) serve::refuse_without_storage();
        waiting_ = std::move(again);
    }

    const Asked& asked_;
    std::set<std::string> addresses_;
    std::vector<Waiting> waiting_;
};

std::vector<std::string_view> lines_of(std::string_view body) {
    std::vector<std::string_view> lines;
    while (!body.empty()) {
        const size_t end = std::min(body.find('\n'), body.size());
        lines.push_back(body.substr(0, end));
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return lines;
}

Json answer_of(const std::vector<Row>& rows) {
    Json results = Json::array();
    for (const Row& row : rows) {
        Json result{{"outcome", word(row.kind)}};
        for (const auto& [field, message] : row.errors)
            result["errors"].push_back({{"field", field}, {"message", message}});
        results.push_back(std::move(result));
    }
    return Json{{"results", std::move(results)}};
}

}  // namespace

serve::Response import_leads(const Asked& asked) {
    const auto type = asked.request.header("Content-Type").value_or("");
    if (!type.starts_with("application/x-ndjson"))
        serve::refuse(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/x-ndjson.");
    const bool dry = serve::query_yes_no(asked.request, "dryRun").value_or(false);
    const auto lines = lines_of(asked.request.body);
    if (lines.empty() || lines.size() > most_lines)
        serve::refuse_field("body", "must have 1 to 200 lines");
    std::vector<Row> rows(lines.size());
    Wave wave(asked);
    for (size_t i = 0; i < lines.size(); ++i) {
        Line line(asked, lines[i]);
        const std::string address = line.address(rows[i]);
        if (address.empty()) continue;
        if (dry) {
            static_cast<void>(line.change(address, rows[i]));
            continue;
        }
        // The second line about a number builds on the first.
        if (wave.has(address)) wave.commit();
        wave.add(address, line, rows[i]);
    }
    wave.commit();
    return serve::success(dry ? "Leads looked at" : "Leads imported",
                          publish::text(answer_of(rows)));
}

}  // namespace tandem::converse
