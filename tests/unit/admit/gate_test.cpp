#include "admit/gate.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <stdexcept>
#include <utility>

#include "limit/limiter.h"
#include "unit/store/refusing_store.h"

namespace tandem::admit {

namespace {

const Time start{Milliseconds{1795324691000}};

class HeldClock : public Clock {
public:
    Time now() const override { return time; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
    Time time = start;
};

/// Knows its tokens by heart.
class Known : public Authenticator {
public:
    explicit Known(std::string instance) : instance_(std::move(instance)) {}
    const std::string& instance() const override { return instance_; }
    Result<domain::Identity> authenticate(std::string_view token, Time) override {
        ++asked;
        const auto found = identities.find(std::string(token));
        if (found == identities.end()) return otherwise;
        return found->second;
    }

    std::map<std::string, domain::Identity> identities;
    Error otherwise{Code::Unsupported, "not mine"};
    int asked = 0;

private:
    std::string instance_;
};

class Office : public TicketOffice {
public:
    std::optional<domain::Identity> redeem(const std::string& ticket,
                                           const serve::Request&) override {
        if (ticket != "good-ticket") return std::nullopt;
        return identity;
    }
    domain::Identity identity;
};

class Lines : public observe::Log {
public:
    bool enabled(observe::Level) const override { return true; }
    void write(observe::Level, std::string_view, std::string_view text,
               std::initializer_list<observe::Field> fields) override {
        all += std::string(text);
        for (const auto& [name, value] : fields) all += ' ' + std::string(name) + '=' + value;
        all += '\n';
    }
    std::string all;
};

class Counts : public observe::Metrics {
public:
    class Number : public observe::Counter {
    public:
        void add(double amount) override { value += amount; }
        double value = 0;
    };
    observe::Counter& counter(std::string_view name, std::string_view, Labels labels) override {
        std::string key(name);
        for (const auto& [label, value] : labels)
            key += ' ' + std::string(label) + '=' + std::string(value);
        return numbers[key];
    }
    observe::Histogram& histogram(std::string_view, std::string_view, Labels) override {
        throw std::logic_error("no histogram is expected");
    }
    void gauge(std::string_view, std::string_view, Labels, std::function<double()>) override {}
    std::string text() const override { return {}; }
    std::map<std::string, Number> numbers;
};

domain::Identity identity(std::vector<std::string> permissions) {
    domain::Identity result;
    result.subject = "agent-7";
    result.organization = "bici-demo";
    result.permissions = std::move(permissions);
    result.expires_at = start + std::chrono::hours{1};
    return result;
}

serve::Request bearer(const std::string& token) {
    serve::Request request;
    request.method = "GET";
    request.peer = request.client = "192.0.2.1";
    request.headers.push_back({"Authorization", "Bearer " + token});
    return request;
}

bool says(const std::optional<serve::Response>& answer, std::string_view code) {
    return answer && answer->body.find('"' + std::string(code) + '"') != std::string::npos;
}

}  // namespace

/// A store and its committer that keep notes, and the actions of audit lines.
class Book : public testing::RefusingStore, public store::Committer {
public:
    explicit Book(const Clock& clock) : ids(clock), revocations(*this, *this, clock, ids) {}

    Rows<store::Note> notes(Whose organization, Text scope, Text prefix, Time, unsigned) override {
        std::vector<store::Note> found;
        for (const auto& [key, note] : kept_)
            if (note.scope == scope && key.first == organization.text() &&
                key.second.rfind(prefix, 0) == 0)
                found.push_back(note);
        return found;
    }
    bool submit(store::ChangeSet set, Done done) override {
        for (const store::Operation& operation : set.operations) {
            if (const auto* note = std::get_if<store::Note>(&operation))
                kept_[{set.organization, note->key}] = *note;
            if (const auto* gone = std::get_if<store::ForgetNote>(&operation))
                kept_.erase({set.organization, gone->key});
            if (const auto* line = std::get_if<store::AuditLine>(&operation))
                audited.push_back(line->action);
        }
        done(store::Outcome{});
        return true;
    }
    Result<store::Outcome> commit(store::ChangeSet set) override {
        submit(std::move(set), [](auto) {});
        return store::Outcome{};
    }
    Rows<store::Outcome> commit(const std::vector<const store::ChangeSet*>&) override {
        return refusal();
    }

