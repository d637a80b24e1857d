#include "writer.h"

// The texts of all that is written. Values are bound by position: ?1 is the organisation
// where there is one, a record's members follow in the order of the SDK's list.
namespace tandem::sqlite {

Writer::Writer(const Database& database)
    : database_(database),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      savepoint_(database, "SAVEPOINT change_set"),
      release_(database, "RELEASE change_set"),
      back_(database, "ROLLBACK TO change_set"),
      find_dedupe_(database, "SELECT body_hash FROM dedupe WHERE key = ?1"),
      find_versions_(database,
                     "SELECT version, control_epoch FROM conversation"
                     " WHERE organization = ?1 AND address = ?2"),
      find_session_(database, "SELECT state FROM session WHERE organization = ?1 AND id = ?2"),
      find_owed_(database,
                 "SELECT dead, lease_until, worker FROM owed"
                 " WHERE organization = ?1 AND id = ?2"),
      put_lead_(database,
                "INSERT INTO lead (organization, id, address, customer_name, email, status, source,"
                " attributes_json, created_at, updated_at)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                " ON CONFLICT (organization, id) DO UPDATE SET address = excluded.address,"
                " customer_name = excluded.customer_name, email = excluded.email,"
                " status = excluded.status, source = excluded.source,"
                " attributes_json = excluded.attributes_json, created_at = excluded.created_at,"
                " updated_at = excluded.updated_at"),
      put_conversation_(
          database,
          "INSERT INTO conversation (organization, opted_out, address, lead_id, needs_human,"
          " summary, waiting, created_at, last_activity_at, version, message_count, last_number,"
          " business_number)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12)"
          " ON CONFLICT (organization, address) DO UPDATE SET opted_out = excluded.opted_out,"
          " lead_id = excluded.lead_id, needs_human = excluded.needs_human,"
          " summary = excluded.summary, waiting = excluded.waiting,"
          " created_at = excluded.created_at, last_activity_at = excluded.last_activity_at,"
          " version = version + 1, message_count = message_count + excluded.message_count,"
          " last_number = last_number + excluded.last_number,"
          " business_number = excluded.business_number"
          " RETURNING last_number"),
      next_number_(database,
                   "INSERT INTO conversation (organization, address, message_count, last_number)"
                   " VALUES (?1, ?2, ?3, 1)"
                   " ON CONFLICT (organization, address) DO UPDATE SET"
                   " message_count = message_count + excluded.message_count,"
                   " last_number = last_number + 1"
                   " RETURNING last_number"),
      put_message_(database,
                   "INSERT INTO message (organization, author, type, direction, delivery, number,"
                   " id, address, content, provider_id, instance, agent_id, agent_name, session_id,"
                   " call_id, error_code, error_text, control_epoch, at, media_json)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                   " ?17, ?18, ?19, ?20)"),
      put_event_(database,
                 "INSERT INTO event (organization, offset, id, type, address, payload, at)"
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      put_session_(
          database,
          "INSERT INTO session (organization, state, id, address, agent_id, agent_name,"
          " record_json, started_at, last_activity_at, ended_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
          " ON CONFLICT (organization, id) DO UPDATE SET state = excluded.state,"
          " address = excluded.address, agent_id = excluded.agent_id,"
          " agent_name = excluded.agent_name, record_json = excluded.record_json,"
          " started_at = excluded.started_at, last_activity_at = excluded.last_activity_at,"
          " ended_at = excluded.ended_at"),
      count_epoch_(database,
                   "INSERT INTO conversation (organization, address, control_epoch)"
                   " VALUES (?1, ?2, 1)"
                   " ON CONFLICT (organization, address) DO UPDATE SET"
                   " control_epoch = control_epoch + 1"),
      put_call_(database,
                "INSERT INTO call (organization, direction, outcome, active, id, address, instance,"
                " line_id, conversation_id, summary, record_json, duration_s, started_at, ended_at)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
                " ON CONFLICT (organization, id) DO NOTHING"),
      change_call_(database,
                   "UPDATE call SET direction = ?2, outcome = ?3, active = ?4, address = ?6,"
                   " instance = ?7, line_id = ?8, conversation_id = ?9, summary = ?10,"
                   " record_json = ?11, duration_s = ?12, started_at = ?13, ended_at = ?14"
                   " WHERE organization = ?1 AND id = ?5"),
      count_call_(database,
                  "INSERT INTO conversation (organization, address, call_count) VALUES (?1, ?2, 1)"
                  " ON CONFLICT (organization, address) DO UPDATE SET call_count = call_count + 1"),
      merge_owed_(database,
                  "UPDATE owed SET due_at = ?3, subject_id = ?4, control_epoch = ?5,"
                  " payload_json = ?6"
                  " WHERE organization = ?1 AND merge_key = ?2 AND merge_key <> ''"
                  " AND worker = '' AND dead = 0"),
      put_owed_(database,
                "INSERT INTO owed (kind, id, organization, address, instance, subject_id,"
                " merge_key, payload_json, control_epoch, attempts, due_at, expires_at,"
                " lease_until, worker, last_error, dead)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"),
      claim_owed_(database,
                  "UPDATE owed SET worker = ?3, lease_until = ?4, attempts = attempts + 1"
                  " WHERE organization = ?1 AND id = ?2 AND dead = 0"),
      drop_owed_(database, "DELETE FROM owed WHERE organization = ?1 AND id = ?2"),
      retry_owed_(database,
                  "UPDATE owed SET due_at = ?3, last_error = ?4, worker = '', lease_until = 0,"
                  " dead = 0 WHERE organization = ?1 AND id = ?2"),
      bury_owed_(database,
                 "UPDATE owed SET last_error = ?3, worker = '', lease_until = 0, dead = 1"
                 " WHERE organization = ?1 AND id = ?2"),
      revive_owed_(database,
                   "UPDATE owed SET due_at = ?3, expires_at = ?4, payload_json = ?5, attempts = 0,"
                   " worker = '', lease_until = 0, dead = 0"
                   " WHERE organization = ?1 AND id = ?2 AND dead = 1"),
      set_status_(database,
                  "UPDATE message SET delivery = ?3, error_code = ?4, error_text = ?5"
                  " WHERE organization = ?1 AND id = ?2"),
      set_provider_id_(database,
                       "UPDATE message SET provider_id = ?3"
                       " WHERE organization = ?1 AND id = ?2 AND provider_id <> ?3"),
      has_message_(database, "SELECT 1 FROM message WHERE organization = ?1 AND id = ?2"),
      put_line_(database,
                "INSERT INTO status_line (organization, message_id, number, delivery,"
                " keep_delivery, provider_word, error_code, error_text, at)"
                " VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM status_line"
                " WHERE organization = ?1 AND message_id = ?2), ?3, ?4, ?5, ?6, ?7, ?8)"),
      put_dedupe_(database,
                  "INSERT INTO dedupe (key, body_hash, at) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT (key) DO NOTHING"),
      find_note_(database,
                 "SELECT value FROM note WHERE organization = ?1 AND scope = ?2 AND key = ?3"
                 " AND (expires_at = 0 OR expires_at > ?4)"),
      put_note_(database,
                "INSERT OR REPLACE INTO note (organization, scope, key, value, address, at,"
                " expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      drop_note_(database, "DELETE FROM note WHERE organization = ?1 AND scope = ?2 AND key = ?3"),
      put_audit_(database,
                 "INSERT INTO audit (organization, number, id, actor, action, address, subject,"
                 " detail_json, at) VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM audit"
                 " WHERE organization = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      find_journal_(database, "SELECT epoch, head FROM journal WHERE organization = ?1"),
      put_journal_(database,
                   "INSERT INTO journal (organization, epoch, head) VALUES (?1, ?2, ?3)"
                   " ON CONFLICT (organization) DO UPDATE SET head = excluded.head"),
      erasure_(database) {}

}  // namespace tandem::sqlite
