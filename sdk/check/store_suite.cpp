#include "store_suite.h"

namespace tandem::check {

void StoreInHand::start() {
    instance_ = &check_.started();
    store_ = host::Store(instance_->self(), instance_->extension(TANDEM_STORE),
                         instance_->extension(TANDEM_STORE_READS));
    if (!store_.complete())
        throw std::runtime_error(
            "the tables of tandem.store/1 and tandem.store.reads/1 lack "
            "functions");
    for (int round = 0; round < 2; ++round) {
        const host::Outcome outcome = store_.migrate();
        if (!outcome.ok()) throw std::runtime_error("migrate failed: " + outcome.text);
    }
    const host::Outcome health = store_.health();
    check_.expect(health.ok(), "a fresh store is not healthy: " + health.text);
}

void StoreInHand::restart() {
    instance_->stop();
    instance_->destroy();
    start();
}

std::vector<records::CommitResult> StoreInHand::commit(
    const std::vector<records::ChangeSet>& batch) {
    std::vector<records::CommitResult> results;
    const host::Outcome outcome = store_.commit(batch, results);
    if (!outcome.ok()) throw std::runtime_error("commit failed: " + outcome.text);
    for (const records::CommitResult& result : results)
        check_.expect(
            result.code == TANDEM_OK || !result.text.empty(),
            std::string("a ChangeSet failed without a reason: ") + host::word(result.code));
    return results;
}

records::CommitResult StoreInHand::commit(const std::string& organization,
                                          std::vector<records::Precondition> preconditions,
                                          std::vector<records::Operation> operations) {
    return commit({{organization, std::move(preconditions), std::move(operations)}}).at(0);
}

void StoreInHand::write(const std::string& organization,
                        std::vector<records::Operation> operations) {
    const records::CommitResult result = commit(organization, std::move(operations));
    check_.expect(result.code == TANDEM_OK, "a ChangeSet was refused: " + result.text);
}

bool StoreInHand::holds(const std::string& organization, records::Precondition precondition) {
    const records::CommitResult result = commit(organization, {std::move(precondition)}, {});
    if (result.code == TANDEM_OK) return true;
    check_.expect(result.code == TANDEM_CONFLICT && result.failed_precondition == 0,
                  "a failed precondition is not told as CONFLICT with its index");
    return false;
}

template <typename Read>
TakenRows StoreInHand::read(const char* call, bool with_position, Read&& reading) {
    TakenRows rows;
    const host::Outcome outcome = reading(rows);
    rows.status = outcome.status;
    if (!outcome.ok() && outcome.status != TANDEM_NOT_FOUND)
        check_.fail(std::string(call) + " failed: " + outcome.text);
    check_.expect(rows.positions == (with_position ? 1u : 0u) && rows.position_first,
                  std::string(call) + " must give one position, before all rows");
    return rows;
}

TakenRows StoreInHand::snapshot(const std::string& organization, const std::string& address,
                                uint32_t limit) {
    return read("snapshot", true, [&](TakenRows& rows) {
        return store_.snapshot(organization, address, limit, rows);
    });
}
TakenRows StoreInHand::lead(const std::string& organization, const std::string& id) {
    return read("lead", true, [&](TakenRows& rows) { return store_.lead(organization, id, rows); });
}
TakenRows StoreInHand::messages(const std::string& organization, const std::string& address,
                                int64_t before, uint32_t limit) {
    return read("messages", true, [&](TakenRows& rows) {
        return store_.messages(organization, address, before, limit, rows);
    });
}
TakenRows StoreInHand::message(const std::string& organization, const std::string& id) {
    return read("message", true,
                [&](TakenRows& rows) { return store_.message(organization, id, rows); });
}
TakenRows StoreInHand::message_by_provider_id(const std::string& organization,
                                              const std::string& instance,
                                              const std::string& provider_id) {
    return read("message_by_provider_id", true, [&](TakenRows& rows) {
        return store_.message_by_provider_id(organization, instance, provider_id, rows);
    });
}
TakenRows StoreInHand::call_by_provider_id(const std::string& organization,
                                           const std::string& instance,
                                           const std::string& provider_id) {
    return read("call_by_provider_id", true, [&](TakenRows& rows) {
        return store_.call_by_provider_id(organization, instance, provider_id, rows);
    });
}
TakenRows StoreInHand::conversations(const std::string& organization,
                                     const records::ListQuery& query) {
    return read("conversations", true,
                [&](TakenRows& rows) { return store_.conversations(organization, query, rows); });
}
TakenRows StoreInHand::journal(const std::string& organization, int64_t after, uint32_t limit,
                               const std::string& address) {
    return read("journal", true, [&](TakenRows& rows) {
        return store_.journal(organization, after, address, limit, rows);
    });
}
TakenRows StoreInHand::due(uint32_t kind, tandem_time now, uint32_t limit) {
    return read("due", false, [&](TakenRows& rows) { return store_.due(kind, now, limit, rows); });
}
TakenRows StoreInHand::history(const std::string& organization, const std::string& message_id) {
    return read("status_history", true, [&](TakenRows& rows) {
        return store_.status_history(organization, message_id, 100, rows);
    });
}

TakenRows StoreInHand::call(const std::string& organization, const std::string& id) {
    return read("call", true, [&](TakenRows& rows) { return store_.call(organization, id, rows); });
}
TakenRows StoreInHand::call_by_line(const std::string& organization, const std::string& line_id) {
    return read("call_by_line", true,
                [&](TakenRows& rows) { return store_.call_by_line(organization, line_id, rows); });
}
TakenRows StoreInHand::calls(const std::string& organization, const records::ListQuery& query) {
    return read("calls", true,
                [&](TakenRows& rows) { return store_.calls(organization, query, rows); });
}
TakenRows StoreInHand::call_turns(const std::string& organization, const std::string& call_id,
                                  uint32_t limit) {
    return read("call_turns", true, [&](TakenRows& rows) {
        return store_.call_turns(organization, call_id, limit, rows);
    });
}
TakenRows StoreInHand::leads(const std::string& organization, const records::ListQuery& query) {
    return read("leads", true,
                [&](TakenRows& rows) { return store_.leads(organization, query, rows); });
}
TakenRows StoreInHand::lead_by_address(const std::string& organization,
                                       const std::string& address) {
    return read("lead_by_address", true, [&](TakenRows& rows) {
        return store_.lead_by_address(organization, address, rows);
    });
}
TakenRows StoreInHand::sessions(const std::string& organization, const records::ListQuery& query) {
    return read("sessions", true,
                [&](TakenRows& rows) { return store_.sessions(organization, query, rows); });
}
TakenRows StoreInHand::messages_by_delivery(const std::string& organization,
                                            const std::string& address, uint32_t delivery,
                                            uint32_t limit) {
    return read("messages_by_delivery", true, [&](TakenRows& rows) {
        return store_.messages_by_delivery(organization, address, delivery, limit, rows);
    });
}
TakenRows StoreInHand::owed(const std::string& organization, bool dead, const std::string& after_id,
                            uint32_t limit) {
    return read("owed", true, [&](TakenRows& rows) {
        return store_.owed(organization, dead, after_id, limit, rows);
    });
}
TakenRows StoreInHand::owed_row(const std::string& organization, const std::string& id) {
    return read("owed_row", true,
                [&](TakenRows& rows) { return store_.owed_row(organization, id, rows); });
}
bool StoreInHand::remembered(const std::string& organization, const std::string& scope,
                             const std::string& key) {
    const host::Outcome outcome = store_.remembered(organization, scope, key);
    if (!outcome.ok() && outcome.status != TANDEM_NOT_FOUND)
        check_.fail("remembered failed: " + outcome.text);
    return outcome.ok();
}
TakenRows StoreInHand::notes(const std::string& organization, const std::string& scope,
                             const std::string& key_prefix, tandem_time now, uint32_t limit) {
    return read("notes", true, [&](TakenRows& rows) {
        return store_.notes(organization, scope, key_prefix, now, limit, rows);
    });
}
TakenRows StoreInHand::audit(const std::string& organization, const std::string& before_id,
                             uint32_t limit) {
    return read("audit", true, [&](TakenRows& rows) {
        return store_.audit(organization, before_id, limit, rows);
    });
}

}  // namespace tandem::check
