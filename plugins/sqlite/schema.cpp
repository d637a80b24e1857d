#include "schema.h"

#include <string>

#include "tandem/plugin/failure.hpp"

namespace tandem::sqlite {

namespace {

// "TNDM": says whose file it is, for `file` and for us.
constexpr int64_t application_id = 0x544E444D;

// Every key begins with the organisation. Columns stand in the order of the SDK's lists of
// members, which bind and read them. `conversation` has a row from an address's first use;
// it is a conversation once its version is not 0.
//
// `message` and its history grow at the end of the file; a table ordered by conversation
// would write one page for each message of a different customer.
constexpr const char* first_tables = R"sql(
CREATE TABLE lead (
    organization TEXT NOT NULL, id TEXT NOT NULL, address TEXT NOT NULL,
    customer_name TEXT NOT NULL, email TEXT NOT NULL, status TEXT NOT NULL,
    source TEXT NOT NULL, attributes_json TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX lead_address ON lead (organization, address);

CREATE TABLE conversation (
    organization TEXT NOT NULL, opted_out INTEGER NOT NULL DEFAULT 0, address TEXT NOT NULL,
    lead_id TEXT NOT NULL DEFAULT '', needs_human TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT '', waiting INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT 0, last_activity_at INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, control_epoch INTEGER NOT NULL DEFAULT 0,
    message_count INTEGER NOT NULL DEFAULT 0, last_number INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, address)
) WITHOUT ROWID;
CREATE INDEX conversation_activity ON conversation (organization, last_activity_at, address)
    WHERE version > 0;

CREATE TABLE message (
    organization TEXT NOT NULL, author INTEGER NOT NULL, type INTEGER NOT NULL,
    direction INTEGER NOT NULL, delivery INTEGER NOT NULL, number INTEGER NOT NULL,
    id TEXT NOT NULL, address TEXT NOT NULL, content TEXT NOT NULL,
    provider_id TEXT NOT NULL, instance TEXT NOT NULL, agent_id TEXT NOT NULL,
    agent_name TEXT NOT NULL, session_id TEXT NOT NULL, error_code TEXT NOT NULL,
    error_text TEXT NOT NULL, control_epoch INTEGER NOT NULL, at INTEGER NOT NULL,
    media_json TEXT NOT NULL
);
CREATE UNIQUE INDEX message_id ON message (organization, id);
CREATE UNIQUE INDEX message_number ON message (organization, address, number);
CREATE UNIQUE INDEX message_provider_id ON message (organization, instance, provider_id)
    WHERE provider_id <> '';

CREATE TABLE status_line (
    organization TEXT NOT NULL, message_id TEXT NOT NULL, number INTEGER NOT NULL,
    delivery INTEGER NOT NULL, keep_delivery INTEGER NOT NULL, provider_word TEXT NOT NULL,
    error_code TEXT NOT NULL, error_text TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (organization, message_id, number)
) WITHOUT ROWID;

CREATE TABLE journal (
    organization TEXT NOT NULL PRIMARY KEY, epoch TEXT NOT NULL, head INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE event (
    organization TEXT NOT NULL, offset INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, address TEXT NOT NULL, payload TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (organization, offset)
) WITHOUT ROWID;

CREATE TABLE session (
    organization TEXT NOT NULL, state INTEGER NOT NULL, id TEXT NOT NULL,
    address TEXT NOT NULL, agent_id TEXT NOT NULL, agent_name TEXT NOT NULL,
    record_json TEXT NOT NULL, started_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX session_open ON session (organization, address) WHERE state = 1;

CREATE TABLE call (
    organization TEXT NOT NULL, direction INTEGER NOT NULL, outcome INTEGER NOT NULL,
    active INTEGER NOT NULL, id TEXT NOT NULL, address TEXT NOT NULL,
    instance TEXT NOT NULL, line_id TEXT NOT NULL, conversation_id TEXT NOT NULL,
    summary TEXT NOT NULL, record_json TEXT NOT NULL, duration_s INTEGER NOT NULL,
    started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) WITHOUT ROWID;
CREATE INDEX call_line ON call (organization, instance, line_id) WHERE line_id <> '';
CREATE INDEX call_conversation ON call (organization, instance, conversation_id)
    WHERE conversation_id <> '';
CREATE INDEX call_active ON call (organization, address) WHERE active <> 0;

CREATE TABLE owed (
    kind INTEGER NOT NULL, id TEXT NOT NULL, organization TEXT NOT NULL,
    address TEXT NOT NULL, instance TEXT NOT NULL, subject_id TEXT NOT NULL,
    merge_key TEXT NOT NULL, payload_json TEXT NOT NULL, control_epoch INTEGER NOT NULL,
    attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL, worker TEXT NOT NULL, last_error TEXT NOT NULL,
    dead INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (organization, id)
) WITHOUT ROWID;
CREATE INDEX owed_due ON owed (kind, due_at, id) WHERE dead = 0;
CREATE UNIQUE INDEX owed_merge ON owed (organization, merge_key)
    WHERE merge_key <> '' AND worker = '' AND dead = 0;

CREATE TABLE dedupe (
    key BLOB NOT NULL PRIMARY KEY, body_hash TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

// Lists, calls by their line, notes and the audit. Each list is one walk of an index in its
// order. What only few rows have is indexed for those rows alone, so that the others do not
// pay: superseded drafts (delivery 11), spoken turns, conversations that need a human. Audit
// lines have a number of their own because ids need not rise.
constexpr const char* lists_notes_and_audit = R"sql(
ALTER TABLE conversation ADD COLUMN call_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN business_number TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_needs_human ON conversation (organization, last_activity_at, address)
    WHERE version > 0 AND needs_human <> '';

ALTER TABLE message ADD COLUMN call_id TEXT NOT NULL DEFAULT '';
CREATE INDEX message_call ON message (organization, call_id, number) WHERE call_id <> '';
CREATE INDEX message_superseded ON message (organization, address, number)
    WHERE delivery = 11;

CREATE INDEX event_address ON event (organization, address, offset) WHERE address <> '';
CREATE INDEX lead_created ON lead (organization, created_at, id);

CREATE INDEX session_started ON session (organization, started_at, id);
CREATE INDEX session_address ON session (organization, address, started_at, id);
CREATE INDEX session_agent ON session (organization, agent_id, started_at, id);

DROP INDEX call_line;
CREATE INDEX call_line ON call (organization, line_id, instance) WHERE line_id <> '';
CREATE INDEX call_started ON call (organization, started_at, id);
CREATE INDEX call_address ON call (organization, address, started_at, id);
UPDATE conversation SET call_count = (SELECT count(*) FROM call
    WHERE call.organization = conversation.organization
    AND call.address = conversation.address);

CREATE INDEX owed_list ON owed (organization, dead, due_at, id);

CREATE TABLE note (
    organization TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    address TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, scope, key)
) WITHOUT ROWID;
CREATE INDEX note_expiry ON note (organization, expires_at) WHERE expires_at > 0;
CREATE INDEX note_address ON note (organization, address) WHERE address <> '';

CREATE TABLE audit (
    organization TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL,
    actor TEXT NOT NULL, action TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
    detail_json TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (organization, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX audit_id ON audit (organization, id);
CREATE INDEX audit_address ON audit (organization, address) WHERE address <> '';
)sql";

// A row's place in the list of what is owed does not move when it is put off: lists are read
// page by page, while others work on the rows.
constexpr const char* owed_by_id = R"sql(
DROP INDEX owed_list;
CREATE INDEX owed_list ON owed (organization, dead, id);
)sql";

}  // namespace

void refuse_foreign(const Database& database) {
    const int64_t owner = database.integer("PRAGMA application_id");
    if (owner == application_id) return;
    if (owner == 0 && database.integer("SELECT count(*) FROM sqlite_schema") == 0) return;
    throw plugin::Failure(TANDEM_INVALID,
                          "the database file belongs to another program; name a file of its own");
}

const Steps& steps() {
    static const Steps all{first_tables, lists_notes_and_audit, owed_by_id};
    return all;
}

int64_t schema_version(const Database& database) {
    return database.integer("PRAGMA user_version");
}

void migrate(const Database& database, const Steps& steps) {
    const auto newest = static_cast<int64_t>(steps.size());
    int64_t version = schema_version(database);
    if (version > newest)
        throw plugin::Failure(
            TANDEM_CONFLICT,
            "the database has schema version " + std::to_string(version) +
                ", this tandem-sqlite knows versions up to " + std::to_string(newest) +
                "; install the newer version again, or restore a backup made before it");
    for (; version < newest; ++version) {
        database.execute("BEGIN IMMEDIATE");
        try {
            database.execute(steps[static_cast<size_t>(version)]);
            // Both stand in the file's header and commit with the step.
            database.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
            database.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
            database.execute("COMMIT");
        } catch (...) {
            database.roll_back();
            throw;
        }
    }
}

}  // namespace tandem::sqlite
