#include "database.h"

#include <memory>
#include <mutex>
#include <new>

#include "Poco/Data/SQLite/Connector.h"
#include "Poco/Data/SQLite/Utility.h"

namespace tandem::sqlite {

namespace {

// The writer waits for readers that hold a lock for an instant, and for an operator's
// sqlite3 shell; longer than this is a fault that is better seen.
constexpr int busy_timeout_ms = 5000;

constexpr const char* shared_settings = R"(
    PRAGMA trusted_schema = OFF;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
)";

// FULL: a commit that was answered survives the loss of power. secure_delete: what is
// erased does not stay in free pages. The limit only cuts the file after a burst.
constexpr const char* writer_settings = R"(
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA cache_size = -65536;
    PRAGMA journal_size_limit = 67108864;
)";

constexpr const char* reader_settings = R"(
    PRAGMA query_only = ON;
    PRAGMA cache_size = -8192;
)";

Poco::Data::Session open(const std::string& path) {
    static std::once_flag registered;
    std::call_once(registered, [] { Poco::Data::SQLite::Connector::registerConnector(); });
    return Poco::Data::Session(Poco::Data::SQLite::Connector::KEY, path);
}

// Those of a compaction and of large statements: the folders that SQLite would look for may be
// small or read-only, which would look like damage. It knows one for the whole process, and asks
// as the real user whether it can be written: where a capability alone lets us, its choice stays.
void keep_temporary_files_beside(sqlite3* handle) {
    const std::string file = sqlite3_db_filename(handle, "main");
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    const std::unique_ptr<char, decltype(&sqlite3_free)> sql(
        sqlite3_mprintf("PRAGMA temp_store_directory = %Q", folder.c_str()), &sqlite3_free);
    if (!sql) throw std::bad_alloc();
    static_cast<void>(sqlite3_exec(handle, sql.get(), nullptr, nullptr, nullptr));
}

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
}

}  // namespace

void fail(sqlite3* handle, int code, std::string_view attempt) {
    const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
    std::string text(attempt);
    text.append(": ").append(handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    throw Fault((extended & 0xff) == (code & 0xff) ? extended : code, text);
}

Database::Database(const std::string& path, Role role)
    : session_(open(path)), handle_(Poco::Data::SQLite::Utility::dbHandle(session_)) {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    // The hook takes the place of automatic checkpoints.
    sqlite3_wal_hook(handle_, &note_log_pages, log_pages_.get());
    execute(shared_settings);
    if (role == Role::Writer) return;
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    execute(reader_settings);
}

void Database::begin_writing() const {
    keep_temporary_files_beside(handle_);
    execute(writer_settings);
    if (text("PRAGMA journal_mode") != "wal")
        throw Fault(SQLITE_ERROR, "the file system does not allow a write-ahead log");
}

void Database::execute(const char* script) const {
    const int code = sqlite3_exec(handle_, script, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(handle_, code, "the database refused a statement");
}

int64_t Database::integer(const char* sql) const {
    Statement statement(*this, sql);
    auto rows = statement.rows();
    return rows.next() ? rows.integer(0) : 0;
}

std::string Database::text(const char* sql) const {
    Statement statement(*this, sql);
    auto rows = statement.rows();
    return rows.next() ? std::string(rows.text(0)) : std::string();
}

void Database::roll_back() const noexcept {
    // Some faults (a full disk, out of memory) have rolled back already.
    if (sqlite3_get_autocommit(handle_) == 0)
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement::Statement(const Database& database, std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) fail(database.handle(), code, "a statement cannot be prepared");
    statement_.reset(made);
}

void Statement::bind(std::string_view value) {
    // A null pointer would bind NULL; an absent text is empty here.
    const char* text = value.data() != nullptr ? value.data() : "";
    const int code = sqlite3_bind_text64(statement_.get(), ++position_, text, value.size(),
                                         SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK)
        fail(sqlite3_db_handle(statement_.get()), code, "a text cannot be bound");
}

void Statement::bind(Blob value) {
    const int code = sqlite3_bind_blob64(statement_.get(), ++position_, value.bytes.data(),
                                         value.bytes.size(), SQLITE_STATIC);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_.get()), code, "bytes cannot be bound");
}

void Statement::bind(int64_t value) {
    const int code = sqlite3_bind_int64(statement_.get(), ++position_, value);
    if (code != SQLITE_OK)
        fail(sqlite3_db_handle(statement_.get()), code, "a number cannot be bound");
}

int Statement::finish() {
    Rows rows(statement_.get());
    while (rows.next()) {
    }
    return sqlite3_changes(sqlite3_db_handle(statement_.get()));
}

bool Statement::Rows::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(sqlite3_db_handle(statement_), code, "the database refused a statement");
}

std::string_view Statement::Rows::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace tandem::sqlite
