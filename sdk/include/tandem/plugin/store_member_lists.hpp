#pragma once

#include "tandem/abi/draft/store.h"
#include "tandem/abi/draft/store_reads.h"

/// The one list of members of each record. Every conversion between the waist, the
/// records of store_records.hpp and a host's own types goes through it, so that no member
/// is forgotten in one direction.
namespace tandem::plugin::store {

/// `visit(left.member, right.member)` for each member that both kinds of a record have;
/// `left` is of the waist type named, or has the same member names.
template <typename Raw>
struct Members;

template <>
struct Members<tandem_lead> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.id, right.id);
        visit(left.address, right.address);
        visit(left.customer_name, right.customer_name);
        visit(left.email, right.email);
        visit(left.status, right.status);
        visit(left.source, right.source);
        visit(left.attributes_json, right.attributes_json);
        visit(left.created_at, right.created_at);
        visit(left.updated_at, right.updated_at);
    }
};

template <>
struct Members<tandem_conversation> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.opted_out, right.opted_out);
        visit(left.address, right.address);
        visit(left.lead_id, right.lead_id);
        visit(left.needs_human, right.needs_human);
        visit(left.summary, right.summary);
        visit(left.waiting, right.waiting);
        visit(left.created_at, right.created_at);
        visit(left.last_activity_at, right.last_activity_at);
        visit(left.version, right.version);
        visit(left.control_epoch, right.control_epoch);
        visit(left.message_count, right.message_count);
        visit(left.call_count, right.call_count);
        visit(left.business_number, right.business_number);
    }
};

template <>
struct Members<tandem_message> {
    /// A host may keep the media in another form, so they are visited apart.
    template <typename Left, typename Right, typename Visit>
    static void each_but_media(Left& left, Right& right, Visit&& visit) {
        visit(left.author, right.author);
        visit(left.type, right.type);
        visit(left.direction, right.direction);
        visit(left.delivery, right.delivery);
        visit(left.number, right.number);
        visit(left.id, right.id);
        visit(left.address, right.address);
        visit(left.content, right.content);
        visit(left.provider_id, right.provider_id);
        visit(left.instance, right.instance);
        visit(left.agent_id, right.agent_id);
        visit(left.agent_name, right.agent_name);
        visit(left.session_id, right.session_id);
        visit(left.call_id, right.call_id);
        visit(left.error_code, right.error_code);
        visit(left.error_text, right.error_text);
        visit(left.control_epoch, right.control_epoch);
        visit(left.at, right.at);
    }
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        each_but_media(left, right, visit);
        visit(left.media_json, right.media_json);
    }
};

template <>
struct Members<tandem_status_line> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.delivery, right.delivery);
        visit(left.keep_delivery, right.keep_delivery);
        visit(left.provider_word, right.provider_word);
        visit(left.error_code, right.error_code);
        visit(left.error_text, right.error_text);
        visit(left.at, right.at);
    }
};

template <>
struct Members<tandem_journal_event> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.offset, right.offset);
        visit(left.id, right.id);
        visit(left.type, right.type);
        visit(left.address, right.address);
        visit(left.payload, right.payload);
        visit(left.at, right.at);
    }
};

template <>
struct Members<tandem_owed> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.kind, right.kind);
        visit(left.id, right.id);
        visit(left.organization, right.organization);
        visit(left.address, right.address);
        visit(left.instance, right.instance);
        visit(left.subject_id, right.subject_id);
        visit(left.merge_key, right.merge_key);
        visit(left.payload_json, right.payload_json);
        visit(left.control_epoch, right.control_epoch);
        visit(left.attempts, right.attempts);
        visit(left.due_at, right.due_at);
        visit(left.expires_at, right.expires_at);
        visit(left.lease_until, right.lease_until);
        visit(left.worker, right.worker);
        visit(left.last_error, right.last_error);
        visit(left.dead, right.dead);
    }
};

template <>
struct Members<tandem_control_session> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.state, right.state);
        visit(left.id, right.id);
        visit(left.address, right.address);
        visit(left.agent_id, right.agent_id);
        visit(left.agent_name, right.agent_name);
        visit(left.record_json, right.record_json);
        visit(left.started_at, right.started_at);
        visit(left.last_activity_at, right.last_activity_at);
        visit(left.ended_at, right.ended_at);
    }
};

