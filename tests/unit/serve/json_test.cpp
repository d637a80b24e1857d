#include "serve/json.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <nlohmann/json.hpp>

namespace tandem::serve {

namespace {

struct Case {
    const char* name;
    std::string text;
};

std::string nested(size_t levels, const std::string& open, const std::string& inner,
                   const std::string& shut) {
    std::string text;
    for (size_t i = 0; i < levels; ++i) text += open;
    text += inner;
    for (size_t i = 0; i < levels; ++i) text += shut;
    return text;
}

std::string in_member(const std::string& value) {
    return "{\"a\":" + value + "}";
}

}  // namespace

class JsonTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JsonTest);
    CPPUNIT_TEST(doubtful_texts_are_refused);
    CPPUNIT_TEST(sound_texts_are_read_as_they_are);
    CPPUNIT_TEST(sixty_four_levels_are_read);
    CPPUNIT_TEST(the_refusal_leaves_nothing_behind);
    CPPUNIT_TEST_SUITE_END();

public:
    void doubtful_texts_are_refused() {
        const Case cases[] = {
            {"J01 empty", ""},
            {"J01 blanks", "  \r\n\t "},
            {"J01 scalar", "5"},
            {"J01 text", "\"a\""},
            {"J01 null", "null"},
            {"J01 array", "[{}]"},
            {"J02 garbage behind", "{} x"},
            {"J02 two documents", "{}{}"},
            {"J03 member twice", R"({"a":1,"b":2,"a":3})"},
            {"J03 member twice, escaped", R"({"a":1,"\u0061":3})"},
            {"J03 member twice, deep", R"({"x":[{"a":1,"a":1}]})"},
            {"J04 65 arrays", in_member(nested(64, "[", "1", "]"))},
            {"J04 65 objects", nested(65, "{\"a\":", "1", "}")},
            {"J04 10,000 arrays", in_member(nested(10000, "[", "1", "]"))},
            {"J04 100,000 objects, open", nested(100000, "{\"a\":", "", "")},
            {"J04 1,000,000 arrays", in_member(nested(1000000, "[", "", "]"))},
            {"J05 comment", "{} // x"},
            {"J05 comment inside", "{/* x */}"},
            {"J05 single quotes", "{'a':1}"},
            {"J05 trailing comma", R"({"a":1,})"},
            {"J05 trailing comma in array", R"({"a":[1,]})"},
            {"J05 NaN", in_member("NaN")},
            {"J05 Infinity", in_member("-Infinity")},
            {"J05 leading zero", in_member("01")},
            {"J05 plus", in_member("+1")},
            {"J05 byte order mark", "\xef\xbb\xbf{}"},
            {"J06 1e999", in_member("1e999")},
            {"J06 30 digits", in_member("123456789012345678901234567890")},
            {"J06 below 64 bits", in_member("-9223372036854775809")},
            {"J07 invalid UTF-8", in_member("\"\xff\"")},
            {"J07 overlong UTF-8", in_member("\"\xc0\xaf\"")},
            {"J07 encoded surrogate", in_member("\"\xed\xa0\x80\"")},
            {"J07 lone high surrogate", in_member(R"("\ud800")")},
            {"J07 lone low surrogate", in_member(R"("\udc00")")},
            {"J07 escaped NUL", in_member(R"("a\u0000b")")},
            {"J07 escaped NUL in a name", R"({"a\u0000b":1})"},
            {"J07 raw NUL", std::string("{\"a\":\"\0\"}", 9)},
            {"J07 raw NUL behind", std::string("{}\0", 3)},
            {"J07 raw NUL and more behind", std::string("{}\0anything", 11)},
            {"J07 control character", in_member("\"\x01\"")},
            {"J07 raw line feed", in_member("\"\n\"")},
            {"cut short", R"({"a":)"},
        };
        for (const Case& entry : cases) {
            nlohmann::json value;
            const auto refusal = read_json(entry.text, value);
            CPPUNIT_ASSERT_MESSAGE(entry.name, refusal.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.name, 400, refusal->status);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.name, std::string("VALIDATION_FAILED"),
                                         refusal->code);
            CPPUNIT_ASSERT_MESSAGE(entry.name, !refusal->detail.empty());
            CPPUNIT_ASSERT_MESSAGE(entry.name, refusal->errors.size() == 1);
            CPPUNIT_ASSERT_EQUAL(std::string("body"), refusal->errors.front().first);
        }
    }

    void sound_texts_are_read_as_they_are() {
        nlohmann::json value;
        const std::string text =
            " {\"text\":\"a\\nb \xf0\x9f\x98\x80 "
            "\\ud83d\\ude00\",\"zero\":-0,\"big\":18446744073709551615,"
            "\"small\":-9223372036854775808,\"part\":1.5e3,\"list\":[1,[2],{\"x\":null}],"
            "\"yes\":true,\"\":{}} ";
        CPPUNIT_ASSERT(!read_json(text, value));
        CPPUNIT_ASSERT_EQUAL(std::string("a\nb \xf0\x9f\x98\x80 \xf0\x9f\x98\x80"),
                             value["text"].get<std::string>());
        CPPUNIT_ASSERT(value["zero"].is_number_integer() && value["zero"] == 0);
        CPPUNIT_ASSERT_EQUAL(UINT64_MAX, value["big"].get<uint64_t>());
        CPPUNIT_ASSERT_EQUAL(INT64_MIN, value["small"].get<int64_t>());
        CPPUNIT_ASSERT_EQUAL(1500.0, value["part"].get<double>());
        CPPUNIT_ASSERT_EQUAL(std::string(R"([1,[2],{"x":null}])"), value["list"].dump());
        CPPUNIT_ASSERT(value["yes"] == true && value[""].is_object());
    }

    void sixty_four_levels_are_read() {
        nlohmann::json value;
        CPPUNIT_ASSERT(!read_json(nested(64, "{\"a\":", "1", "}"), value));
        CPPUNIT_ASSERT(!read_json(in_member(nested(63, "[", "1", "]")), value));
    }

    void the_refusal_leaves_nothing_behind() {
        nlohmann::json value = 5;
        CPPUNIT_ASSERT(read_json(R"({"a":1,"b":)", value).has_value());
        CPPUNIT_ASSERT(value.is_null());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JsonTest);

class MembersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MembersTest);
    CPPUNIT_TEST(known_members_are_read_by_their_type);
    CPPUNIT_TEST(absent_and_null_are_the_same);
    CPPUNIT_TEST(everything_amiss_is_collected);
    CPPUNIT_TEST(elements_of_a_list_are_named_by_their_place);
    CPPUNIT_TEST(a_text_that_is_refused_has_no_members);
    CPPUNIT_TEST(complaints_are_bounded);
    CPPUNIT_TEST(a_member_is_complained_of_once);
    CPPUNIT_TEST_SUITE_END();

public:
    void known_members_are_read_by_their_type() {
        Members asked(R"({"name":"J\u00f6rg","yes":true,"no":false,"list":[{"a":"1"},{"a":"2"}]})");
        CPPUNIT_ASSERT_EQUAL(std::string("J\xc3\xb6rg"), asked.text("name", 5));
        CPPUNIT_ASSERT(asked.yes_no("yes"));
        CPPUNIT_ASSERT(!asked.yes_no("no"));
        std::string all;
        asked.objects("list", 2, [&](Members& one) { all += one.text("a", 1); });
        CPPUNIT_ASSERT_EQUAL(std::string("12"), all);
        CPPUNIT_ASSERT(!asked.problem());
    }

    void absent_and_null_are_the_same() {
        for (const char* text : {"{}", R"({"name":null,"yes":null,"list":null})"}) {
            Members asked(text);
            CPPUNIT_ASSERT(asked.text("name", 5).empty());
            CPPUNIT_ASSERT(!asked.yes_no("yes"));
            asked.objects("list", 2, [](Members&) { CPPUNIT_FAIL("there is no list"); });
            CPPUNIT_ASSERT_MESSAGE(text, !asked.problem());
        }
    }

    void everything_amiss_is_collected() {
        Members asked(R"({"name":5,"long":"123456","yes":"true","list":{},"many":[1,2,3],
                          "more":null,"good":"x"})");
        CPPUNIT_ASSERT(asked.text("name", 5).empty());
        CPPUNIT_ASSERT(asked.text("long", 5).empty());
        CPPUNIT_ASSERT(!asked.yes_no("yes"));
        const auto never = [](Members&) { CPPUNIT_FAIL("this list is not read"); };
        asked.objects("list", 2, never);
        asked.objects("many", 2, never);
        CPPUNIT_ASSERT_EQUAL(std::string("x"), asked.text("good", 5));
        asked.complain("good", "is not good enough");
        const auto problem = asked.problem();
        CPPUNIT_ASSERT_EQUAL(400, problem->status);
        CPPUNIT_ASSERT_EQUAL(std::string("VALIDATION_FAILED"), problem->code);
        CPPUNIT_ASSERT_EQUAL(std::string("name must be a text."), problem->detail);
        CPPUNIT_ASSERT_EQUAL(std::string("name must be a text|long is too long|"
                                         "yes must be true or false|list must be a list|"
                                         "many has more than 2 elements|good is not good enough|"
                                         "more is not known|"),
                             told(*problem));
        CPPUNIT_ASSERT_EQUAL(told(*problem), told(*asked.problem()));
    }

    void elements_of_a_list_are_named_by_their_place() {
        Members asked(R"({"list":[{"a":"1"},7,{"a":2,"b":3},{"deep":[{"c":1}]}]})");
        asked.objects("list", 9, [](Members& one) {
            one.text("a", 1);
            one.objects("deep", 1, [](Members& inner) { inner.text("c", 1); });
        });
        CPPUNIT_ASSERT_EQUAL(std::string("list[1] must be an object|list[2].a must be a text|"
                                         "list[2].b is not known|"
                                         "list[3].deep[0].c must be a text|"),
                             told(*asked.problem()));
    }

    void a_text_that_is_refused_has_no_members() {
        for (const std::string& text :
             {std::string(R"({"name":"a","name":"b"})"), std::string("{\"name\":\"a\"}\0x", 14),
              std::string("[]")}) {
            Members asked(text);
            CPPUNIT_ASSERT(asked.text("name", 5).empty());
            asked.complain("name", "is missing");
            const auto problem = asked.problem();
            CPPUNIT_ASSERT(problem && problem->errors.size() == 1);
            CPPUNIT_ASSERT_EQUAL(std::string("body"), problem->errors.front().first);
        }
    }

    void complaints_are_bounded() {
        std::string text = "{\"" + std::string(100, 'x') + "\":1";
        for (int i = 0; i < 1000; ++i) text += ",\"m" + std::to_string(i) + "\":1";
        const auto problem = Members(text + "}").problem();
        CPPUNIT_ASSERT_EQUAL(size_t{16}, problem->errors.size());
        const auto cut = Members("{\"" + std::string(100, 'x') + "\":1}").problem();
        CPPUNIT_ASSERT_EQUAL(std::string(64, 'x'), cut->errors.front().first);
    }

    void a_member_is_complained_of_once() {
        Members asked(R"({"name":5})");
        if (asked.text("name", 5).empty()) asked.complain("name", "is missing");
        CPPUNIT_ASSERT_EQUAL(std::string("name must be a text|"), told(*asked.problem()));
    }

private:
    static std::string told(const Problem& problem) {
        std::string all;
        for (const auto& [field, message] : problem.errors) all += field + ' ' + message + '|';
        return all;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MembersTest);

}  // namespace tandem::serve
