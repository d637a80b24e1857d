#include "apikey.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "admit/mint.h"
#include "tandem/plugin/testing.hpp"

namespace tandem::apikey {

namespace {

constexpr tandem_time now = 1795324691000;

/// SHA-256 of it, by sha256sum.
const std::string key = "tandem_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";
const std::string key_hash =
    "sha256:a185bec2e05236a8138f3559bda3154a9fd6bafe0fe2c0856c572ed31bdde8d7";
const std::string other_hash = "sha256:" + std::string(64, '0');

std::string line(const std::string& more = {}, const std::string& hash = key_hash,
                 const std::string& id = "sync") {
    return "id=" + id + " hash=" + hash + " organization=demo permissions=leads:read,leads:write" +
           more;
}

/// Why these lines are none; empty: they are.
std::string fault_of(const std::vector<std::string>& lines) {
    try {
        Keys keys(lines);
        return {};
    } catch (const plugin::Failure& failure) {
        return failure.code() == TANDEM_INVALID ? failure.what() : "not INVALID";
    }
}

class File {
public:
    explicit File(const std::string& text) {
        char path[] = "/tmp/tandem-apikey-XXXXXX";
        ::close(::mkstemp(path));
        path_ = path;
        write(text);
    }
    ~File() { ::unlink(path_.c_str()); }
    File(const File&) = delete;
    void write(const std::string& text) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
    }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

class ApiKeyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiKeyTest);
    CPPUNIT_TEST(a_known_key_gives_the_whole_identity);
    CPPUNIT_TEST(a_line_may_say_little);
    CPPUNIT_TEST(what_does_not_begin_as_a_key_is_not_mine);
    CPPUNIT_TEST(every_unknown_key_is_refused_with_one_reason);
    CPPUNIT_TEST(every_changed_bit_of_a_key_is_found);
    CPPUNIT_TEST(a_minted_key_is_known_by_its_hash_alone);
    CPPUNIT_TEST(wrong_lines_refuse_to_start_and_are_not_repeated);
    CPPUNIT_TEST(times_are_days_or_seconds_that_exist);
    CPPUNIT_TEST(a_file_and_the_settings_may_both_have_keys);
    CPPUNIT_TEST(who_is_taken_out_of_the_file_is_shut_out);
    CPPUNIT_TEST(a_file_that_becomes_wrong_lets_nobody_in);
    CPPUNIT_TEST(a_file_that_others_may_write_is_refused);
    CPPUNIT_TEST_SUITE_END();

public:
    void a_known_key_gives_the_whole_identity() {
        make(
            {line(" subject=lead-sync name=\"Lead sync\" created=2026-01-31 "
                  "expires=2027-01-31T12:30:15Z")});
        const auto identity = plugin_->authenticate(key, now);
        CPPUNIT_ASSERT_EQUAL(std::string("lead-sync"), identity.subject);
        CPPUNIT_ASSERT_EQUAL(std::string("demo"), identity.organization);
        CPPUNIT_ASSERT_EQUAL(std::string("Lead sync"), identity.name);
        CPPUNIT_ASSERT_EQUAL(std::string("sync"), identity.credential_id);
        CPPUNIT_ASSERT((std::vector<std::string>{"leads:read", "leads:write"}) ==
                       identity.permissions);
        CPPUNIT_ASSERT_EQUAL(tandem_time{1769817600000}, identity.issued_at);
        CPPUNIT_ASSERT_EQUAL(tandem_time{1801398615000}, identity.expires_at);
    }

    void a_line_may_say_little() {
        make({line()});
        const auto identity = plugin_->authenticate(key, now);
        CPPUNIT_ASSERT_EQUAL(std::string("sync"), identity.subject);
        CPPUNIT_ASSERT_EQUAL(tandem_time{0}, identity.issued_at);
        CPPUNIT_ASSERT_EQUAL(tandem_time{0}, identity.expires_at);
    }

    void what_does_not_begin_as_a_key_is_not_mine() {
        make({line()});
        for (const std::string& token :
             {std::string(), std::string("tandem"), std::string("Tandem_") + key.substr(7),
              std::string("a.b.c"), " " + key, key_hash})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(token, std::string("not mine"), judge(token));
    }

