#include <charconv>
#include <optional>
#include <utility>

#include "admit/erased.h"
#include "base/id.h"
#include "converse/shown.h"
#include "converse/traces.h"
#include "deliver/deliver.h"
#include "serve/cursor.h"

namespace tandem::converse {

namespace {

constexpr unsigned page = 200;
// What one answer may hold in memory.
constexpr size_t max_export_bytes = 64 << 20;

/// JSON Lines, one record a line.
class Lines {
public:
    void add(const char* type, const Json& record) {
        Json line{{"record", type}};
        line.update(record);
        text_ += publish::text(line);
        text_ += '\n';
        ++count_;
        if (text_.size() > max_export_bytes)
            serve::refuse(413, "PAYLOAD_TOO_LARGE",
                          "The conversation is too large for one answer; ask for pages.");
    }
    size_t count() const { return count_; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    size_t count_ = 0;
};

/// How far an export has come.
struct Place {
    enum class Part { Person, Sessions, Calls, Messages } part = Part::Person;
    Time at{};        // of the last session or call
    std::string key;  // its id; the number of the last message
};

constexpr const char* part_names[] = {"person", "sessions", "calls", "messages"};

std::string list_of(const std::string& address) {
    return "export " + address;
}

std::string to_text(const Place& place, const domain::OrganizationId& organization,
                    const std::string& address) {
    const std::string key = part_names[static_cast<size_t>(place.part)] + (':' + place.key);
    return to_text(serve::Cursor{place.at, key}, organization, list_of(address));
}

[[noreturn]] void refuse_cursor() {
    serve::refuse_field("cursor", "is none of this list");
}

Place parse_place(std::string_view text, const domain::OrganizationId& organization,
                  const std::string& address) {
    const serve::Cursor cursor = serve::parse_cursor(text, organization, list_of(address));
    const size_t colon = cursor.key.find(':');
    for (size_t i = 0; i < std::size(part_names); ++i)
        if (colon != std::string::npos && cursor.key.compare(0, colon, part_names[i]) == 0)
            return {static_cast<Place::Part>(i), cursor.at, cursor.key.substr(colon + 1)};
    refuse_cursor();
}

/// Only who was given a page, and so stands in the audit, goes on to the next, on the same day or
/// the day after: anybody could write a cursor that is not sealed.
class Seal {
public:
    explicit Seal(const Asked& asked) : now_(asked.ground.clock->now()) {
        auto key = admit::erasure_key(*asked.ground.store, *asked.ground.committer,
                                      asked.organization.id, now_);
        // Nothing of a store without notes outlives the process.
        static const std::string own = random_hex(32);
        if (!key && key.error().code == Code::Unsupported) key = own;
        if (!key) serve::refuse_without_storage();
        key_ = *std::move(key);
    }

    std::string put_on(const std::string& cursor) const { return cursor + '.' + of(cursor, now_); }

    std::string take_off(const std::string& text) const {
        const size_t dot = text.find('.');
        const std::string cursor = text.substr(0, dot);
        const std::string seal = dot == std::string::npos ? "" : text.substr(dot + 1);
        if (seal != of(cursor, now_) && seal != of(cursor, now_ - std::chrono::hours(24)))
            refuse_cursor();
        return cursor;
    }

private:
    std::string of(const std::string& cursor, Time at) const {
        return admit::keyed_hash(key_, "export " + iso8601(at).substr(0, 10) + ' ' + cursor);
    }

    const Time now_;
    std::string key_;
};

/// Writes what follows the place, at most a page of one kind of record.
class Exporter {
public:
    Exporter(const Asked& asked, const std::string& address, store::Snapshot now, Lines& lines)
        : store_(*asked.ground.store),
          organization_(asked.organization.id),
          address_(address),
          now_(std::move(now)),
          lines_(lines) {
        scene_.organization = organization_;
        scene_.address = address;
        if (now_.lead) scene_.lead_id = now_.lead->id;
        scene_.at = asked.ground.clock->now();
    }

