#include "json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "tandem/plugin/failure.hpp"

namespace tandem::elevenlabs {

namespace {

// Deeper than anything ElevenLabs sends and far from what a stack could not bear.
constexpr std::size_t max_depth = 64;
// A long call has some ten thousand; each costs memory many times its one byte in the body.
constexpr std::size_t max_values = 1'000'000;
constexpr const char* audio = "full_audio";

/// Builds the value, and stops at depth, number of values, and members that come twice: of
/// two of one name, two readers could believe two different ones.
class Builder : public nlohmann::json::json_sax_t {
public:
    Json root;
    std::string wrong;
    bool too_much = false;

    bool null() override { return put(nullptr) != nullptr; }
    bool boolean(bool value) override { return put(value) != nullptr; }
    bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
    bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
    bool number_float(number_float_t value, const string_t&) override {
        return put(value) != nullptr;
    }
    bool string(string_t& value) override {
        if (name_ == audio) value.clear();
        return put(std::move(value)) != nullptr;
    }
    bool binary(binary_t&) override { return fail("binary data"); }
    bool start_object(std::size_t) override { return enter(Json::object()); }
    bool key(string_t& name) override {
        if (!levels_.back().names.insert(name).second) return fail("a member twice");
        name_ = std::move(name);
        return true;
    }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(Json::array()); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return fail("no JSON");
    }

private:
    struct Level {
        Json* value;
        std::set<std::string> names;  // of an object, so far
    };

    // A pointer into a list dies when the list grows; by then nobody is inside the element.
    Json* put(Json value) {
        if (++values_ > max_values) {
            too_much = true;
            fail("more than 1,000,000 values");
            return nullptr;
        }
        if (levels_.empty()) {
            root = std::move(value);
            return &root;
        }
        Json& into = *levels_.back().value;
        if (into.is_array()) {
            into.push_back(std::move(value));
            return &into.back();
        }
        Json& member = into[name_];
        member = std::move(value);
        name_.clear();
        return &member;
    }
    bool enter(Json empty) {
        if (levels_.size() == max_depth) return fail("more than 64 levels");
        if (levels_.empty() && !empty.is_object()) return fail("no object");
        Json* inside = put(std::move(empty));
        if (inside == nullptr) return false;
        levels_.push_back({inside, {}});
        return true;
    }
    bool leave() {
        levels_.pop_back();
        return true;
    }
    bool fail(const char* why) {
        if (wrong.empty()) wrong = why;
        return false;
    }

    std::vector<Level> levels_;
    std::string name_;  // of the member whose value comes next
    std::size_t values_ = 0;
};

std::string without_nul(std::string text) {
    std::size_t at = 0;
    while ((at = text.find('\0', at)) != std::string::npos) text.replace(at, 1, "\xef\xbf\xbd");
    return text;
}

}  // namespace

Json read_object(std::string_view text, std::string_view what) {
    Builder builder;
    // The library skips a byte order mark and takes a NUL for the end of its input, so that
    // anything could follow it.
    if (text.substr(0, 1) == "\xef") builder.wrong = "a byte order mark";
    if (text.find('\0') != std::string_view::npos) builder.wrong = "a NUL";
    if (builder.wrong.empty()) {
        const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
        if (!read && builder.wrong.empty()) builder.wrong = "no JSON";
        if (read && !builder.root.is_object()) builder.wrong = "no object";
    }
    if (!builder.wrong.empty())
        throw plugin::Failure(builder.too_much ? TANDEM_LIMITED : TANDEM_INVALID,
                              std::string(what) + ": " + builder.wrong);
    return std::move(builder.root);
}

const Json& member(const Json& object, const char* name) {
    static const Json none;
    if (!object.is_object()) return none;
    const auto found = object.find(name);
    return found == object.end() ? none : *found;
}

std::string text_at(const Json& object, const char* name, std::size_t limit) {
    const Json& value = member(object, name);
    if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
    if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
    if (!value.is_string()) return {};
    const auto& text = value.get_ref<const std::string&>();
    return without_nul(text.substr(0, plugin::whole_characters(text, limit)));
}

std::optional<std::int64_t> number_at(const Json& object, const char* name) {
    const Json& value = member(object, name);
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    // Beyond 2^53 a double is no exact number any more, and no time or length is that large.
    if (value.is_number_float() && std::abs(value.get<double>()) < 9e15)
        return static_cast<std::int64_t>(value.get<double>());
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_true(const Json& object, const char* name) {
    const Json& value = member(object, name);
    return value.is_boolean() && value.get<bool>();
}

std::string written(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tandem::elevenlabs
