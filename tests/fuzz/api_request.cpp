#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <curl/curl.h>

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/text.h"
#include "serve/cursor.h"
#include "serve/framing.h"
#include "serve/json.h"
#include "serve/refuse.h"
#include "target.h"

// The query and the body of a request to the API: curl decodes the same parameters, Poco reads the
// JSON that we accept as the same value, and whatever is refused is refused in well-formed JSON.

namespace tandem::fuzz {

namespace {

using Json = nlohmann::json;
using Poco::Dynamic::Var;

constexpr const char* organization = "acme";
constexpr const char* list = "leads";

/// What curl makes of a piece of a form.
std::string decoded(std::string_view piece) {
    std::string plain(piece);
    for (char& letter : plain)
        if (letter == '+') letter = ' ';
    int size = 0;
    char* text = curl_easy_unescape(nullptr, plain.data(), static_cast<int>(plain.size()), &size);
    std::string result(text, static_cast<size_t>(size));
    curl_free(text);
    return result;
}

/// A number or a yes or no is in its bounds, or refused as the caller's mistake.
template <typename Read>
void check_bounds(Read read) {
    try {
        expect(read(), "what a query holds is within its bounds");
    } catch (const serve::Refused& refused) {
        expect(refused.problem.status == 400, "a bad query is its writer's mistake");
    }
}

void check_cursor(const serve::Request& request) {
    const std::string text = request.query("cursor").value_or("");
    check_bounds([&] {
        const auto cursor = serve::parse_cursor(text, organization, list);
        return serve::to_text(cursor, organization, list) == text;
    });
    // What a list would give out for a row of this name.
    serve::Cursor own{Time(Milliseconds(text.size())), request.query("q").value_or("")};
    own.key.resize(std::min<size_t>(own.key.size(), 64));
    const std::string given = serve::to_text(own, organization, list);
    const auto again = serve::parse_cursor(given, organization, list);
    expect(again.at == own.at && again.key == own.key, "a cursor comes back as it was");
    check_bounds([&] {
        static_cast<void>(serve::parse_cursor(given, "other", list));
        return false;
    });
}

void check_query(std::string_view raw) {
    const std::string block =
        "GET /api/leads?" + std::string(raw) + " HTTP/1.1\r\nHost: gw.example.com\r\n\r\n";
    serve::Head head;
    serve::Target target;
    if (serve::read_head(block, {}, head) || serve::read_target(head, target)) return;
    serve::Request request;
    request.raw_query = target.raw_query;
    std::set<std::string> seen;
    for (std::string_view rest = request.raw_query; !rest.empty() && seen.size() < 64;) {
        std::string_view value = take_until(rest, '&');
        const std::string name = decoded(take_until(value, '='));
        if (!seen.insert(name).second) continue;
        const auto read = request.query(name);
        expect(read && *read == decoded(value), "curl decodes the same parameter");
        expect(
            first_invalid_utf8(*read) == std::string::npos && read->find('\0') == std::string::npos,
            "a parameter is text");
    }
    check_bounds([&] {
        const unsigned limit = serve::query_number(request, "limit", 50, serve::max_limit);
        return limit >= 1 && limit <= serve::max_limit;
    });
    check_bounds([&] { return serve::query_yes_no(request, "dryRun").value_or(true) || true; });
    check_cursor(request);
}

bool same(const Json& ours, const Var& theirs) {
    if (ours.is_object()) {
        if (theirs.type() != typeid(Poco::JSON::Object::Ptr)) return false;
        const auto& object = theirs.extract<Poco::JSON::Object::Ptr>();
        if (object->size() != ours.size()) return false;
        for (const auto& [name, value] : ours.items())
            if (!object->has(name) || !same(value, object->get(name))) return false;
        return true;
    }
    if (ours.is_array()) {
        if (theirs.type() != typeid(Poco::JSON::Array::Ptr)) return false;
        const auto& array = theirs.extract<Poco::JSON::Array::Ptr>();
        if (array->size() != ours.size()) return false;
        for (size_t i = 0; i < ours.size(); ++i)
            if (!same(ours[i], array->get(static_cast<unsigned>(i)))) return false;
        return true;
    }
    if (ours.is_null()) return theirs.isEmpty();
    if (ours.is_boolean()) return theirs.isBoolean() && theirs.extract<bool>() == ours.get<bool>();
    if (ours.is_string())
        return theirs.isString() && theirs.extract<std::string>() == ours.get<std::string>();
    if (seeded_bug() && ours.is_number_integer() && ours.get<std::int64_t>() == -7) return false;
    if (ours.is_number_unsigned())
        return theirs.convert<Poco::UInt64>() == ours.get<Poco::UInt64>();
    if (ours.is_number_integer()) {
        // Poco 1.11 rounds great negative numbers to a double on its way.
        const auto number = ours.get<Poco::Int64>(), other = theirs.convert<Poco::Int64>();
        constexpr Poco::Int64 exact = -(1LL << 53);
        if (number >= exact) return other == number;
        return std::abs(double(number) - double(other)) <= 1e-14 * std::abs(double(number));
    }
    const double number = ours.get<double>(), other = theirs.convert<double>();
    return std::abs(number - other) <= 1e-14 * std::abs(number);
}

void check_second_opinion(std::string_view body) {
    Json ours;
    if (serve::read_json(body, ours)) {
        expect(ours.is_null(), "nothing of a refused body is believed");
        return;
    }
    Poco::JSON::Parser second;
    try {
        expect(same(ours, second.parse(std::string(body))), "Poco reads the same value");
    } catch (const Poco::Exception& refused) {
        std::fprintf(stderr, "%s\n", refused.displayText().c_str());
        expect(false, "the other parser refuses what we accept");
    }
}

/// The members that routes ask for, by type, as they ask.
void check_members(std::string_view body) {
    serve::Members members(body);
    std::set<std::string> texts;
    for (const char* name : {"phoneNumber", "message", "leadId", "summary"})
        expect(members.text(name, 64).size() <= 64, "a text is as long as it may be");
    expect(members.texts("nextSteps", 4, 16).size() <= 4, "a list is as long as it may be");
    const std::int64_t number = members.integer("limit", -10, 10, 0);
    expect(number >= -10 && number <= 10, "a number is within its bounds");
    static_cast<void>(members.yes_no("force"));
    const bool both = members.has("createdAt") && members.is_null("createdAt");
    expect(!both, "a member is not there and null");
    const std::string attributes = members.object("attributes", 1024);
    unsigned turns = 0;
    members.objects("turns", 8, [&](serve::Members& turn) {
        static_cast<void>(turn.text("role", 16));
        turn.member("context", [](serve::Members& context) { context.ignore_others(); });
        ++turns;
    });
    expect(turns <= 8, "a list is as long as it may be");

    Json read;
    const auto problem = members.problem();
    if (!problem) {
        expect(attributes.empty() || !serve::read_json(attributes, read),
               "an object can be read again");
        return;
    }
    expect(problem->status == 400 && problem->code == "VALIDATION_FAILED",
           "a bad body is its writer's mistake");
    expect(problem->errors.size() <= 16, "an answer complains of 16 things at most");
    expect(!serve::read_json(serve::problem(*problem).body, read),
           "whatever a stranger writes, the refusal is JSON");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    std::string_view input = text(bytes, size);
    const std::string_view query = take_until(input, '\n');
    check_query(query);
    check_second_opinion(input);
    check_members(input);
    return 0;
}
