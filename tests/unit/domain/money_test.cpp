#include "domain/money.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

namespace tandem::domain {

class MoneyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MoneyTest);
    CPPUNIT_TEST(decimals_are_read_to_the_millionth);
    CPPUNIT_TEST(what_could_mean_something_else_is_no_amount);
    CPPUNIT_TEST(what_is_written_is_read_again);
    CPPUNIT_TEST(sums_stay_at_the_most_there_is);
    CPPUNIT_TEST_SUITE_END();

public:
    void decimals_are_read_to_the_millionth() {
        const std::pair<const char*, uint64_t> rows[] = {{"0", 0},
                                                         {"12", 12000000},
                                                         {"0.0079", 7900},
                                                         {"0.000001", 1},
                                                         {"1.50", 1500000},
                                                         {"0.100000", 100000},
                                                         {"999999999.999999", 999999999999999}};
        for (const auto& [text, millionths] : rows) {
            const auto read = parse_money(text);
            CPPUNIT_ASSERT_MESSAGE(text, read);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, millionths, read->millionths);
        }
    }

    void what_could_mean_something_else_is_no_amount() {
        for (const char* text :
             {"",    ".",    "1.",   ".5",         "-1",    "+1",        "01",      "00",
              "1e3", "1E-3", "0x10", "1,5",        "1_000", "0.0000001", "1.2.3",   " 1",
              "1 ",  "nan",  "inf",  "1000000000", "0.1e1", "1.-1",      "\xd9\xa1"})
            CPPUNIT_ASSERT_MESSAGE(text, !parse_money(text));
    }

    void what_is_written_is_read_again() {
        for (const char* text : {"0", "12", "0.0079", "0.000001", "1.5", "999999999.999999"})
            CPPUNIT_ASSERT_EQUAL(std::string(text), to_text(*parse_money(text)));
        CPPUNIT_ASSERT_EQUAL(std::string("1.5"), to_text(*parse_money("1.500000")));
    }

    void sums_stay_at_the_most_there_is() {
        const Money most{UINT64_MAX};
        CPPUNIT_ASSERT(Money{1} + most == most);
        CPPUNIT_ASSERT(most + most == most);
        CPPUNIT_ASSERT(Money{2} * (UINT64_MAX / 2 + 1) == most);
        CPPUNIT_ASSERT(Money{2} * (UINT64_MAX / 2) == Money{UINT64_MAX - 1});
        CPPUNIT_ASSERT(Money{0} * UINT64_MAX == Money{0});
        CPPUNIT_ASSERT(most * 0 == Money{0});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MoneyTest);

}  // namespace tandem::domain
