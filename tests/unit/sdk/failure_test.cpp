#include "tandem/plugin/failure.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cstring>
#include <new>

namespace tandem::plugin {

class FailureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FailureTest);
    CPPUNIT_TEST(a_failure_keeps_its_code_text_and_wish);
    CPPUNIT_TEST(a_standard_exception_is_internal_with_its_words);
    CPPUNIT_TEST(anything_else_thrown_is_internal_with_a_text);
    CPPUNIT_TEST(success_and_statuses_pass_through);
    CPPUNIT_TEST(a_failure_without_text_gets_one);
    CPPUNIT_TEST(a_failure_with_a_code_of_success_is_internal);
    CPPUNIT_TEST(a_missing_error_struct_is_borne);
    CPPUNIT_TEST(a_short_error_struct_is_not_overrun);
    CPPUNIT_TEST(a_longer_error_struct_of_a_newer_host_is_not_overrun);
    CPPUNIT_TEST(a_long_text_is_cut_between_characters);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_failure_keeps_its_code_text_and_wish() {
        auto error = sized<tandem_error>();
        const tandem_status status =
            guard(&error, [] { throw Failure(TANDEM_LIMITED, "too many", 1500); });
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_LIMITED}, status);
        CPPUNIT_ASSERT_EQUAL(int32_t{TANDEM_LIMITED}, error.code);
        CPPUNIT_ASSERT_EQUAL(uint32_t{1500}, error.retry_after_ms);
        CPPUNIT_ASSERT_EQUAL(std::string("too many"), error_text(error));
    }

    void a_standard_exception_is_internal_with_its_words() {
        auto error = sized<tandem_error>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL},
                             guard(&error, [] { throw std::out_of_range("no such item"); }));
        CPPUNIT_ASSERT_EQUAL(std::string("no such item"), error_text(error));
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL},
                             guard(&error, [] { throw std::bad_alloc(); }));
        CPPUNIT_ASSERT_EQUAL(int32_t{TANDEM_INTERNAL}, error.code);
    }

    void anything_else_thrown_is_internal_with_a_text() {
        auto error = sized<tandem_error>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL}, guard(&error, [] { throw 7; }));
        CPPUNIT_ASSERT(error.text_size > 0);
        error = sized<tandem_error>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL}, guard(&error, [] { throw "words"; }));
        CPPUNIT_ASSERT(error.text_size > 0);
    }

    void success_and_statuses_pass_through() {
        auto error = sized<tandem_error>();
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_OK}, guard(&error, [] {}));
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_STOP},
                             guard(&error, [] { return tandem_status{TANDEM_STOP}; }));
        CPPUNIT_ASSERT_EQUAL(uint32_t{0}, error.text_size);
        CPPUNIT_ASSERT_EQUAL(int32_t{0}, error.code);
    }

    void a_failure_without_text_gets_one() {
        auto error = sized<tandem_error>();
        guard(&error, [] { throw Failure(TANDEM_INVALID, ""); });
        CPPUNIT_ASSERT(error.text_size > 0);
    }

    void a_failure_with_a_code_of_success_is_internal() {
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL}, Failure(TANDEM_OK, "x").code());
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_INTERNAL}, Failure(TANDEM_PENDING, "x").code());
    }

    void a_missing_error_struct_is_borne() {
        CPPUNIT_ASSERT_EQUAL(tandem_status{TANDEM_CONFLICT},
                             guard(nullptr, [] { throw Failure(TANDEM_CONFLICT, "exists"); }));
    }

    // Every length that an older or newer caller could give, with a poisoned tail.
    void a_short_error_struct_is_not_overrun() {
        const std::string text(600, 'x');
        for (uint32_t size = 4; size <= sizeof(tandem_error); ++size) {
            tandem_error error;
            std::memset(&error, 0x5A, sizeof error);
            error.size = size;
            guard(&error, [&text] { throw Failure(TANDEM_INVALID, text); });
            const auto* bytes = reinterpret_cast<const unsigned char*>(&error);
            for (size_t i = size; i < sizeof error; ++i) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE("size " + std::to_string(size), 0x5A,
                                             static_cast<int>(bytes[i]));
            }
            if (size >= 16) CPPUNIT_ASSERT_EQUAL(size - 16, error.text_size);
            if (size >= 8) CPPUNIT_ASSERT_EQUAL(int32_t{TANDEM_INVALID}, error.code);
        }
    }

    void a_longer_error_struct_of_a_newer_host_is_not_overrun() {
        struct Longer {
            tandem_error known;
            char more[64];
        } longer;
        std::memset(&longer, 0x5A, sizeof longer);
        longer.known.size = sizeof longer;
        guard(&longer.known, [] { throw Failure(TANDEM_INVALID, std::string(2000, 'x')); });
        CPPUNIT_ASSERT_EQUAL(uint32_t{sizeof longer.known.text}, longer.known.text_size);
        for (const char byte : longer.more) CPPUNIT_ASSERT_EQUAL('\x5A', byte);
    }

    void a_long_text_is_cut_between_characters() {
        std::string text(495, 'x');
        text += "\xC3\xBC";  // ü, whose second byte would be the 497th
        auto error = sized<tandem_error>();
        guard(&error, [&text] { throw Failure(TANDEM_INVALID, text); });
        CPPUNIT_ASSERT_EQUAL(uint32_t{495}, error.text_size);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FailureTest);

}  // namespace tandem::plugin
