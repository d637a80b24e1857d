#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "Poco/Data/Session.h"

/// One connection to a database file, and statements on it. A connection belongs to one
/// thread at a time.
namespace tandem::sqlite {

/// What SQLite said. `code` is the extended result code.
class Fault : public std::runtime_error {
public:
    Fault(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
    int code() const noexcept { return code_; }
    int primary() const noexcept { return code_ & 0xff; }
    /// After it nobody knows what the disk holds: a failed write, read or fsync, or pages
    /// that make no sense. Linux drops the pages of a failed fsync, so that a second one
    /// would "succeed" (see PostgreSQL's fsync problem of 2018).
    bool is_damage() const noexcept {
        return primary() == SQLITE_IOERR || primary() == SQLITE_CORRUPT ||
               primary() == SQLITE_NOTADB;
    }
    /// A row with this key is there already.
    bool is_unique_violation() const noexcept {
        return code_ == SQLITE_CONSTRAINT_UNIQUE || code_ == SQLITE_CONSTRAINT_PRIMARYKEY;
    }

private:
    int code_;
};

enum class Role {
    Writer,  // the only one that writes, and the only one that ever checkpoints
    Reader,
};

/// An open connection. Poco opens and closes it; statements use SQLite's own handle, which
/// knows binding by position without a copy.
///
/// Debian 12's SQLite is inside the range of the WAL-reset bug (3.7.0 to 3.51.2): it damages
/// the file when one connection checkpoints while another commits. So automatic checkpoints
/// are off everywhere, readers do not checkpoint on close either, and nothing is mapped.
class Database {
public:
    Database(const std::string& path, Role role);

    /// Makes a Writer's file durable and a write-ahead log, with temporary files beside it. Apart
    /// from opening, so that a file of another program can be refused before it is changed.
    void begin_writing() const;

    sqlite3* handle() const { return handle_; }
    /// One or more statements without parameters.
    void execute(const char* script) const;
    /// The first column of the first row.
    int64_t integer(const char* sql) const;
    std::string text(const char* sql) const;
    /// Pages in the log after the last commit of this connection.
    int log_pages() const { return *log_pages_; }
    /// Ends a transaction that may have ended already; never throws.
    void roll_back() const noexcept;

private:
    Poco::Data::Session session_;
    sqlite3* handle_ = nullptr;
    std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);  // SQLite writes into it
};

/// Bytes that are no text.
struct Blob {
    std::string_view bytes;
};

/// A compiled statement; lives no longer than its database.
class Statement {
public:
    Statement(const Database& database, std::string_view sql);

    /// The rows of one use. Destroying it makes the statement ready for the next.
    class Rows {
    public:
        explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
        Rows(const Rows&) = delete;
        Rows& operator=(const Rows&) = delete;
        ~Rows() { sqlite3_reset(statement_); }

        /// Steps to the next row; false: there is none.
        bool next();
        /// Views live until the next step.
        std::string_view text(int column) const;
        int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }

    private:
        sqlite3_stmt* statement_;
    };

    /// Binds by position and begins. Texts are not copied: they must outlive the rows.
    template <typename... Values>
    Rows rows(const Values&... values) {
        begin();
        (bind(values), ...);
        return Rows(statement_.get());
    }
    /// For statements that give no rows. Answers how many rows were changed.
    template <typename... Values>
    int execute(const Values&... values) {
        begin();
        (bind(values), ...);
        return finish();
    }

    // The same piece by piece, for records; `begin` first.
    void begin() { position_ = 0; }
    void bind(std::string_view value);
    void bind(Blob value);
    void bind(int64_t value);
    void bind(uint32_t value) { bind(static_cast<int64_t>(value)); }
    Rows bound_rows() { return Rows(statement_.get()); }
    int finish();

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int position_ = 0;
};

/// Throws the Fault of the last call on this connection.
[[noreturn]] void fail(sqlite3* handle, int code, std::string_view attempt);

}  // namespace tandem::sqlite
