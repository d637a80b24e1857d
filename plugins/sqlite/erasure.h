#pragma once

#include <string_view>
#include <vector>

#include "database.h"

/// Taking out what is stored of one address, and what is older than an organisation wants.
/// Both belong to the writer's connection and thread.
namespace tandem::sqlite {

/// Of one address everything but dedupe keys and the audit, which loses detail and address.
class Erasure {
public:
    explicit Erasure(const Database& database);
    /// Within the transaction in hand.
    void erase(std::string_view organization, std::string_view address, std::string_view keep_as);

private:
    std::vector<Statement> drops_;  // ?1 organisation, ?2 address
    Statement blank_audit_;
};

}  // namespace tandem::sqlite
