#include "operate/csv.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <sstream>

#include "operate/lead_file.h"

namespace tandem::operate {

class CsvTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CsvTest);
    CPPUNIT_TEST(fields_are_read_as_rfc_4180_says);
    CPPUNIT_TEST(what_cannot_be_read_is_named_and_passed_over);
    CPPUNIT_TEST(a_quote_that_is_never_closed_ends);
    CPPUNIT_TEST(what_is_written_is_read_again);
    CPPUNIT_TEST(columns_become_the_members_of_a_lead);
    CPPUNIT_TEST(a_header_that_cannot_be_used_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void fields_are_read_as_rfc_4180_says() {
        CPPUNIT_ASSERT_EQUAL(
            std::string("1[a|b c|] 2[x,y|say \"hi\"|two\r\nlines] 5[|]"),
            read("a,b c,\r\n\"x,y\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n\n,\"\""));
        CPPUNIT_ASSERT_EQUAL(std::string("1[name]"), read("\xef\xbb\xbfname\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("1[Zoë]"), read("Zoë"));
        CPPUNIT_ASSERT_EQUAL(std::string(), read("\n\r\n"));
    }

    void what_cannot_be_read_is_named_and_passed_over() {
        CPPUNIT_ASSERT_EQUAL(
            std::string("1!text stands behind a closing quote 2[a|b] "
                        "3!a quote stands in a field that does not begin with one 4[c]"),
            read("\"x\"y,z\na,b\nx\"y\nc\n"));
    }

    void a_quote_that_is_never_closed_ends() {
        CPPUNIT_ASSERT_EQUAL(std::string("1[a] 2!a quote is not closed"), read("a\n\"b\nc\n"));
        const std::string long_one = read("\"" + std::string(2 << 20, 'x') + "\nnext\n");
        CPPUNIT_ASSERT_EQUAL(std::string("1!a quote is not closed 2[next]"), long_one);
    }

    void what_is_written_is_read_again() {
        for (const char* text : {"plain", "a,b", "\"", "a\r\nb", " edge ", "", "+1555"})
            CPPUNIT_ASSERT_EQUAL("1[" + std::string(text) + "|x]", read(csv_field(text) + ",x\n"));
    }

    void columns_become_the_members_of_a_lead() {
        std::istringstream in(
            "customerName,phoneNumber,attributes,id\n"
            "\"Doe, \"\"J\"\"\",555 123 4567,\"{\"\"bike\"\":\"\"red\"\"}\",some-id\n"
            ",+15551230000,,\n"
            "one,two\n"
            "x,+1,[1],\n"
            "\xff,+1,,\n"
            "x,+1,\"{\"\"a\"\":" +
            std::string(200'000, '[') + std::string(200'000, ']') + "}\",\n");
        const auto leads = read_csv(in);
        CPPUNIT_ASSERT(leads);
        const std::vector<std::string> wanted{
            R"(2 {"customerName":"Doe, \"J\"","phoneNumber":"555 123 4567",)"
            R"("attributes":{"bike":"red"}})",
            R"(3 {"phoneNumber":"+15551230000"})",
            "4 !it has 2 fields, the header has 4",
            "5 !attributes is no JSON object",
            "6 !it is not UTF-8",
            "7 !attributes is no JSON object",
        };
        LeadLine line;
        for (const std::string& one : wanted) {
            CPPUNIT_ASSERT((*leads)->next(line));
            CPPUNIT_ASSERT_EQUAL(one, std::to_string(line.line) + ' ' +
                                          (line.problem.empty() ? line.json : '!' + line.problem));
        }
        CPPUNIT_ASSERT(!(*leads)->next(line));
    }

    void a_header_that_cannot_be_used_is_refused() {
        CPPUNIT_ASSERT_EQUAL(std::string("the file is empty"), refused(""));
        CPPUNIT_ASSERT_EQUAL(std::string("unknown column phonenumber; did you mean phoneNumber?"),
                             refused("phonenumber\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("the header has no column phoneNumber"),
                             refused("email\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("the column email stands there twice"),
                             refused("email,phoneNumber,email\n"));
    }

private:
    static std::string read(const std::string& text) {
        std::istringstream in(text);
        CsvReader reader(in);
        std::string all;
        for (CsvRecord record; reader.next(record);) {
            all += (all.empty() ? "" : " ") + std::to_string(record.line);
            if (!record.problem.empty()) {
                all += '!' + record.problem;
                continue;
            }
            std::string fields;
            for (size_t i = 0; i < record.fields.size(); ++i)
                fields += (i == 0 ? "" : "|") + record.fields[i];
            all += '[' + fields + ']';
        }
        return all;
    }
    static std::string refused(const std::string& text) {
        std::istringstream in(text);
        const auto leads = read_csv(in);
        return leads ? "" : leads.error().text;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CsvTest);

}  // namespace tandem::operate
