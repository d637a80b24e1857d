#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>
#include <vector>

#include "unit/converse/ground.h"

namespace tandem::converse {

namespace {

using namespace std::chrono_literals;
using testing::expect_refused;
using testing::Office;
using testing::Told;

constexpr char ann[] = R"({"phoneNumber":"(555) 123-1001","customerName":"Ann",
    "email":"ann@example.com","leadStatus":"new","source":"shop","attributes":{"size":"M"}})";

/// Somebody who acts between what the next verb reads and what it commits.
class Beside : public store::Committer {
public:
    Beside(Office& office, std::function<void()> act)
        : office_(office), behind_(*office.ground.committer), act_(std::move(act)) {
        office_.ground.committer = this;
    }
    ~Beside() override { office_.ground.committer = &behind_; }
    bool submit(store::ChangeSet set, Done done) override {
        return behind_.submit(std::move(set), std::move(done));
    }
    Result<store::Outcome> commit(store::ChangeSet set) override {
        if (act_) std::exchange(act_, {})();
        return behind_.commit(std::move(set));
    }

private:
    Office& office_;
    store::Committer& behind_;
    std::function<void()> act_;
};

}  // namespace

/// Leads, one by one and many at once.
class LeadsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LeadsTest);
    CPPUNIT_TEST(a_lead_is_made_and_read);
    CPPUNIT_TEST(a_lead_is_changed_member_by_member);
    CPPUNIT_TEST(what_is_done_beside_a_change_is_not_undone);
    CPPUNIT_TEST(who_is_erased_beside_a_change_stays_gone);
    CPPUNIT_TEST(a_number_has_one_lead);
    CPPUNIT_TEST(what_is_amiss_with_a_lead_is_named);
    CPPUNIT_TEST(a_lead_of_elsewhere_is_none);
    CPPUNIT_TEST(leads_are_paged_and_searched);
    CPPUNIT_TEST(lines_are_told_one_by_one);
    CPPUNIT_TEST(a_line_twice_builds_on_the_first);
    CPPUNIT_TEST(a_look_before_an_import_changes_nothing);
    CPPUNIT_TEST(an_export_is_read_again_as_the_same);
    CPPUNIT_TEST(an_import_has_a_form_and_a_bound);
    CPPUNIT_TEST(without_storage_nothing_is_promised);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_lead_is_made_and_read() {
        Office office;
        const Told made = office.ask(create_lead, {}, {}, ann);
        CPPUNIT_ASSERT_EQUAL(201, made.status);
        const Json lead = made.data().at("lead");
        CPPUNIT_ASSERT_EQUAL(std::string("+15551231001"), lead.value("phoneNumber", ""));
        CPPUNIT_ASSERT_EQUAL(Json({{"size", "M"}}), lead.at("attributes"));
        CPPUNIT_ASSERT_EQUAL(lead.at("createdAt"), lead.at("updatedAt"));
        CPPUNIT_ASSERT_EQUAL(lead, office.ask(show_lead, lead.at("id")).data().at("lead"));
        CPPUNIT_ASSERT_EQUAL(std::string("lead_updated"), office.events().back());

        const Json bare =
            office.ask(create_lead, {}, {}, R"({"phoneNumber":"+15551231002"})").data().at("lead");
        for (const char* name : {"customerName", "email", "leadStatus"})
            CPPUNIT_ASSERT_MESSAGE(name, bare.at(name).is_null());
        CPPUNIT_ASSERT_EQUAL(std::string("api"), bare.value("source", ""));
        CPPUNIT_ASSERT_EQUAL(Json::object(), bare.at("attributes"));
    }

    void a_lead_is_changed_member_by_member() {
        Office office;
        const Json made = office.ask(create_lead, {}, {}, ann).data().at("lead");
        office.clock.advance(1min);
        const auto change = [&](const std::string& body) {
            return office.ask(change_lead, made.at("id"), {}, body).data().at("lead");
        };
        const Json renamed = change(R"({"customerName":"Bea","email":null,"source":""})");
        CPPUNIT_ASSERT_EQUAL(std::string("Bea"), renamed.value("customerName", ""));
        CPPUNIT_ASSERT(renamed.at("email").is_null() && renamed.at("source").is_null());
        CPPUNIT_ASSERT_EQUAL(std::string("new"), renamed.value("leadStatus", ""));
        CPPUNIT_ASSERT_EQUAL(made.at("createdAt"), renamed.at("createdAt"));
        CPPUNIT_ASSERT(made.at("updatedAt") < renamed.at("updatedAt"));
        CPPUNIT_ASSERT_EQUAL(Json({{"a", 1}}),
                             change(R"({"attributes":{"a":1}})").at("attributes"));
        CPPUNIT_ASSERT_EQUAL(Json::object(), change(R"({"attributes":null})").at("attributes"));
        CPPUNIT_ASSERT_EQUAL(std::string("Bea"), change("{}").value("customerName", ""));
    }

    void what_is_done_beside_a_change_is_not_undone() {
        Office office;
        const std::string id = office.ask(create_lead, {}, {}, ann).data().at("lead").at("id");
        const Beside rename(
            office, [&] { office.ask(change_lead, id, {}, R"({"customerName":"Bea"})").data(); });
        office.ask(change_lead, id, {}, R"({"email":"bea@example.com"})").data();
        const Json lead = office.ask(show_lead, id).data().at("lead");
        CPPUNIT_ASSERT_EQUAL(std::string("Bea"), lead.value("customerName", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("bea@example.com"), lead.value("email", ""));
        // And again, in the same millisecond.
        for (const char* body : {R"({"leadStatus":"a"})", R"({"leadStatus":"b"})"})
            CPPUNIT_ASSERT_EQUAL(200, office.ask(change_lead, id, {}, body).status);
    }

    void who_is_erased_beside_a_change_stays_gone() {
        Office office;
        const std::string id = office.ask(create_lead, {}, {}, ann).data().at("lead").at("id");
        {
            const Beside erased(office, [&] {
                CPPUNIT_ASSERT_EQUAL(200, office.ask(erase_conversation, "+15551231001").status);
            });
            expect_refused(office.ask(change_lead, id, {}, R"({"email":"ann@example.com"})"), 404,
                           "NOT_FOUND");
        }
        expect_refused(office.ask(show_lead, id), 404, "NOT_FOUND");
    }

    void a_number_has_one_lead() {
        Office office;
        office.ask(create_lead, {}, {}, ann).data();
        expect_refused(office.ask(create_lead, {}, {}, R"({"phoneNumber":"+15551231001"})"), 409,
                       "LEAD_EXISTS");
        office.meets("+15551231002");
        expect_refused(office.ask(create_lead, {}, {}, R"({"phoneNumber":"+15551231002"})"), 409,
                       "LEAD_EXISTS");
        CPPUNIT_ASSERT_EQUAL(201, office.ask(create_lead, {}, {}, ann, "other").status);
    }

    void what_is_amiss_with_a_lead_is_named() {
        Office office;
        const auto refused = [&](const std::string& members, const std::string& code,
                                 const std::string& field) {
            const std::string number = R"({"phoneNumber":"+15551231001",)";
            expect_refused(office.ask(create_lead, {}, {}, number + members + '}'), 400, code,
                           field);
        };
        const std::string invalid = "VALIDATION_FAILED";
        refused(R"("email":"odd")", invalid, "email");
        refused(R"("customerName":7)", invalid, "customerName");
        refused(R"("attributes":[])", invalid, "attributes");
        refused(R"("odd":1)", invalid, "odd");
        refused(R"("customerName":")" + std::string(1025, 'a') + '"', invalid, "customerName");
        expect_refused(office.ask(create_lead, {}, {}, "{}"), 400, "MISSING_PHONE_NUMBER",
                       "phoneNumber");
        expect_refused(office.ask(create_lead, {}, {}, R"({"phoneNumber":"911"})"), 400,
                       "INVALID_PHONE_NUMBER", "phoneNumber");
        expect_refused(office.ask(create_lead, {}, {}, R"({"organizationId":"other"})"), 403,
                       "ORGANIZATION_ACCESS_DENIED");
        CPPUNIT_ASSERT(office.all_pages(list_leads, "leads").empty());
    }

    void a_lead_of_elsewhere_is_none() {
        Office office;
        const std::string id = office.ask(create_lead, {}, {}, ann).data()["lead"]["id"];
        for (const Office::Verb verb : {show_lead, change_lead}) {
            const Told other = office.ask(verb, id, {}, R"({"customerName":"Bea"})", "other");
            expect_refused(other, 404, "NOT_FOUND");
            CPPUNIT_ASSERT_EQUAL(office.ask(verb, "none", {}, "{}", "other").text, other.text);
            expect_refused(office.ask(verb, std::string(5000, 'a'), {}, "{}"), 404, "NOT_FOUND");
        }
        CPPUNIT_ASSERT_EQUAL(std::string("Ann"),
                             office.ask(show_lead, id).data().at("lead").value("customerName", ""));
    }

    void leads_are_paged_and_searched() {
        Office office;
        for (int i = 0; i < 5; ++i)
            office.meets("+1555123100" + std::to_string(i), i == 2 ? "Cay" : "");
        CPPUNIT_ASSERT_EQUAL(size_t{5},
                             office.all_pages(list_leads, "leads", {{"limit", "2"}}).size());
        const auto found = office.all_pages(list_leads, "leads", {{"q", "cay"}});
        CPPUNIT_ASSERT_EQUAL(size_t{1}, found.size());
        CPPUNIT_ASSERT_EQUAL(std::string("+15551231002"), found[0].value("phoneNumber", ""));
        const Told list = office.ask(list_leads, {}, {{"limit", "2"}});
        const std::string cursor = list.pagination().at("nextCursor");
        expect_refused(office.ask(list_leads, {}, {{"cursor", cursor}}, {}, "other"), 400,
                       "VALIDATION_FAILED", "cursor");
        expect_refused(office.ask(list_conversations, {}, {{"cursor", cursor}}), 400,
                       "VALIDATION_FAILED", "cursor");
    }

    void lines_are_told_one_by_one() {
        Office office;
        office.meets("+15551231002", "Bob");
        const std::vector<std::string> lines{
            ann,
            R"({"phoneNumber":"+15551231002","customerName":"Bob"})",
            R"({"phoneNumber":"+15551231002","email":"bob@example.com"})",
            R"({"phoneNumber":"911"})",
            R"({"customerName":"Nobody"})",
            R"({"phoneNumber":"+15551231003","email":"odd"})",
            R"({"phoneNumber":"+15551231003","odd":1})",
            R"({"phoneNumber":)",
            "",
            R"({"phoneNumber":"+15551231004"})"};
        CPPUNIT_ASSERT_EQUAL(Json::array({"created", "same", "changed", "refused", "refused",
                                          "refused", "refused", "refused", "refused", "created"}),
                             outcomes(import(office, lines)));
        const Json results = import(office, {lines[3], lines[5], lines[6]}).at("results");
        for (const auto& [row, field] : {std::pair(0, "phoneNumber"), {1, "email"}, {2, "odd"}})
            CPPUNIT_ASSERT_EQUAL(
                std::string(field),
                results.at(static_cast<size_t>(row)).at("errors").at(0).value("field", ""));
        CPPUNIT_ASSERT_EQUAL(size_t{3}, office.all_pages(list_leads, "leads").size());
    }

    void a_line_twice_builds_on_the_first() {
        Office office;
        CPPUNIT_ASSERT_EQUAL(
            Json::array({"created", "changed", "same"}),
            outcomes(import(office, {R"({"phoneNumber":"+15551231001","customerName":"Ann"})",
                                     R"({"phoneNumber":"(555) 123-1001","leadStatus":"new"})",
                                     R"({"phoneNumber":"5551231001"})"})));
        const auto leads = office.all_pages(list_leads, "leads");
        CPPUNIT_ASSERT_EQUAL(size_t{1}, leads.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Ann"), leads[0].value("customerName", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("new"), leads[0].value("leadStatus", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("import"), leads[0].value("source", ""));
    }

    void a_look_before_an_import_changes_nothing() {
        Office office;
        CPPUNIT_ASSERT_EQUAL(Json::array({"created", "refused"}),
                             outcomes(import(office, {one_line(ann), "{}"}, {{"dryRun", "true"}})));
        CPPUNIT_ASSERT(office.all_pages(list_leads, "leads").empty());
        CPPUNIT_ASSERT(office.events().empty());
    }

    void an_export_is_read_again_as_the_same() {
        Office office;
        office.ask(create_lead, {}, {}, ann).data();
        office.meets("+15551231002");
        std::vector<std::string> lines;
        for (const Json& lead : office.all_pages(list_leads, "leads")) lines.push_back(lead.dump());
        CPPUNIT_ASSERT_EQUAL(Json::array({"same", "same"}), outcomes(import(office, lines)));
        CPPUNIT_ASSERT_EQUAL(201, office.ask(create_lead, {}, {}, ann, "other").status);
    }

    void an_import_has_a_form_and_a_bound() {
        Office office;
        expect_refused(office.ask(import_leads, {}, {}, one_line(ann)), 415,
                       "UNSUPPORTED_MEDIA_TYPE");
        office.content_type = "application/x-ndjson; charset=utf-8";
        expect_refused(office.ask(import_leads), 400, "VALIDATION_FAILED", "body");
        std::string many;
        for (int i = 0; i < 201; ++i) many += "{}\n";
        expect_refused(office.ask(import_leads, {}, {}, many), 400, "VALIDATION_FAILED", "body");
        expect_refused(office.ask(import_leads, {}, {{"dryRun", "odd"}}, "{}"), 400,
                       "VALIDATION_FAILED", "dryRun");
        CPPUNIT_ASSERT_EQUAL(
            size_t{200},
            office.ask(import_leads, {}, {}, many.substr(3)).data().at("results").size());
    }

    void without_storage_nothing_is_promised() {
        Office office;
        const std::string id = office.ask(create_lead, {}, {}, ann).data()["lead"]["id"];
        office.committer->stop();
        expect_refused(office.ask(create_lead, {}, {}, R"({"phoneNumber":"+15551231002"})"), 503,
                       "STORAGE_UNAVAILABLE");
        expect_refused(office.ask(change_lead, id, {}, "{}"), 503, "STORAGE_UNAVAILABLE");
        office.content_type = "application/x-ndjson";
        expect_refused(office.ask(import_leads, {}, {}, R"({"phoneNumber":"+15551231002"})"), 503,
                       "STORAGE_UNAVAILABLE");
        CPPUNIT_ASSERT_EQUAL(200, office.ask(show_lead, id).status);
    }

private:
    static std::string one_line(std::string text) {
        std::erase(text, '\n');
        return text;
    }
    static Json import(Office& office, const std::vector<std::string>& lines,
                       const Office::Query& query = {}) {
        std::string body;
        for (const std::string& line : lines) body += one_line(line) + '\n';
        const std::string before = std::exchange(office.content_type, "application/x-ndjson");
        const Told told = office.ask(import_leads, {}, query, body);
        office.content_type = before;
        return told.data();
    }
    static Json outcomes(const Json& data) {
        Json words = Json::array();
        for (const Json& result : data.at("results")) words.push_back(result.at("outcome"));
        return words;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LeadsTest);

}  // namespace tandem::converse
