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
TakenRows StoreInHand::conversations(const std::string& organization, tandem_time before_activity,
                                     const std::string& before_address, uint32_t limit) {
    return read("conversations", true, [&](TakenRows& rows) {
        return store_.conversations(organization, before_activity, before_address, limit, rows);
    });
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

}  // namespace tandem::check
