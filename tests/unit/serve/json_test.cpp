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

}  // namespace tandem::serve