    /// The next place; nothing at the end.
    std::optional<Place> go_on(const Place& place, unsigned limit) {
        switch (place.part) {
            case Place::Part::Person: return person();
            case Place::Part::Sessions: return sessions(place, limit);
            case Place::Part::Calls: return calls(place, limit);
            case Place::Part::Messages: break;
        }
        return messages(place, limit);
    }

private:
    Place person() {
        if (now_.lead) lines_.add("lead", lead_object(*now_.lead));
        if (now_.conversation)
            lines_.add("conversation",
                       Json{{"phoneNumber", address_},
                            {"summary", publish::text_or_null(now_.conversation->summary)},
                            {"optedOut", now_.conversation->opted_out},
                            {"createdAt", iso8601(now_.conversation->created_at)}});
        return {Place::Part::Sessions, {}, {}};
    }

    Place sessions(const Place& place, unsigned limit) {
        const auto rows =
            found(store_.sessions(organization_, query_of(place, limit)), "conversation");
        for (const domain::ControlSession& session : rows)
            lines_.add("session", publish::session_object(scene_, session, 0));
        if (rows.size() < limit) return {Place::Part::Calls, {}, {}};
        return {place.part, rows.back().started_at, rows.back().id};
    }

    Place calls(const Place& place, unsigned limit) {
        const auto rows =
            found(store_.calls(organization_, query_of(place, limit)), "conversation");
        for (const domain::Call& call : rows) {
            Json json = publish::call_object(call);
            json["details"] = details_of(call.record_json);
            lines_.add("call", std::move(json));
        }
        if (rows.size() < limit) return {Place::Part::Messages, {}, {}};
        return {place.part, rows.back().started_at, rows.back().id};
    }

    std::optional<Place> messages(const Place& place, unsigned limit) {
        int64_t before = 0;
        std::from_chars(place.key.data(), place.key.data() + place.key.size(), before);
        const auto rows =
            found(store_.messages(organization_, address_, before, limit), "conversation");
        for (const domain::Message& message : rows) {
            Json json = publish::message_object(message);
            json["history"] = history_of(message);
            lines_.add("message", std::move(json));
        }
        if (rows.size() < limit) return std::nullopt;
        return Place{place.part, {}, std::to_string(rows.back().number)};
    }

    /// Why a call was made and what was found out about it, as it is stored.
    static Json details_of(const std::string& record_json) {
        Json details = Json::parse(record_json, nullptr, false);
        return details.is_object() ? std::move(details) : Json::object();
    }

    /// What its provider said of it.
    Json history_of(const domain::Message& message) const {
        Json history = Json::array();
        if (message.direction != domain::Direction::Outbound) return history;
        for (const store::Status& line :
             found(store_.status_history(organization_, message.id, deliver::lines_of_history),
                   "conversation"))
            history.push_back(publish::status_object(line));
        return history;
    }

    store::ListQuery query_of(const Place& place, unsigned limit) const {
        store::ListQuery query;
        query.address = address_;
        query.limit = limit;
        query.before_at = place.at;
        query.before_key = place.key;
        return query;
    }

    store::Store& store_;
    const domain::OrganizationId& organization_;
    const std::string& address_;
    const store::Snapshot now_;
    Lines& lines_;
    publish::Scene scene_;
};

}  // namespace

serve::Response export_conversation(const Asked& asked) {
    const std::string address = asked.path_address();
    const domain::OrganizationId& organization = asked.organization.id;
    const unsigned limit = serve::query_number(asked.request, "limit", page, serve::max_limit);
    const std::string cursor = asked.request.query("cursor").value_or("");
    const bool paged = !cursor.empty() || asked.request.query("limit").has_value();
    std::optional<Place> place = Place{};
    const Seal seal(asked);
    if (!cursor.empty()) place = parse_place(seal.take_off(cursor), organization, address);
    store::Snapshot now = known_person(asked, address);
    // Who took it away is on record before they have it.
    if (cursor.empty()) note_export(asked, address);

    Lines lines;
    Exporter exporter(asked, address, std::move(now), lines);
    do {
        place = exporter.go_on(*place, limit);
    } while (place && (!paged || lines.count() < limit));
    serve::Response response;
    response.content_type = "application/x-ndjson";
    response.body = lines.take();
    if (place)
        response.headers.push_back(
            {"X-Next-Cursor", seal.put_on(to_text(*place, organization, address))});
    return response;
}

}  // namespace tandem::converse
