#include "serve/json.h"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tandem::serve {

namespace {

using Json = nlohmann::json;

/// Builds the value as the parser walks; says no at the first thing that is not allowed.
/// The parser keeps its own stack on the heap, so depth costs us nothing but this count.
class Builder : public nlohmann::json_sax<Json> {
public:
    explicit Builder(Json& root) : root_(root) {}

    std::string why;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t& text) override {
        // An integer that fits no 64 bits comes here, rounded.
        if (text.find_first_of(".eE") == string_t::npos) return refuse("A number is too large.");
        return put(value);
    }
    bool string(string_t& text) override {
        if (text.find('\0') != string_t::npos) return refuse("A text holds NUL.");
        return put(std::move(text));
    }
    bool binary(binary_t&) override { return refuse("The body is not JSON."); }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool key(string_t& name) override {
        if (name.find('\0') != string_t::npos) return refuse("A member's name holds NUL.");
        if (open_.back()->contains(name)) return refuse("A member stands twice.");
        name_ = std::move(name);
        return true;
    }
    bool end_object() override { return shut(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return shut(); }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
        return refuse("The body is not well-formed JSON.");
    }

private:
    bool refuse(std::string_view reason) {
        if (why.empty()) why = reason;
        return false;
    }

    Json* place(Json value) {
        if (open_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Json& parent = *open_.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        return &(parent[name_] = std::move(value));
    }

    bool put(Json value) {
        if (open_.empty()) return refuse("The body must be a JSON object.");
        place(std::move(value));
        return true;
    }

    bool open(Json value) {
        if (open_.empty() && !value.is_object()) return refuse("The body must be a JSON object.");
        if (open_.size() >= max_json_depth) return refuse("The body is nested too deeply.");
        open_.push_back(place(std::move(value)));
        return true;
    }

    bool shut() {
        open_.pop_back();
        return true;
    }

    Json& root_;
    // From the root to where we are. Stays valid: only the innermost one grows.
    std::vector<Json*> open_;
    std::string name_;  // of the member whose value comes next
};

}  // namespace

std::optional<Problem> read_json(std::string_view text, nlohmann::json& into) {
    into = nullptr;
    Builder builder(into);
    if (text.empty()) {
        builder.why = "The body is empty.";
    } else if (text.starts_with("\xef\xbb\xbf")) {
        // nlohmann skips the mark that RFC 8259 section 8.1 forbids to send.
        builder.why = "The body begins with a byte order mark.";
    } else if (text.find('\0') != std::string_view::npos) {
        // Its lexer takes NUL for the end, and says nothing of what stands behind it.
        builder.why = "The body is not well-formed JSON.";
    } else if (Json::sax_parse(text.begin(), text.end(), &builder)) {
        return std::nullopt;
    }
    into = nullptr;
    return Problem{400, "VALIDATION_FAILED", builder.why};
}

}  // namespace tandem::serve
