#include "signature.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "form.hpp"
#include "signing.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::twilio {

namespace {

constexpr const char* form_type = "application/x-www-form-urlencoded";

nlohmann::json recorded() {
    std::ifstream file(RECORDINGS "/signatures.json");
    CPPUNIT_ASSERT_MESSAGE("signatures.json is missing", bool(file));
    return nlohmann::json::parse(file)["vectors"];
}

std::string text(const nlohmann::json& row, const char* name) {
    return row[name].is_string() ? row[name].get<std::string>() : std::string();
}

const char* type_of(const nlohmann::json& row) {
    if (row["kind"] == "json-body") return "application/json";
    return row["method"] == "POST" ? form_type : "";
}

/// A recorded GET has no body. Where it has fields all the same (a verifier was given those
/// of the query a second time), they come as a body here, which must not pass unsigned.
std::string body_of(const nlohmann::json& row) {
    if (row["body"].is_string()) return text(row, "body");
    testing::Fields fields;
    for (const auto& field : row["params"]) fields.emplace_back(field[0], field[1]);
    return testing::encode(fields);
}

bool genuine(const std::string& url, const std::string& body, const std::string& signature,
             const std::vector<std::string>& tokens = {"secret"},
             const std::string& type = form_type) {
    return reason_against({url, type, body, signature}, tokens).empty();
}

}  // namespace

class SignatureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SignatureTest);
    CPPUNIT_TEST(all_recorded_requests_get_the_recorded_verdict);
    CPPUNIT_TEST(the_form_reader_agrees_with_the_recorded_fields);
    CPPUNIT_TEST(each_token_of_a_rotation_is_enough);
    CPPUNIT_TEST(signatures_of_any_wrong_shape_are_refused);
    CPPUNIT_TEST(one_changed_byte_anywhere_is_refused);
    CPPUNIT_TEST(a_body_of_another_type_is_judged_like_a_form);
    CPPUNIT_TEST(two_hashes_of_a_json_body_are_none);
    CPPUNIT_TEST(bodies_too_large_to_be_genuine_are_not_hashed);
    CPPUNIT_TEST_SUITE_END();

public:
    void all_recorded_requests_get_the_recorded_verdict() {
        const auto rows = recorded();
        CPPUNIT_ASSERT_EQUAL(size_t{49}, rows.size());
        for (const auto& row : rows) {
            const std::string url = text(row, "url"), header = text(row, "header");
            const std::string body = body_of(row);
            const std::string reason =
                reason_against({url, type_of(row), body, header}, {text(row, "secret")});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text(row, "name") + ": " + reason,
                                         row["valid"].get<bool>(), reason.empty());
        }
    }

    void the_form_reader_agrees_with_the_recorded_fields() {
        for (const auto& row : recorded()) {
            if (row["kind"] != "form" || row["method"] != "POST") continue;
            const Form form = parse_form(text(row, "body"), 256);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text(row, "name"), row["params"].size(),
                                         form.fields.size());
            for (size_t i = 0; i < form.fields.size(); ++i) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE(text(row, "name"),
                                             row["params"][i][0].get<std::string>(),
                                             form.fields[i].first);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(text(row, "name"),
                                             row["params"][i][1].get<std::string>(),
                                             form.fields[i].second);
            }
        }
    }

    void each_token_of_a_rotation_is_enough() {
        const std::string url = "https://gw.example.com/x";
        for (const char* token : {"old", "new"}) {
            const std::string signature = testing::sign(token, url, {{"A", "1"}});
            CPPUNIT_ASSERT(genuine(url, "A=1", signature, {"old", "new"}));
            CPPUNIT_ASSERT(!genuine(url, "A=1", signature, {"other"}));
            CPPUNIT_ASSERT(!genuine(url, "A=1", signature, {}));
        }
    }

    void signatures_of_any_wrong_shape_are_refused() {
        const std::string url = "https://gw.example.com/x";
        const std::string good = testing::sign("secret", url, {{"A", "1"}});
        CPPUNIT_ASSERT(genuine(url, "A=1", good));
        for (const std::string& bad :
             {std::string(), std::string(28, 'A'), good.substr(1), good + "=", " " + good,
              std::string("not base64!"), std::string(10240, 'A'), std::string(28, '\0')})
            CPPUNIT_ASSERT(!genuine(url, "A=1", bad));
    }

    void one_changed_byte_anywhere_is_refused() {
        const std::string url = "https://gw.example.com/x?y=1";
        const std::string body = "A=1&B=2";
        const std::string good = testing::sign("secret", url, {{"A", "1"}, {"B", "2"}});
        CPPUNIT_ASSERT(genuine(url, body, good));
        for (size_t i = 0; i < body.size(); ++i) {
            std::string changed = body;
            changed[i] = 'z';
            CPPUNIT_ASSERT_MESSAGE(changed, !genuine(url, changed, good));
        }
        for (size_t i = 8; i < url.size(); ++i) {
            std::string changed = url;
            changed[i] = 'z';
            CPPUNIT_ASSERT_MESSAGE(changed, !genuine(changed, body, good));
        }
        for (size_t i = 0; i < good.size(); ++i) {
            std::string changed = good;
            changed[i] = changed[i] == 'z' ? 'y' : 'z';
            CPPUNIT_ASSERT_MESSAGE(changed, !genuine(url, body, changed));
        }
    }

    // The reader of the body refuses the type then; a forger learns nothing before that.
    void a_body_of_another_type_is_judged_like_a_form() {
        const std::string url = "https://gw.example.com/x";
        const std::string over_fields = testing::sign("secret", url, {{"A", "1"}});
        const std::string over_nothing = testing::sign("secret", url, {});
        for (const char* type : {"text/plain", "", "multipart/form-data; boundary=x"}) {
            CPPUNIT_ASSERT(genuine(url, "A=1", over_fields, {"secret"}, type));
            CPPUNIT_ASSERT(!genuine(url, "A=1", over_nothing, {"secret"}, type));
        }
        CPPUNIT_ASSERT(genuine(url, "A=1", over_fields, {"secret"},
                               "Application/X-WWW-Form-URLencoded ; charset=UTF-8"));
    }

    void two_hashes_of_a_json_body_are_none() {
        const std::string hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        const std::string url = "https://gw.example.com/x?bodySHA256=" + hash;
        const std::string twice = url + "&bodySHA256=" + hash;
        CPPUNIT_ASSERT(
            genuine(url, "{}", testing::sign("secret", url, {}), {"secret"}, "application/json"));
        CPPUNIT_ASSERT(!genuine(twice, "{}", testing::sign("secret", twice, {}), {"secret"},
                                "application/json"));
    }

    void bodies_too_large_to_be_genuine_are_not_hashed() {
        const std::string large(1024 * 1024 + 1, 'a');
        try {
            reason_against({"https://gw.example.com/x", form_type, large, "x"}, {"secret"});
            CPPUNIT_FAIL("taken");
        } catch (const plugin::Failure& failure) {
            CPPUNIT_ASSERT_EQUAL(TANDEM_LIMITED, static_cast<int>(failure.code()));
        }
        // Without a signature it is not even looked at.
        CPPUNIT_ASSERT(
            !reason_against({"https://gw.example.com/x", form_type, large, ""}, {"secret"})
                 .empty());
        std::string many;
        for (int i = 0; i < 5000; ++i) many += "a=1&";
        CPPUNIT_ASSERT(!genuine("https://gw.example.com/x", many, "x"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SignatureTest);

}  // namespace tandem::twilio
