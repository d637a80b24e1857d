#include "erasure.h"

namespace tandem::sqlite {

namespace {

// The histories go while their messages are still there to be found by.
constexpr std::string_view drops[] = {
    "DELETE FROM status_line WHERE organization = ?1 AND message_id IN"
    " (SELECT id FROM message WHERE organization = ?1 AND address = ?2)",
    "DELETE FROM message WHERE organization = ?1 AND address = ?2",
    "DELETE FROM lead WHERE organization = ?1 AND address = ?2",
    "DELETE FROM conversation WHERE organization = ?1 AND address = ?2",
    "DELETE FROM session WHERE organization = ?1 AND address = ?2",
    "DELETE FROM call WHERE organization = ?1 AND address = ?2",
    "DELETE FROM owed WHERE organization = ?1 AND address = ?2",
    "DELETE FROM event WHERE organization = ?1 AND address = ?2 AND address <> ''",
    "DELETE FROM note WHERE organization = ?1 AND address = ?2 AND address <> ''",
};

}  // namespace

Erasure::Erasure(const Database& database)
    : blank_audit_(database,
                   "UPDATE audit SET address = ?3, detail_json = ''"
                   " WHERE organization = ?1 AND address = ?2 AND address <> ''") {
    for (const std::string_view sql : drops) drops_.emplace_back(database, sql);
}

void Erasure::erase(std::string_view organization, std::string_view address,
                    std::string_view keep_as) {
    for (Statement& drop : drops_) drop.execute(organization, address);
    blank_audit_.execute(organization, address, keep_as);
}

}  // namespace tandem::sqlite