template <>
struct Members<tandem_call> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.direction, right.direction);
        visit(left.outcome, right.outcome);
        visit(left.active, right.active);
        visit(left.id, right.id);
        visit(left.address, right.address);
        visit(left.instance, right.instance);
        visit(left.line_id, right.line_id);
        visit(left.conversation_id, right.conversation_id);
        visit(left.summary, right.summary);
        visit(left.record_json, right.record_json);
        visit(left.duration_s, right.duration_s);
        visit(left.started_at, right.started_at);
        visit(left.ended_at, right.ended_at);
    }
};

template <>
struct Members<tandem_note> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.scope, right.scope);
        visit(left.key, right.key);
        visit(left.value, right.value);
        visit(left.address, right.address);
        visit(left.at, right.at);
        visit(left.expires_at, right.expires_at);
    }
};

template <>
struct Members<tandem_audit_line> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.id, right.id);
        visit(left.actor, right.actor);
        visit(left.action, right.action);
        visit(left.address, right.address);
        visit(left.subject, right.subject);
        visit(left.detail_json, right.detail_json);
        visit(left.at, right.at);
    }
};

template <>
struct Members<tandem_list_query> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.limit, right.limit);
        visit(left.before_at, right.before_at);
        visit(left.before_key, right.before_key);
        visit(left.under_control, right.under_control);
        visit(left.needs_human, right.needs_human);
        visit(left.session_state, right.session_state);
        visit(left.active, right.active);
        visit(left.idle_since, right.idle_since);
        visit(left.text, right.text);
        visit(left.address, right.address);
        visit(left.agent_id, right.agent_id);
    }
};

template <>
struct Members<tandem_require_dedupe_new> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.scope, right.scope);
        visit(left.key, right.key);
        visit(left.body_hash, right.body_hash);
    }
};

template <>
struct Members<tandem_require_version> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.address, right.address);
        visit(left.version, right.version);
    }
};

template <>
struct Members<tandem_require_epoch> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.address, right.address);
        visit(left.control_epoch, right.control_epoch);
    }
};

template <>
struct Members<tandem_require_session_open> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.session_id, right.session_id);
    }
};

template <>
struct Members<tandem_require_owed_unclaimed> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
        visit(left.now, right.now);
    }
};

template <>
struct Members<tandem_require_owed_claimed> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
        visit(left.worker, right.worker);
    }
};

template <>
struct Members<tandem_require_owed_dead> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
    }
};

template <>
struct Members<tandem_require_note> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.scope, right.scope);
        visit(left.key, right.key);
        visit(left.value, right.value);
        visit(left.now, right.now);
    }
};

template <>
struct Members<tandem_write_status> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.message_id, right.message_id);
        visit(left.delivery, right.delivery);
        visit(left.keep_delivery, right.keep_delivery);
        visit(left.provider_id, right.provider_id);
        visit(left.provider_word, right.provider_word);
        visit(left.error_code, right.error_code);
        visit(left.error_text, right.error_text);
        visit(left.at, right.at);
    }
};

template <>
struct Members<tandem_write_claim> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
        visit(left.worker, right.worker);
        visit(left.lease_until, right.lease_until);
    }
};

template <>
struct Members<tandem_write_settle> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
        visit(left.outcome, right.outcome);
        visit(left.due_at, right.due_at);
        visit(left.last_error, right.last_error);
    }
};

template <>
struct Members<tandem_write_dedupe> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.scope, right.scope);
        visit(left.key, right.key);
        visit(left.body_hash, right.body_hash);
        visit(left.at, right.at);
    }
};

template <>
struct Members<tandem_write_forget_note> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.scope, right.scope);
        visit(left.key, right.key);
    }
};

template <>
struct Members<tandem_write_revive> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.owed_id, right.owed_id);
        visit(left.due_at, right.due_at);
        visit(left.expires_at, right.expires_at);
        visit(left.payload_json, right.payload_json);
    }
};

template <>
struct Members<tandem_write_erase> {
    template <typename Left, typename Right, typename Visit>
    static void each(Left& left, Right& right, Visit&& visit) {
        visit(left.address, right.address);
        visit(left.keep_as, right.keep_as);
    }
};

}  // namespace tandem::plugin::store
