#include "domain/segments.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

namespace tandem::domain {

namespace {

std::string times(size_t count, const std::string& text) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
}

constexpr auto gsm7 = Segments::Alphabet::Gsm7;
constexpr auto ucs2 = Segments::Alphabet::Ucs2;

}  // namespace

class SegmentsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SegmentsTest);
    CPPUNIT_TEST(texts_have_the_segments_that_providers_bill);
    CPPUNIT_TEST(the_alphabet_is_the_whole_one_and_no_more);
    CPPUNIT_TEST(broken_bytes_are_replacement_characters);
    CPPUNIT_TEST(the_longest_beginning_ends_between_characters);
    CPPUNIT_TEST_SUITE_END();

public:
    void texts_have_the_segments_that_providers_bill() {
        struct Case {
            std::string text;
            Segments::Alphabet alphabet;
            size_t units, count;
        };
        const std::vector<Case> cases{
            {times(160, "a"), gsm7, 160, 1},
            {times(161, "a"), gsm7, 161, 2},
            {times(306, "a"), gsm7, 306, 2},
            {times(307, "a"), gsm7, 307, 3},
            {times(80, "€"), gsm7, 160, 1},
            {times(81, "€"), gsm7, 162, 2},
            {times(159, "a") + "€", gsm7, 161, 2},
            // The escaped letter does not go into the 153rd septet alone.
            {times(152, "a") + "€" + times(10, "b"), gsm7, 164, 2},
            {times(152, "a") + "€" + times(152, "b"), gsm7, 306, 3},
            {times(70, "я"), ucs2, 70, 1},
            {times(71, "я"), ucs2, 71, 2},
            {times(134, "я"), ucs2, 134, 2},
            {times(135, "я"), ucs2, 135, 3},
            {times(35, "😀"), ucs2, 70, 1},
            {times(36, "😀"), ucs2, 72, 2},
            {times(66, "a") + "😀" + times(10, "b"), ucs2, 78, 2},
            {times(66, "a") + "😀" + times(66, "b"), ucs2, 134, 3},
            {"It’s", ucs2, 4, 1},
            {"👩‍👩‍👦", ucs2, 8, 1},
            {"", gsm7, 0, 1},
        };
        for (const Case& one : cases) {
            const Segments found = segments_of(one.text);
            CPPUNIT_ASSERT_MESSAGE(one.text, one.alphabet == found.alphabet);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.text, one.units, found.units);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.text, one.count, found.count);
        }
    }

    void the_alphabet_is_the_whole_one_and_no_more() {
        const std::string basic =
            "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        CPPUNIT_ASSERT(gsm7 == segments_of(basic).alphabet);
        CPPUNIT_ASSERT_EQUAL(size_t{127}, segments_of(basic).units);
        const std::string extension = "^{}\\[]~|€\f";
        CPPUNIT_ASSERT(gsm7 == segments_of(extension).alphabet);
        CPPUNIT_ASSERT_EQUAL(size_t{20}, segments_of(extension).units);
        for (const char* strange :
             {"ç", "`", "\t", "“", "–", "—", "…", "\u00a0", "🚲", "á", "\x7f", "\x1b", "Α", "ÿ"})
            CPPUNIT_ASSERT_MESSAGE(strange, ucs2 == segments_of(strange).alphabet);
    }

    void broken_bytes_are_replacement_characters() {
        CPPUNIT_ASSERT(ucs2 == segments_of("\xff\xc3").alphabet);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, segments_of("\xff\xc3").units);
        CPPUNIT_ASSERT_EQUAL(size_t{5}, utf16_units("a😀€\xff"));
    }

    void the_longest_beginning_ends_between_characters() {
        CPPUNIT_ASSERT_EQUAL(size_t{160}, fitting_segments(times(200, "a"), 1, 1600));
        CPPUNIT_ASSERT_EQUAL(size_t{306}, fitting_segments(times(400, "a"), 2, 1600));
        CPPUNIT_ASSERT_EQUAL(size_t{80 * 3}, fitting_segments(times(90, "€"), 1, 1600));
        CPPUNIT_ASSERT_EQUAL(size_t{35 * 4}, fitting_segments(times(90, "😀"), 1, 1600));
        CPPUNIT_ASSERT_EQUAL(size_t{8 * 4}, fitting_segments(times(90, "😀"), 9, 17));
        // The stranger stays out: with it all before would have to be sent as UTF-16.
        CPPUNIT_ASSERT_EQUAL(size_t{100}, fitting_segments(times(100, "a") + "я", 1, 1600));
        CPPUNIT_ASSERT_EQUAL(size_t{5}, fitting_segments("short", 1, 1600));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SegmentsTest);

}  // namespace tandem::domain
