#include <algorithm>
#include <charconv>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "domain/address.h"
#include "operate/asking.h"

namespace tandem::operate {

namespace {

constexpr unsigned last_events = 10;           // as tail(1)
constexpr unsigned most_last_events = 100000;  // of the journal as it is shipped
// A gateway that is started again is back in a few seconds.
constexpr std::chrono::seconds before_coming_back{1};

/// All that is stored of one person, page by page. Who was erased meanwhile is passed over
/// where `may_be_gone`.
int export_one(const Call& call, const Place& place, const std::string& address, bool may_be_gone) {
    std::string cursor;
    do {
        Errand errand{place.organization,
                      "GET",
                      "/api/conversations/{phoneNumber}/export",
                      address,
                      "limit=" + std::to_string(rows_a_page),
                      "",
                      ""};
        if (!cursor.empty()) errand.query += "&cursor=" + cursor;
        const auto reply = place.gateway->ask(errand);
        if (!reply) {
            call.err << "tandemctl: " << reply.error().text << "\n";
            return exit_of(reply.error().code);
        }
        if (reply->status == 404 && may_be_gone) return success;
        if (reply->status != 200) {
            const Json answer = Json::parse(reply->body, nullptr, false);
            call.err << "tandemctl: "
                     << (answer.is_object() ? text_of(answer, "detail") : "refused") << "\n";
            return exit_of_answer(reply->status);
        }
        call.out << reply->body;
        if (!call.out.flush()) {
            call.err << "tandemctl: the output cannot be written\n";
            return no_output;
        }
        cursor = reply->next_cursor;
    } while (!cursor.empty());
    return success;
}

/// One walk through the list, by newest activity; tells how many were new to `done`.
int export_round(const Call& call, const Place& place, std::set<std::string>& done, size_t& fresh) {
    return ask_pages(call, place, "/api/conversations", "", [&](Json& data) {
        for (const Json& row : data["conversations"]) {
            const std::string address = text_of(row, "phoneNumber");
            if (!done.insert(address).second) continue;
            ++fresh;
            if (const int exit = export_one(call, place, address, true); exit != success)
                return std::optional<int>(exit);
        }
        return std::optional<int>();
    });
}

/// A moment of an event's time, and what it is about, on one line.
void print_event(std::ostream& out, const Json& event) {
    std::string gist = text_of(event, "message");
    for (const char* name : {"reason", "summary", "status", "keyword", "agentName", "customerName"})
        if (gist.empty()) gist = text_of(event, name);
    const std::string phone = text_of(event, "phoneNumber");
    out << text_of(event, "timestamp") << "  " << text_of(event, "type") << "  "
        << (phone.empty() ? "-" : phone) << "  " << shown(gist) << "\n";
}

/// What is told of the stream, until enough was.
class Tail {
public:
    Tail(const Call& call, std::set<std::string> types, std::string address, unsigned most)
        : call_(call), types_(std::move(types)), address_(std::move(address)), most_(most) {}

    bool take(const Told& told) {
        if (!told.name.empty()) return true;  // a heartbeat
        if (!told.id.empty()) position = told.id;
        Json event = Json::parse(told.data, nullptr, false);
        if (!event.is_object() || !wanted(event, told)) return true;
        if (call_.has("--json")) {
            if (!told.id.empty()) event["position"] = told.id;
            call_.out << event.dump() << "\n";
        } else {
            print_event(call_.out, event);
        }
        call_.out.flush();
        return call_.out.good() && (most_ == 0 || ++told_ < most_);
    }

    std::string position;  // behind the last event

private:
    bool wanted(const Json& event, const Told& told) const {
        const std::string type = text_of(event, "type");
        // What the stream says of itself is of no conversation.
        if (told.id.empty() || type == "stream_reset") return type == "stream_reset";
        if (!types_.empty() && types_.count(type) == 0) return false;
        return address_.empty() || address_ == text_of(event, "phoneNumber");
    }

    const Call& call_;
    const std::set<std::string> types_;
    const std::string address_;
    const unsigned most_;
    unsigned told_ = 0;
};

/// A number of the command line; nothing, with a message, if it is none.
std::optional<unsigned> number_of(const Call& call, std::string_view option, unsigned otherwise) {
    if (!call.has(option)) return otherwise;
    const std::string text = call.option(option);
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc() && end == text.data() + text.size() && number <= most_last_events)
        return number;
    call.err << "tandemctl conversations tail: " << option << ": a number up to "
             << most_last_events << "\n";
    return std::nullopt;
}

std::set<std::string> words_of(const std::string& list) {
    std::set<std::string> words;
    for (size_t at = 0; at < list.size();) {
        const size_t end = std::min(list.find_first_of(", ", at), list.size());
        if (end > at) words.insert(list.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

/// The position before the last so many events of the organisation.
int position_before(const Call& call, const Place& place, unsigned last, std::string& position) {
    Json answer;
    const Errand errand{place.organization, "GET", "/api/conversations", "", "limit=1", "", ""};
    if (const int exit = ask(call, *place.gateway, errand, answer); exit != success) return exit;
    auto now = domain::parse_position(text_of(answer["data"], "position"));
    if (!now) return success;
    now->offset -= std::min<int64_t>(now->offset, last);
    position = domain::to_text(*now);
    return success;
}

int follow_on(const Call& call, const Place& place, Tail& tail) {
    bool told_loss = false;
    while (true) {
        const auto ended =
            follow(place.settings, place.organization, tail.position, [&](const Told& told) {
                told_loss = false;
                return tail.take(told);
            });
        if (ended && *ended == Followed::Enough) return success;
        if (ended && *ended == Followed::Over) {
            call.err << "tandemctl: no gateway runs; this is what it stored\n";
            return success;
        }
        // It begins again: what was missed meanwhile comes by the position.
        if (!ended && tail.position.empty()) {
            call.err << "tandemctl: " << ended.error().text << "\n";
            return exit_of(ended.error().code);
        }
        if (!told_loss) call.err << "tandemctl: the gateway is away; waiting for it\n";
        told_loss = true;
        std::this_thread::sleep_for(before_coming_back);
    }
}

}  // namespace

int export_conversations(const Call& call) {
    int exit = success;
    auto place = place_of(call, exit);
    if (!place) return exit;
    if (const std::string phone = call.option("--phone"); !phone.empty())
        return export_one(call, *place, phone, false);
    // Whoever writes meanwhile moves to the front of the list, perhaps past our place in it:
    // it is walked again until nobody new is found.
    std::set<std::string> done;
    size_t fresh = 1;
    while (exit == success && fresh > 0) {
        fresh = 0;
        exit = export_round(call, *place, done, fresh);
    }
    return exit;
}

int tail_conversations(const Call& call) {
    const auto last = number_of(call, "--last", last_events);
    const auto most = number_of(call, "--count", 0);
    if (!last || !most) return wrong_usage;
    int exit = success;
    auto place = place_of(call, exit);
    if (!place) return exit;
    std::string address;
    if (const std::string phone = call.option("--phone"); !phone.empty()) {
        const domain::Organizations organizations(place->settings.organizations);
        const auto parsed =
            domain::parse_phone(phone, organizations.by_id(place->organization)->default_region);
        address = parsed ? parsed->text : phone;
    }
    Tail tail(call, words_of(call.option("--types")), address, *most);
    exit = position_before(call, *place, *last, tail.position);
    if (exit != success) return exit;
    place->gateway.reset();  // a store that it holds is opened anew
    return follow_on(call, *place, tail);
}

}  // namespace tandem::operate