    IdSource ids;
    Revocations revocations;
    std::vector<std::string> audited;

private:
    std::map<std::pair<std::string, std::string>, store::Note> kept_;
};

class GateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GateTest);
    CPPUNIT_TEST(a_genuine_token_gives_the_identity);
    CPPUNIT_TEST(the_authorization_header_is_read_strictly);
    CPPUNIT_TEST(authenticators_are_asked_in_order_until_one_knows_the_scheme);
    CPPUNIT_TEST(an_authenticator_that_cannot_decide_denies);
    CPPUNIT_TEST(requests_have_sixty_seconds_after_expiry_and_streams_none);
    CPPUNIT_TEST(a_token_of_an_unknown_organisation_is_invalid);
    CPPUNIT_TEST(naming_another_organisation_is_denied_wherever_it_stands);
    CPPUNIT_TEST(naming_another_organisation_in_a_body_is_denied_before_the_body_is_judged);
    CPPUNIT_TEST(a_missing_permission_is_403_and_admin_includes_all);
    CPPUNIT_TEST(streams_take_tickets_and_tokens_from_the_query);
    CPPUNIT_TEST(a_ticket_that_does_not_hold_is_answered_204);
    CPPUNIT_TEST(metrics_are_for_loopback_and_admins);
    CPPUNIT_TEST(who_comes_by_the_control_socket_is_the_operator_of_the_organisation_it_names);
    CPPUNIT_TEST(the_operators_header_means_nothing_on_the_network);
    CPPUNIT_TEST(a_stream_is_judged_again);
    CPPUNIT_TEST(a_credential_that_nobody_vouches_for_any_more_ends_its_stream);
    CPPUNIT_TEST(addresses_are_limited_before_and_credentials_after_they_are_known);
    CPPUNIT_TEST(a_role_stands_for_what_the_settings_say_and_an_unknown_one_for_nothing);
    CPPUNIT_TEST(what_was_revoked_is_shut_out_until_it_is_restored);
    CPPUNIT_TEST(a_subjects_revocation_is_of_what_was_issued_until_then);
    CPPUNIT_TEST(a_revocation_is_there_after_a_restart);
    CPPUNIT_TEST(no_token_reaches_the_log_and_failures_are_counted);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        clock_.time = start;
        first_ = std::make_shared<Known>("first");
        second_ = std::make_shared<Known>("second");
        office_ = Office{};
        office_.identity = identity({"conversations:read"});
        lines_ = Lines{};
        counts_.numbers.clear();
        first_->identities["good"] = identity({"conversations:read"});
        rebuild({});
    }

    void who_comes_by_the_control_socket_is_the_operator_of_the_organisation_it_names() {
        serve::Request request;
        request.control = true;
        request.headers.push_back({"X-Tandem-Organization", "bici-demo"});
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        CPPUNIT_ASSERT_EQUAL(std::string("operator"), request.identity->subject);
        CPPUNIT_ASSERT_EQUAL(std::string("bici-demo"), request.identity->organization.text());
        CPPUNIT_ASSERT(request.identity->may("admin"));
        CPPUNIT_ASSERT_EQUAL(0, first_->asked);
        for (const char* named : {"", "somebody-else"}) {
            request.identity.reset();
            request.headers[0].value = named;
            const auto answer = gate_->check(request, api());
            CPPUNIT_ASSERT(says(answer, "ORGANIZATION_ACCESS_DENIED"));
            CPPUNIT_ASSERT(!request.identity);
        }
    }

    void the_operators_header_means_nothing_on_the_network() {
        serve::Request request = bearer("");
        request.headers.clear();
        request.headers.push_back({"X-Tandem-Organization", "bici-demo"});
        request.peer = request.client = "127.0.0.1";
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "MISSING_TOKEN"));
        CPPUNIT_ASSERT(!request.identity);
    }

    void addresses_are_limited_before_and_credentials_after_they_are_known() {
        limit::Rates rates;
        rates.requests_of_address = 40;
        rates.requests = 12;
        limit::Limiter limiter(rates, clock_, counts_);
        gate_->limits(&limiter);
        serve::Request request = bearer("good");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, request.answer_headers.size());
        CPPUNIT_ASSERT_EQUAL(std::string("\"requests\";r=2;t=5"), request.answer_headers[1].value);
        for (int i = 0; i < 2; ++i) {
            serve::Request more = bearer("good");
            CPPUNIT_ASSERT(!gate_->check(more, api()));
        }
        serve::Request one_too_many = bearer("good");
        const auto answer = gate_->check(one_too_many, api());
        CPPUNIT_ASSERT(answer && answer->status == 429 && says(answer, "RATE_LIMITED"));
        // Six of the address's ten are left; then no credential is looked at any more.
        for (int i = 0; i < 6; ++i) {
            serve::Request wrong = bearer("wrong");
            CPPUNIT_ASSERT(says(gate_->check(wrong, api()), "INVALID_TOKEN"));
        }
        const int asked = first_->asked;
        serve::Request wrong = bearer("wrong");
        CPPUNIT_ASSERT(says(gate_->check(wrong, api()), "RATE_LIMITED"));
        CPPUNIT_ASSERT_EQUAL(asked, first_->asked);
        // The operator on this machine is not locked out.
        serve::Request operators;
        operators.control = true;
        operators.headers.push_back({"X-Tandem-Organization", "bici-demo"});
        CPPUNIT_ASSERT(!gate_->check(operators, api()));
    }

    void a_genuine_token_gives_the_identity() {
        serve::Request request = bearer("good");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        CPPUNIT_ASSERT(request.identity);
        CPPUNIT_ASSERT_EQUAL(std::string("agent-7"), request.identity->subject);
        CPPUNIT_ASSERT_EQUAL(0, second_->asked);
    }

    void the_authorization_header_is_read_strictly() {
        struct Case {
            std::vector<std::string> values;
            std::string code;  // empty: let in
        };
        const std::vector<Case> cases{
            {{"bearer good"}, ""},
            {{"BEARER good"}, ""},
            {{"Bearer  good"}, ""},
            {{}, "MISSING_TOKEN"},
            {{""}, "MISSING_TOKEN"},
            {{"Bearer"}, "MISSING_TOKEN"},
            {{"Bearer "}, "MISSING_TOKEN"},
            {{"Basic Z29vZDpnb29k"}, "MISSING_TOKEN"},
            {{"good"}, "INVALID_TOKEN"},
            {{"Bearer\tgood"}, "INVALID_TOKEN"},
            {{"Bearer \tgood"}, "INVALID_TOKEN"},
            {{"Bearer good good"}, "INVALID_TOKEN"},
            {{"Bearer Bearer good"}, "INVALID_TOKEN"},
            {{"Bearer good,good"}, "INVALID_TOKEN"},
            {{"Bearer good\n"}, "INVALID_TOKEN"},
            {{"Bearer =good"}, "INVALID_TOKEN"},
            {{"Bearer good", "Bearer good"}, "INVALID_TOKEN"},
            {{"Bearer good", "Basic eA=="}, "INVALID_TOKEN"},
            {{"Bearer " + std::string(20000, 'a')}, "INVALID_TOKEN"},
        };
        for (const Case& one : cases) {
            serve::Request request = bearer("");
            request.headers.clear();
            for (const auto& value : one.values)
                request.headers.push_back({"authorization", value});
            const auto answer = gate_->check(request, api());
            const std::string name = one.values.empty() ? "none" : one.values.front();
            if (one.code.empty()) {
                CPPUNIT_ASSERT_MESSAGE(name, !answer);
                continue;
            }
            CPPUNIT_ASSERT_MESSAGE(name, says(answer, one.code));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, 401, answer->status);
            CPPUNIT_ASSERT_MESSAGE(name, !request.identity);
            bool challenged = false;
            for (const auto& header : answer->headers)
                challenged |= header.name == "WWW-Authenticate" && header.value == "Bearer";
            CPPUNIT_ASSERT_MESSAGE(name, challenged);
        }
    }

    void authenticators_are_asked_in_order_until_one_knows_the_scheme() {
        second_->identities["other"] = identity({"conversations:read"});
        serve::Request request = bearer("other");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        CPPUNIT_ASSERT_EQUAL(1, second_->asked);

        first_->otherwise = {Code::Unauthorized, "bad signature"};
        request = bearer("other");
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "INVALID_TOKEN"));
        CPPUNIT_ASSERT_EQUAL(1, second_->asked);

        first_->otherwise = {Code::Unsupported, {}};
        request = bearer("of-nobody");
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "INVALID_TOKEN"));
    }

    void an_authenticator_that_cannot_decide_denies() {
        second_->identities["other"] = identity({"admin"});
        for (const Code code : {Code::Unavailable, Code::Timeout, Code::Internal, Code::Ok}) {
            first_->otherwise = {code, "key set is away"};
            serve::Request request = bearer("other");
            CPPUNIT_ASSERT(says(gate_->check(request, api()), "INVALID_TOKEN"));
        }
        CPPUNIT_ASSERT_EQUAL(0, second_->asked);
    }

    void requests_have_sixty_seconds_after_expiry_and_streams_none() {
        const auto after = [&](const serve::Route& route, int64_t milliseconds) {
            clock_.time = start + std::chrono::hours{1} + Milliseconds{milliseconds};
            serve::Request request = bearer("good");
            return gate_->check(request, route);
        };
        CPPUNIT_ASSERT(!after(api(), 59000));
        CPPUNIT_ASSERT(!after(api(), 59999));
        CPPUNIT_ASSERT(says(after(api(), 60000), "TOKEN_EXPIRED"));
        CPPUNIT_ASSERT(says(after(api(), 61000), "TOKEN_EXPIRED"));
        CPPUNIT_ASSERT(!after(stream(), -1));
        CPPUNIT_ASSERT(says(after(stream(), 0), "TOKEN_EXPIRED"));
    }

    void a_token_of_an_unknown_organisation_is_invalid() {
        for (const char* organization : {"elsewhere", "bici", "BICI-DEMO", ""}) {
            first_->identities["good"].organization = domain::OrganizationId::vouched(organization);
            serve::Request request = bearer("good");
            CPPUNIT_ASSERT_MESSAGE(organization,
                                   says(gate_->check(request, api()), "INVALID_TOKEN"));
        }
        first_->identities["good"] = identity({"admin"});
        first_->identities["good"].subject.clear();
        serve::Request request = bearer("good");
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "INVALID_TOKEN"));
    }

    void naming_another_organisation_is_denied_wherever_it_stands() {
        struct Case {
            std::string query, header;
            bool let_in;
        };
        const std::vector<Case> cases{
            {"organizationId=bici-demo", "bici-demo", true},
            {"organizationId=", "", true},
            {"x=1&organizationId=bici%2ddemo", "", true},
            {"organizationId=elsewhere", "", false},
            {"", "elsewhere", false},
            {"organizationId=bici-demo&organizationId=elsewhere", "", false},
            {"a=b&&organization%49d=elsewhere", "", false},
            {"organizationId=bici-demo", "elsewhere", false},
            {"organizationId=other", "bici-demo", false},
        };
        for (const Case& one : cases) {
            serve::Request request = bearer("good");
            request.raw_query = one.query;
            request.headers.push_back({"organizationid", one.header});
            const auto answer = gate_->check(request, api());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.query + one.header, one.let_in, !answer);
            if (one.let_in) continue;
            CPPUNIT_ASSERT_EQUAL(403, answer->status);
            CPPUNIT_ASSERT(says(answer, "ORGANIZATION_ACCESS_DENIED"));
        }
    }

    void naming_another_organisation_in_a_body_is_denied_before_the_body_is_judged() {
        struct Case {
            const char* body;
            bool let_in;
        };
        const Case cases[] = {
            {R"({"organizationId":"bici-demo"})", true},
            {R"({"organizationId":""})", true},
            {R"({"organizationId":null})", true},
            {R"({"message":"my organizationId is elsewhere"})", true},
            {R"({"inner":{"organizationId":"elsewhere"}})", true},
            // What is no JSON object, or no text, is the handler's to refuse.
            {R"({"organizationId":"elsewhere")", true},
            {R"({"organizationId":7})", true},
            {R"({"organizationId":"elsewhere"})", false},
            {R"({"organizationId":"elsewhere","phoneNumber":7,"odd":1})", false},
            {R"({"organization\u0049d":"elsewhere"})", false},
        };
        for (const Case& one : cases) {
            serve::Request request = bearer("good");
            request.body = one.body;
            const auto answer = gate_->check(request, api());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.body, one.let_in, !answer);
            CPPUNIT_ASSERT_MESSAGE(one.body, !answer || says(answer, "ORGANIZATION_ACCESS_DENIED"));
        }
        serve::Request request;
        request.control = true;
        request.headers.push_back({"X-Tandem-Organization", "bici-demo"});
        request.body = R"({"organizationId":"elsewhere"})";
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "ORGANIZATION_ACCESS_DENIED"));
    }

    void a_missing_permission_is_403_and_admin_includes_all() {
        first_->identities["reader"] = identity({"conversations:write", "leads:read"});
        first_->identities["none"] = identity({});
        first_->identities["chief"] = identity({"admin"});
        for (const char* token : {"reader", "none"}) {
            serve::Request request = bearer(token);
            const auto answer = gate_->check(request, api());
            CPPUNIT_ASSERT(says(answer, "PERMISSION_DENIED"));
            CPPUNIT_ASSERT_EQUAL(403, answer->status);
        }
        serve::Request request = bearer("chief");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        serve::Route forgotten = api();
        forgotten.permission.clear();
        request = bearer("chief");
        CPPUNIT_ASSERT(says(gate_->check(request, forgotten), "PERMISSION_DENIED"));
    }

    void streams_take_tickets_and_tokens_from_the_query() {
        const auto let_in = [&](const std::string& query, const serve::Route& route) {
            serve::Request request = bearer("");
            request.headers.clear();
            request.raw_query = query;
            return !gate_->check(request, route) && request.identity;
        };
        CPPUNIT_ASSERT(let_in("token=good", stream()));
        CPPUNIT_ASSERT(!let_in("token=bad", stream()));
        CPPUNIT_ASSERT(!let_in("token=good", api()));
        gate_->tickets(&office_);
        CPPUNIT_ASSERT(let_in("ticket=good-ticket", stream()));
        CPPUNIT_ASSERT(!let_in("ticket=good-ticket", api()));
        rebuild({.query_tokens = false, .metrics_from = {}});
        CPPUNIT_ASSERT(!let_in("token=good", stream()));
    }

    void a_ticket_that_does_not_hold_is_answered_204() {
        const auto status = [&](const std::string& ticket) {
            serve::Request request = bearer("");
            request.headers.clear();
            request.raw_query = "ticket=" + ticket;
            const auto answer = gate_->check(request, stream());
            return answer ? answer->status : 200;
        };
        CPPUNIT_ASSERT_EQUAL(204, status("good-ticket"));  // nobody gives out tickets
        gate_->tickets(&office_);
        CPPUNIT_ASSERT_EQUAL(200, status("good-ticket"));
        CPPUNIT_ASSERT_EQUAL(204, status("spent"));
        office_.identity.expires_at = start;
        CPPUNIT_ASSERT_EQUAL(204, status("good-ticket"));
    }

    // An API key taken out of its file, a token whose key was changed.
    void a_credential_that_nobody_vouches_for_any_more_ends_its_stream() {
        const domain::Identity known = first_->identities["good"];
        const auto again = [&] {
            return gate_->ask_again("good", known, "conversations:read", clock_.time);
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), again());
        first_->identities["good"].permissions = {"leads:read"};
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"), again());
        first_->identities["good"] = known;
        first_->identities["good"].subject = "somebody-else";
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"), again());
        first_->identities["good"] = known;
        first_->identities["good"].expires_at = start;
        CPPUNIT_ASSERT_EQUAL(std::string("token_expired"), again());
        first_->identities.clear();
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"), again());
        first_->otherwise = Error{Code::Unavailable, "no keys"};
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"), again());
    }

    void metrics_are_for_loopback_and_admins() {
        const auto status = [&](serve::Request request) {
            request.headers.erase(request.headers.begin());
            const auto answer = gate_->check(request, metrics());
            return answer ? answer->status : 200;
        };
        serve::Request request = bearer("good");
        CPPUNIT_ASSERT_EQUAL(401, status(request));
        request.peer = request.client = "127.0.0.1";
        CPPUNIT_ASSERT_EQUAL(200, status(request));
        request.headers.push_back({"X-Forwarded-For", "203.0.113.9"});
        CPPUNIT_ASSERT_EQUAL(401, status(request));  // through a proxy that is not trusted
        for (const char* trace : {"X-Forwarded-Proto", "X-Real-IP", "Via", "forwarded"}) {
            request.headers.back().name = trace;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(trace, 401, status(request));
        }
        request.client = "203.0.113.9";
        CPPUNIT_ASSERT_EQUAL(401, status(request));
        rebuild({.query_tokens = true, .metrics_from = {"203.0.113.0/24"}});
        CPPUNIT_ASSERT_EQUAL(200, status(request));

        rebuild({});
        serve::Request stranger = bearer("good");
        CPPUNIT_ASSERT(says(gate_->check(stranger, metrics()), "PERMISSION_DENIED"));
        first_->identities["good"] = identity({"admin"});
        stranger = bearer("good");
        CPPUNIT_ASSERT(!gate_->check(stranger, metrics()));
    }

    void a_stream_is_judged_again() {
        domain::Identity one = identity({"conversations:read"});
        CPPUNIT_ASSERT_EQUAL(std::string(), gate_->judge(one, "conversations:read", start));
        CPPUNIT_ASSERT_EQUAL(std::string("token_expired"),
                             gate_->judge(one, "conversations:read", *one.expires_at));
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"), gate_->judge(one, "leads:read", start));
        one.organization = "gone";
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"),
                             gate_->judge(one, "conversations:read", start));
    }

    void a_role_stands_for_what_the_settings_say_and_an_unknown_one_for_nothing() {
        GateOptions options;
        options.roles["agent"] = {"conversations:read"};
        rebuild(std::move(options));
        const auto answered = [this](std::vector<std::string> permissions) {
            first_->identities["role"] = identity(std::move(permissions));
            serve::Request request = bearer("role");
            return !gate_->check(request, api());
        };
        CPPUNIT_ASSERT(answered({"role:agent"}));
        CPPUNIT_ASSERT(answered({"leads:read", "role:agent"}));
        for (const char* none : {"role:boss", "role:", "agent", "role:agent:x", "ROLE:agent",
                                 "role:*", "*", "conversations:*"})
            CPPUNIT_ASSERT_MESSAGE(none, !answered({none}));
    }

    void what_was_revoked_is_shut_out_until_it_is_restored() {
        Book book(clock_);
        gate_->revocations(&book.revocations);
        int told = 0;
        book.revocations.on_revoked([&told] { ++told; });
        first_->identities["good"].credential_id = "token-1";
        Revocation wanted;
        wanted.credential_id = "token-1";
        wanted.actor = "admin-1";
        serve::Request request = bearer("good");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        const auto done = book.revocations.revoke("bici-demo", wanted);
        CPPUNIT_ASSERT(done);
        CPPUNIT_ASSERT_EQUAL(1, told);
        request = bearer("good");
        CPPUNIT_ASSERT(says(gate_->check(request, api()), "INVALID_TOKEN"));
        CPPUNIT_ASSERT_EQUAL(1.0, failures("revoked"));
        CPPUNIT_ASSERT_EQUAL(std::string("access_revoked"),
                             gate_->judge(first_->identities["good"], "conversations:read", start));
        // Of another organisation it is another token.
        domain::Identity elsewhere = first_->identities["good"];
        elsewhere.organization = "elsewhere";
        CPPUNIT_ASSERT(!book.revocations.revoked(elsewhere));
        CPPUNIT_ASSERT(book.revocations.restore("bici-demo", done->id, "admin-1"));
        request = bearer("good");
        CPPUNIT_ASSERT(!gate_->check(request, api()));
        CPPUNIT_ASSERT(!book.revocations.restore("bici-demo", done->id, "admin-1"));
        CPPUNIT_ASSERT((std::vector<std::string>{"revoke", "restore"} == book.audited));
    }

    void a_subjects_revocation_is_of_what_was_issued_until_then() {
        Book book(clock_);
        Revocation wanted;
        wanted.subject = "agent-7";
        CPPUNIT_ASSERT(book.revocations.revoke("bici-demo", wanted));
        domain::Identity one = identity({"admin"});
        one.issued_at = start;
        CPPUNIT_ASSERT(book.revocations.revoked(one));
        one.issued_at = start + Milliseconds(1000);
        CPPUNIT_ASSERT(!book.revocations.revoked(one));
        one.issued_at.reset();  // who knows
        CPPUNIT_ASSERT(book.revocations.revoked(one));
        one.subject = "agent-8";
        CPPUNIT_ASSERT(!book.revocations.revoked(one));
    }

    void a_revocation_is_there_after_a_restart() {
        Book book(clock_);
        Revocation wanted;
        wanted.credential_id = "token-1";
        CPPUNIT_ASSERT(book.revocations.revoke("bici-demo", wanted));
        Revocations again(book, book, clock_, book.ids);
        domain::Identity one = identity({"admin"});
        one.credential_id = "token-1";
        CPPUNIT_ASSERT(!again.revoked(one));
        CPPUNIT_ASSERT(again.load(organizations_));
        CPPUNIT_ASSERT(again.revoked(one));
        CPPUNIT_ASSERT_EQUAL(size_t{1}, again.list("bici-demo")->size());
    }

    void no_token_reaches_the_log_and_failures_are_counted() {
        first_->otherwise = {Code::Unauthorized, "bad signature"};
        serve::Request request = bearer("canary-4711");
        request.request_id = "request-1";
        CPPUNIT_ASSERT(gate_->check(request, api()));
        request = bearer("canary-4711 ");
        CPPUNIT_ASSERT(gate_->check(request, api()));
        CPPUNIT_ASSERT(lines_.all.find("bad signature") != std::string::npos);
        CPPUNIT_ASSERT(lines_.all.find("request-1") != std::string::npos);
        CPPUNIT_ASSERT(lines_.all.find("canary") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(1.0, failures("invalid"));
        CPPUNIT_ASSERT_EQUAL(1.0, failures("malformed"));
    }

private:
    static serve::Route api() {
        serve::Route route;
        route.method = "GET";
        route.pattern = "/api/conversations";
        route.permission = "conversations:read";
        return route;
    }
    static serve::Route stream() {
        serve::Route route = api();
        route.access = serve::Access::Stream;
        return route;
    }
    static serve::Route metrics() {
        serve::Route route = api();
        route.access = serve::Access::Metrics;
        route.permission.clear();
        return route;
    }
    void rebuild(GateOptions options) {
        gate_ = std::make_unique<Gate>(clock_, organizations_,
                                       std::vector<std::shared_ptr<Authenticator>>{first_, second_},
                                       std::move(options), lines_, counts_);
    }
    double failures(const std::string& reason) {
        return counts_.numbers["tandem_auth_failures_total reason=" + reason].value;
    }

    HeldClock clock_;
    domain::Organizations organizations_{{{.id = "bici-demo",
                                           .name = {},
                                           .default_region = {},
                                           .numbers = {},
                                           .channel = {},
                                           .voice = {},
                                           .responder = {}}}};
    std::shared_ptr<Known> first_, second_;
    Office office_;
    Lines lines_;
    Counts counts_;
    std::unique_ptr<Gate> gate_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(GateTest);

}  // namespace tandem::admit
