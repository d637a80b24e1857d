#include "members.h"

#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

// Deeper than any token needs and far from what a stack could not bear.
constexpr size_t max_depth = 64;

/// Takes the members of the outermost object and looks at the rest only for depth and
/// doubled names: of two members of one name, two readers could believe two different.
class Reader : public nlohmann::json::json_sax_t {
public:
    Members members;
    std::string wrong;

    bool null() override { return take(Other{}); }
    bool boolean(bool) override { return take(Other{}); }
    bool number_integer(number_integer_t value) override { return take(std::int64_t{value}); }
    bool number_unsigned(number_unsigned_t value) override {
        constexpr auto most = static_cast<number_unsigned_t>(std::numeric_limits<int64_t>::max());
        if (value <= most) return take(static_cast<std::int64_t>(value));
        return take(Fraction{static_cast<double>(value)});
    }
    bool number_float(number_float_t value, const string_t&) override {
        return take(Fraction{value});
    }
    bool string(string_t& value) override {
        if (in_list()) std::get<Texts>(members[name_]).push_back(value);
        return take(std::move(value));
    }
    bool binary(binary_t&) override { return fail("binary data"); }
    bool start_object(std::size_t) override {
        if (levels_.empty() && started_) return fail("two values");
        started_ = true;
        take(Other{});
        return enter(Level::Object);
    }
    bool key(string_t& name) override {
        if (!levels_.back().names.insert(name).second) return fail("a member twice");
        if (levels_.size() == 1) name_ = name;
        return true;
    }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override {
        if (levels_.empty()) return fail("no object");
        if (levels_.size() == 1) members[name_] = Texts{};
        return enter(Level::List);
    }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return fail("no JSON");
    }

private:
    struct Level {
        enum Kind { Object, List } kind;
        std::set<std::string> names;
    };

    bool in_list() const { return levels_.size() == 2 && levels_.back().kind == Level::List; }
    bool enter(Level::Kind kind) {
        if (levels_.size() == max_depth) return fail("too deep");
        levels_.push_back({kind, {}});
        return true;
    }
    bool leave() {
        levels_.pop_back();
        return true;
    }
    bool take(Value value) {
        if (!started_) return fail("no object");
        if (levels_.size() == 1) members[name_] = std::move(value);
        return true;
    }
    bool fail(const char* why) {
        if (wrong.empty()) wrong = why;
        return false;
    }

    std::vector<Level> levels_;
    std::string name_;  // of the outermost object's member in hand
    bool started_ = false;
};

}  // namespace

Members read_members(std::string_view json, std::string_view what) {
    Reader reader;
    // The library skips a byte order mark and takes a NUL for the end of its input, so that
    // anything could follow it.
    if (json.substr(0, 1) == "\xef") reader.wrong = "a byte order mark";
    if (json.find('\0') != std::string_view::npos) reader.wrong = "a NUL";
    if (reader.wrong.empty() && !nlohmann::json::sax_parse(json.begin(), json.end(), &reader) &&
        reader.wrong.empty())
        reader.wrong = "no JSON";
    if (!reader.wrong.empty())
        throw plugin::Failure(TANDEM_UNAUTHORIZED, std::string(what) + ": " + reader.wrong);
    return std::move(reader.members);
}

}  // namespace tandem::jwt
