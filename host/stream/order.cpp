#include "stream/order.h"

#include <set>

#include <nlohmann/json.hpp>

namespace tandem::stream {

namespace {

constexpr size_t max_text_bytes = 256;

/// A flat object of three known members; anything deeper is refused where it begins.
class OrderReader : public nlohmann::json_sax<nlohmann::json> {
public:
    Order order;
    Complaints complaints;

    bool null() override {
        // Front ends send null for what they do not have.
        return inside_ && (known() || complain("is not known"));
    }
    bool boolean(bool value) override {
        if (name_ != "organization") return misfit();
        order.organization = value;
        return inside_;
    }
    bool number_integer(number_integer_t) override { return misfit(); }
    bool number_unsigned(number_unsigned_t) override { return misfit(); }
    bool number_float(number_float_t, const string_t&) override { return misfit(); }
    bool string(string_t& value) override {
        if (!known() || name_ == "organization") return misfit();
        if (value.size() > max_text_bytes) return complain("is too long");
        if (value.find('\0') != std::string::npos) return complain("has a NUL in it");
        text_named(name_) = value;
        return inside_;
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(size_t) override {
        if (inside_) return misfit();
        inside_ = true;
        return true;
    }
    bool key(string_t& name) override {
        name_ = name;
        return names_.insert(name).second || complain("comes twice");
    }
    bool end_object() override { return true; }
    bool start_array(size_t) override { return misfit(); }
    bool end_array() override { return true; }
    bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

private:
    bool known() const {
        return name_ == "organization" || name_ == "leadId" || name_ == "phoneNumber" ||
               name_ == "organizationId";
    }
    std::string& text_named(std::string_view name) {
        if (name == "leadId") return order.lead_id;
        return name == "phoneNumber" ? order.phone_number : order.organization_id;
    }
    bool complain(const char* text) {
        complaints.emplace_back(name_, text);
        return false;
    }
    bool misfit() {
        if (!inside_) return false;
        if (!known()) return complain("is not known");
        return complain(name_ == "organization" ? "must be true or false" : "must be a text");
    }

    bool inside_ = false;
    std::string name_;
    std::set<std::string> names_;
};

}  // namespace

std::variant<Order, Complaints> read_order(std::string_view body) {
    OrderReader reader;
    if (!nlohmann::json::sax_parse(body.begin(), body.end(), &reader))
        return std::move(reader.complaints);
    const Order& order = reader.order;
    const bool one = !order.lead_id.empty() || !order.phone_number.empty();
    if (order.organization && one)
        return Complaints{{"organization", "cannot be asked for together with one conversation"}};
    if (!order.organization && !one)
        return Complaints{{"leadId", "one of leadId, phoneNumber or organization is needed"}};
    return std::move(reader.order);
}

}  // namespace tandem::stream
