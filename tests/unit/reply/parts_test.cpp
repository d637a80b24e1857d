#include "reply/parts.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "domain/segments.h"

namespace tandem::reply {

class PartsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PartsTest);
    CPPUNIT_TEST(answers_are_cleaned);
    CPPUNIT_TEST(short_answers_stay_whole);
    CPPUNIT_TEST(sentences_stay_together_where_that_fills_the_message);
    CPPUNIT_TEST(words_stay_together_where_sentences_cannot);
    CPPUNIT_TEST(nothing_is_cut_inside_of_a_character);
    CPPUNIT_TEST(units_are_utf16_code_units);
    CPPUNIT_TEST(a_message_has_no_more_segments_than_it_may);
    CPPUNIT_TEST(an_ellipsis_makes_no_text_dearer);
    CPPUNIT_TEST(what_does_not_fit_is_left_out_visibly);
    CPPUNIT_TEST_SUITE_END();

    using Texts = std::vector<std::string>;

public:
    void answers_are_cleaned() {
        const std::vector<std::pair<std::string, std::string>> cases{
            {"  hi \n", "hi"},
            {"a\nb\tc", "a\nb\tc"},
            {std::string("a\0b", 3), "ab"},
            {"a\x1b[31mb\x7f", "a[31mb"},
            {"a\r\nb", "a\nb"},
            {"\xff", "\xef\xbf\xbd"},
            {"a\xc3", "a\xef\xbf\xbd"},
            {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
            {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
            {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
            {"Zoë €5 🚲", "Zoë €5 🚲"},
            {" \n\t ", ""},
            {"", ""},
        };
        for (const auto& [text, clean] : cases) CPPUNIT_ASSERT_EQUAL(clean, clean_answer(text));
    }

    void short_answers_stay_whole() {
        CPPUNIT_ASSERT(Texts{} == split_answer("", {20, 6, 3}));
        CPPUNIT_ASSERT(Texts{} == split_answer("  ", {20, 6, 3}));
        CPPUNIT_ASSERT(Texts{"hello"} == split_answer(" hello ", {20, 6, 3}));
        CPPUNIT_ASSERT(Texts{std::string(20, 'x')} ==
                       split_answer(std::string(20, 'x'), {20, 6, 3}));
    }

    void sentences_stay_together_where_that_fills_the_message() {
        const Texts expected{"We open at nine.", "Do you want to come"};
        CPPUNIT_ASSERT(expected ==
                       split_answer("We open at nine. Do you want to come", {24, 6, 3}));
        // A paragraph goes before a sentence that ends later.
        const Texts paragraphs{"We open at nine", "We do. Come and see us then"};
        CPPUNIT_ASSERT(paragraphs ==
                       split_answer("We open at nine\nWe do. Come and see us then", {27, 6, 3}));
        const Texts lines{"We open at nine", "Do come and see us"};
        CPPUNIT_ASSERT(lines == split_answer("We open at nine\nDo come and see us", {24, 6, 3}));
        // A short sentence first would leave the message half empty.
        const Texts words{"Yes. We do have", "that one in stock"};
        CPPUNIT_ASSERT(words == split_answer("Yes. We do have that one in stock", {19, 6, 3}));
    }

    void words_stay_together_where_sentences_cannot() {
        const Texts expected{"one two three four", "five six seven"};
        CPPUNIT_ASSERT(expected == split_answer("one two three four five six seven", {20, 6, 3}));
        const Texts exact{"0123456789 012345678", "rest"};
        CPPUNIT_ASSERT(exact == split_answer("0123456789 012345678 rest", {20, 6, 3}));
        const Texts hard{std::string(20, 'x'), std::string(7, 'x')};
        CPPUNIT_ASSERT(hard == split_answer(std::string(27, 'x'), {20, 6, 3}));
    }

    void nothing_is_cut_inside_of_a_character() {
        std::string text;
        for (int i = 0; i < 40; ++i) text += "€";
        for (const std::string& part : split_answer(text, {17, 6, 3})) {
            CPPUNIT_ASSERT_EQUAL(part, clean_answer(part));
            CPPUNIT_ASSERT(part.size() <= 17 * 3);
        }
    }

    void units_are_utf16_code_units() {
        std::string bicycles;
        for (int i = 0; i < 12; ++i) bicycles += "🚲";
        const Texts parts = split_answer(bicycles, {17, 6, 3});  // an odd unit stays empty
        CPPUNIT_ASSERT_EQUAL(size_t{2}, parts.size());
        CPPUNIT_ASSERT_EQUAL(size_t{8 * 4}, parts[0].size());
    }

    void a_message_has_no_more_segments_than_it_may() {
        std::string plain, wide;
        for (int i = 0; i < 400; ++i) {
            plain += "word ";
            wide += "сло́во ";
        }
        for (const std::string& text : {plain, wide, plain + wide}) {
            const Texts parts = split_answer(text, {1600, 2, 3});
            CPPUNIT_ASSERT_EQUAL(size_t{3}, parts.size());
            for (const std::string& part : parts)
                CPPUNIT_ASSERT_EQUAL(size_t{2}, domain::segments_of(part).count);
        }
        CPPUNIT_ASSERT(split_answer(plain, {1600, 2, 3})[0].size() > 290);
    }

    void an_ellipsis_makes_no_text_dearer() {
        const Texts parts = split_answer(std::string(400, 'x'), {1600, 1, 2});
        CPPUNIT_ASSERT_EQUAL(std::string(157, 'x') + "...", parts.at(1));
        std::string bicycles;
        for (int i = 0; i < 80; ++i) bicycles += "🚲";
        const std::string last = split_answer(bicycles, {1600, 1, 2}).at(1);
        CPPUNIT_ASSERT_EQUAL(size_t{33 * 4 + 3}, last.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, domain::segments_of(last).count);
    }

    void what_does_not_fit_is_left_out_visibly() {
        std::string text;
        for (int i = 0; i < 60; ++i) text += "word ";
        const Texts parts = split_answer(text, {20, 6, 3});
        CPPUNIT_ASSERT_EQUAL(size_t{3}, parts.size());
        CPPUNIT_ASSERT_EQUAL(std::string("word word word word"), parts[1]);
        CPPUNIT_ASSERT_EQUAL(std::string("word word word..."), parts[2]);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PartsTest);

}  // namespace tandem::reply