    void every_unknown_key_is_refused_with_one_reason() {
        make({line("", other_hash)});
        for (const std::string& token :
             {key, std::string("tandem_"), key + "0", key.substr(0, key.size() - 1),
              key.substr(0, 20) + '-' + key.substr(21), key + std::string(9000, 'a'),
              "tandem_" + key_hash, key.substr(0, 20) + '\0' + key.substr(21)})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(token, std::string("the key is not known"), judge(token));
    }

    void every_changed_bit_of_a_key_is_found() {
        make({line()});
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(key));
        for (size_t bit = 0; bit < key.size() * 8; ++bit) {
            std::string changed = key;
            changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
            CPPUNIT_ASSERT_MESSAGE(changed, judge(changed) != "accepted");
        }
    }

    void a_minted_key_is_known_by_its_hash_alone() {
        const auto first = admit::mint_api_key(), second = admit::mint_api_key();
        CPPUNIT_ASSERT(first && second);
        CPPUNIT_ASSERT(key_shape(first->key) && key_shape(second->key));
        CPPUNIT_ASSERT(first->key != second->key);
        make({line("", first->hash, "1"), line("", second->hash, "2")});
        CPPUNIT_ASSERT_EQUAL(std::string("1"),
                             plugin_->authenticate(first->key, now).credential_id);
        CPPUNIT_ASSERT_EQUAL(std::string("2"),
                             plugin_->authenticate(second->key, now).credential_id);
    }

    void wrong_lines_refuse_to_start_and_are_not_repeated() {
        const std::string rest = " organization=demo permissions=admin";
        for (const std::string& bad :
             {std::string("canary"),
              "id=canary" + rest,
              "hash=" + key_hash + rest,
              "id=canary hash=" + key_hash + " permissions=admin",
              "id=canary hash=" + key_hash + " organization=demo",
              "id=canary hash=" + key_hash + " organization=demo permissions=",
              "id=canary hash=" + key_hash + " organization=demo permissions=a,,b",
              "id=canary hash=" + key_hash + " organization=demo permissions=a,",
              "id=canary hash=" + key_hash + " organization=" + rest,
              "id=canary hash=" + key_hash.substr(7) + rest,
              "id=canary hash=" + key_hash.substr(0, 70) + rest,
              "id=canary hash=" + key_hash + "0" + rest,
              "id=canary hash=sha256:" + std::string(64, 'G') + rest,
              "id=canary hash=md5:" + std::string(64, '0') + rest,
              line(" id=canary"),
              line(" canary=x"),
              line(" name=\"canary"),
              line(" name=\"canary\"x"),
              line(" name=canary\x01"),
              line(" name=" + std::string(257, 'x')),
              key + " " + line()}) {
            const std::string fault = fault_of({line("", other_hash, "good"), bad});
            CPPUNIT_ASSERT_MESSAGE(bad + fault, fault.compare(0, 7, "key 2: ") == 0);
            for (const std::string& secret : {std::string("canary"), key, key_hash.substr(7)})
                CPPUNIT_ASSERT_MESSAGE(fault, fault.find(secret) == std::string::npos);
        }
        CPPUNIT_ASSERT(!fault_of({line(), line("", other_hash)}).empty());         // one id
        CPPUNIT_ASSERT(!fault_of({line(), line("", key_hash, "other")}).empty());  // one hash
        CPPUNIT_ASSERT(!fault_of(std::vector<std::string>(1001, line())).empty());
        CPPUNIT_ASSERT_THROW(make({}), plugin::Failure);
    }

    void times_are_days_or_seconds_that_exist() {
        for (const char* good : {"2027-01-31", "2028-02-29", "2027-12-31T23:59:59Z"})
            CPPUNIT_ASSERT_EQUAL(std::string(), fault_of({line(std::string(" expires=") + good)}));
        for (const char* bad :
             {"", "2027", "2027-02-29", "2027-13-01", "2027-00-01", "2027-01-00", "2027-01-32",
              "2027-01-31T24:00:00Z", "2027-01-31T12:60:00Z", "2027-01-31T12:00:00",
              "2027-01-31T12:00:00+01:00", "27-01-31", "1969-12-31", "never", "0"})
            CPPUNIT_ASSERT_MESSAGE(bad, !fault_of({line(std::string(" expires=") + bad)}).empty());
    }

    void a_file_and_the_settings_may_both_have_keys() {
        const auto second = admit::mint_api_key();
        const File file("# servers\n\n  " + line("", second->hash, "two") + "\r\n");
        make({line()}, file.path());
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(key));
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(second->key));
        // Who is taken out of the file must not come in by the settings.
        for (const std::string& twin : {line(), line("", second->hash), line("", key_hash, "two")})
            CPPUNIT_ASSERT_THROW(make({twin}, File(twin + '\n').path()), plugin::Failure);
        CPPUNIT_ASSERT_THROW(make({line()}, File(line("", second->hash)).path()), plugin::Failure);
        CPPUNIT_ASSERT_THROW(make({line()}, File(line("", key_hash, "x")).path()), plugin::Failure);
        // Nor by a line that comes into the file later.
        make({line()}, file.path());
        file.write(line());
        host_->advance(500);
        CPPUNIT_ASSERT_EQUAL(std::string("the key is not known"), judge(second->key));
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(key));
        CPPUNIT_ASSERT_THROW(make({}, "/nonexistent"), plugin::Failure);
        const File wrong("what is this");
        CPPUNIT_ASSERT_THROW(make({}, wrong.path()), plugin::Failure);
        const File huge(std::string((1 << 20) + 1, '\n'));
        CPPUNIT_ASSERT_THROW(make({}, huge.path()), plugin::Failure);
    }

    void who_is_taken_out_of_the_file_is_shut_out() {
        const auto second = admit::mint_api_key();
        const File file(line() + "\n");
        make({}, file.path());
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(key));
        file.write(line("", second->hash, "two") + "\n");
        host_->advance(500);
        CPPUNIT_ASSERT_EQUAL(std::string("the key is not known"), judge(key));
        CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(second->key));
    }

    void a_file_that_becomes_wrong_lets_nobody_in() {
        const File file(line() + "\n");
        make({}, file.path());
        for (const char* text : {"half of a li", "id=x"}) {
            file.write(text);
            host_->advance(500);
            CPPUNIT_ASSERT_EQUAL(std::string("the key is not known"), judge(key));
            file.write(line() + "\n");
            host_->advance(500);
            CPPUNIT_ASSERT_EQUAL(std::string("accepted"), judge(key));
        }
        ::chmod(file.path().c_str(), 0622);
        host_->advance(500);
        CPPUNIT_ASSERT_EQUAL(std::string("the key is not known"), judge(key));
    }

    void a_file_that_others_may_write_is_refused() {
        const File file(line() + "\n");
        for (const mode_t mode : {0620, 0602, 0666}) {
            ::chmod(file.path().c_str(), mode);
            CPPUNIT_ASSERT_THROW(make({}, file.path()), plugin::Failure);
        }
        ::chmod(file.path().c_str(), 0644);
        make({}, file.path());
    }

private:
    void make(const std::vector<std::string>& lines, const std::string& path = {}) {
        plugin_.reset();
        host_ = std::make_unique<plugin::testing::FakeHost>("servers");
        if (!lines.empty()) host_->option_list("keys", lines);
        if (!path.empty()) host_->option("keys_file", path);
        plugin_ = std::make_unique<ApiKey>(host_->host());
    }
    /// `accepted`, `not mine`, or the reason of the refusal.
    std::string judge(const std::string& token) {
        try {
            plugin_->authenticate(token, now);
            return "accepted";
        } catch (const plugin::Failure& failure) {
            return failure.code() == TANDEM_UNSUPPORTED ? "not mine" : failure.what();
        }
    }

    std::unique_ptr<plugin::testing::FakeHost> host_;
    std::unique_ptr<ApiKey> plugin_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ApiKeyTest);

}  // namespace tandem::apikey
