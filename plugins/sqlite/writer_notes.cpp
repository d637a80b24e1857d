#include "tandem/plugin/failure.hpp"
#include "writer.h"

// Notes, the audit, and what an operator or an erasure does to what is there.
namespace tandem::sqlite {

bool Writer::holds(const records::OwedDead& wanted) {
    auto rows = find_owed_.rows(organization_, wanted.owed_id);
    return rows.next() && rows.integer(0) != 0;
}

bool Writer::holds(const records::NoteIs& wanted) {
    auto rows = find_note_.rows(organization_, wanted.scope, wanted.key, wanted.now);
    if (!rows.next()) return !wanted.value;
    return wanted.value && rows.text(0) == *wanted.value;
}

void Writer::write(const records::NoteView& note) {
    put_note_.begin();
    put_note_.bind(organization_);
    bind_record(put_note_, note);
    put_note_.finish();
}

void Writer::write(const records::ForgetNote& forgotten) {
    drop_note_.execute(organization_, forgotten.scope, forgotten.key);
}

void Writer::write(const records::AuditLineView& line) {
    put_audit_.begin();
    put_audit_.bind(organization_);
    bind_record(put_audit_, line);
    try {
        put_audit_.finish();
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "the audit line exists"};
    }
}

void Writer::write(const records::Revive& revive) {
    try {
        if (revive_owed_.execute(organization_, revive.owed_id, revive.due_at, revive.expires_at,
                                 revive.payload_json) > 0)
            return;
    } catch (const Fault& fault) {
        if (!fault.is_unique_violation()) throw;
        throw Refusal{TANDEM_CONFLICT, "an unclaimed row has the merge key"};
    }
    auto rows = find_owed_.rows(organization_, revive.owed_id);
    if (rows.next()) throw Refusal{TANDEM_CONFLICT, "the owed row is not dead"};
    throw Refusal{TANDEM_NOT_FOUND, "there is no such owed row"};
}

void Writer::write(const records::Erase& erase) {
    // Rows of nobody in particular have no address.
    if (erase.address.empty()) throw Refusal{TANDEM_INVALID, "an erasure names no address"};
    erasure_.erase(organization_, erase.address, erase.keep_as);
    ahead_ = {};
}

}  // namespace tandem::sqlite
