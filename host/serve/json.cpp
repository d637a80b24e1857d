#include "serve/json.h"

#include <algorithm>
#include <cstdint>

#include <nlohmann/json.hpp>

namespace tandem::serve {

namespace {

using Json = nlohmann::json;

constexpr size_t max_complaints = 16;
// Of a name that a stranger chose; what is cut within a character is mended when sent.
constexpr size_t max_shown_name = 64;

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
    return Problem{400, "VALIDATION_FAILED", builder.why, {{"body", builder.why}}};
}

Members::Members(std::string_view text)
    : body_(std::make_unique<Json>()), object_(*body_), outermost_(*this) {
    refused_ = read_json(text, *body_);
}

Members::Members(Members& outer, const Json& object, std::string place)
    : object_(object), outermost_(outer.outermost_), place_(std::move(place)) {}

Members::~Members() = default;

std::string Members::text(std::string_view name, size_t max_bytes) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) {
        complain(name, "must be a text");
        return {};
    }
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() <= max_bytes) return text;
    complain(name, "is too long");
    return {};
}

bool Members::has(std::string_view name) {
    return find(name) != nullptr;
}

bool Members::is_null(std::string_view name) {
    if (find(name) != nullptr || !object_.is_object()) return false;
    return object_.contains(name);
}

bool Members::yes_no(std::string_view name, bool otherwise) {
    const Json* value = find(name);
    if (value == nullptr) return otherwise;
    if (value->is_boolean()) return value->get<bool>();
    complain(name, "must be true or false");
    return otherwise;
}

int64_t Members::integer(std::string_view name, int64_t least, int64_t most, int64_t otherwise) {
    const Json* value = find(name);
    if (value == nullptr) return otherwise;
    const bool fits = value->is_number_integer() &&
                      !(value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX);
    if (fits && value->get<int64_t>() >= least && value->get<int64_t>() <= most)
        return value->get<int64_t>();
    complain(name,
             "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return otherwise;
}

std::vector<std::string> Members::texts(std::string_view name, size_t most, size_t max_bytes) {
    const Json* list = find(name);
    if (list == nullptr) return {};
    std::vector<std::string> texts;
    if (!list->is_array()) complain(name, "must be a list of texts");
    if (list->is_array() && list->size() > most)
        complain(name, "has more than " + std::to_string(most) + " elements");
    else if (list->is_array())
        for (size_t i = 0; i < list->size(); ++i) {
            const Json& one = (*list)[i];
            const std::string place = std::string(name) + '[' + std::to_string(i) + ']';
            if (!one.is_string())
                complain(place, "must be a text");
            else if (one.get_ref<const std::string&>().size() > max_bytes)
                complain(place, "is too long");
            else
                texts.push_back(one.get<std::string>());
        }
    return texts;
}

std::string Members::object(std::string_view name, size_t max_bytes) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_object()) {
        complain(name, "must be an object");
        return {};
    }
    std::string text = value->dump();
    if (text.size() <= max_bytes) return text;
    complain(name, "is too large");
    return {};
}

void Members::objects(std::string_view name, size_t most,
                      const std::function<void(Members&)>& each) {
    const Json* list = find(name);
    if (list == nullptr) return;
    if (!list->is_array()) return complain(name, "must be a list");
    if (list->size() > most)
        return complain(name, "has more than " + std::to_string(most) + " elements");
    for (size_t i = 0; i < list->size(); ++i) {
        const std::string element = std::string(name) + '[' + std::to_string(i) + ']';
        const Json& one = (*list)[i];
        if (!one.is_object()) {
            complain(element, "must be an object");
            continue;
        }
        Members members(*this, one, place_ + element + '.');
        each(members);
        members.complain_of_unknown();
    }
}

void Members::member(std::string_view name, const std::function<void(Members&)>& one) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_object()) return complain(name, "must be an object");
    Members members(*this, *value, place_ + std::string(name) + '.');
    members.ignores_others_ = ignores_others_;
    one(members);
    members.complain_of_unknown();
}

void Members::complain(std::string_view name, std::string_view message) {
    auto& all = outermost_.complaints_;
    std::string field = place_ + std::string(name.substr(0, max_shown_name));
    const auto same = [&](const auto& one) { return one.first == field; };
    if (all.size() >= max_complaints || std::any_of(all.begin(), all.end(), same)) return;
    all.emplace_back(std::move(field), message);
}

std::optional<Problem> Members::problem() {
    if (refused_) return refused_;
    complain_of_unknown();
    if (complaints_.empty()) return std::nullopt;
    const auto& [field, message] = complaints_.front();
    return Problem{400, "VALIDATION_FAILED", field + ' ' + message + '.', complaints_};
}

const Json* Members::find(std::string_view name) {
    known_.emplace_back(name);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Members::complain_of_unknown() {
    if (ignores_others_) return;
    for (const auto& member : object_.items()) {
        const bool known = std::find(known_.begin(), known_.end(), member.key()) != known_.end();
        if (!known) complain(member.key(), "is not known");
    }
}

}  // namespace tandem::serve
