#include "members.h"

#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "tandem/plugin/failure.hpp"

namespace tandem::jwt {

namespace {

// Deeper than any token needs and far from what a stack could not bear.
constexpr size_t max_depth = 64;

/// Which objects are taken.
enum class Wanted { Outermost, Keys };

/// Takes the members of the wanted objects and looks at the rest only for depth and doubled
/// names: of two members of one name, two readers could believe two different.
class Reader : public nlohmann::json::json_sax_t {
public:
    explicit Reader(Wanted wanted) : wanted_(wanted) {}

    std::vector<Members> taken;
    bool keys_seen = false;
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
        if (in_list()) std::get<Texts>(taken.back()[name_]).push_back(value);
        return take(std::move(value));
    }
    bool binary(binary_t&) override { return fail("binary data"); }
    bool start_object(std::size_t) override {
        if (levels_.empty() && started_) return fail("two values");
        started_ = true;
        if (among_keys()) return enter(Level::Object) && begin();
        if (!take(Other{}) || !enter(Level::Object)) return false;
        return wanted_ == Wanted::Keys || levels_.size() > 1 || begin();
    }
    bool key(string_t& name) override {
        if (!levels_.back().names.insert(name).second) return fail("a member twice");
        if (levels_.size() == 1) outermost_name_ = name;
        if (in_wanted()) name_ = name;
        return true;
    }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override {
        if (levels_.empty()) return fail("no object");
        if (wanted_ == Wanted::Keys && levels_.size() == 1 && outermost_name_ == "keys")
            keys_seen = in_keys_ = true;
        else if (!take(Texts{}))
            return false;
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

    size_t wanted_level() const { return wanted_ == Wanted::Keys ? 3 : 1; }
    bool on_path() const { return wanted_ == Wanted::Outermost || in_keys_; }
    bool in_wanted() const { return levels_.size() == wanted_level() && on_path(); }
    bool in_list() const {
        return levels_.size() == wanted_level() + 1 && on_path() &&
               levels_.back().kind == Level::List;
    }
    bool among_keys() const { return in_keys_ && levels_.size() == 2; }
    bool begin() {
        taken.emplace_back();
        return true;
    }
    bool enter(Level::Kind kind) {
        if (levels_.size() == max_depth) return fail("too deep");
        levels_.push_back({kind, {}});
        return true;
    }
    bool leave() {
        levels_.pop_back();
        if (levels_.size() == 1) in_keys_ = false;
        return true;
    }
    bool take(Value value) {
        if (!started_) return fail("no object");
        if (among_keys()) return fail("a key that is no object");
        if (in_wanted()) taken.back()[name_] = std::move(value);
        return true;
    }
    bool fail(const char* why) {
        if (wrong.empty()) wrong = why;
        return false;
    }

    const Wanted wanted_;
    std::vector<Level> levels_;
    std::string outermost_name_;  // of the outermost object's member in hand
    std::string name_;            // of the wanted object's member in hand
    bool in_keys_ = false;        // inside the list of keys
    bool started_ = false;
};

void read(Reader& reader, std::string_view json, std::string_view what) {
    // The library skips a byte order mark and takes a NUL for the end of its input, so that
    // anything could follow it.
    if (json.substr(0, 1) == "\xef") reader.wrong = "a byte order mark";
    if (json.find('\0') != std::string_view::npos) reader.wrong = "a NUL";
    if (reader.wrong.empty() && !nlohmann::json::sax_parse(json.begin(), json.end(), &reader) &&
        reader.wrong.empty())
        reader.wrong = "no JSON";
    if (!reader.wrong.empty())
        throw plugin::Failure(TANDEM_UNAUTHORIZED, std::string(what) + ": " + reader.wrong);
}

}  // namespace

Members read_members(std::string_view json, std::string_view what) {
    Reader reader(Wanted::Outermost);
    read(reader, json, what);
    return std::move(reader.taken.front());
}

std::vector<Members> read_keys(std::string_view json) {
    Reader reader(Wanted::Keys);
    read(reader, json, "key set");
    if (!reader.keys_seen) throw plugin::Failure(TANDEM_UNAUTHORIZED, "key set: no list of keys");
    return std::move(reader.taken);
}

}  // namespace tandem::jwt
