#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "domain/identity.h"

namespace tandem::stream {

/// How many streams each credential has open. Safe from any thread.
class Places {
    struct Table {
        std::mutex mutex;
        std::unordered_map<std::string, unsigned> taken;  // guarded by mutex
    };

public:
    /// One open stream. Gives itself back when it goes, or earlier when another stream
    /// takes it over. May outlive Places.
    class Place {
    public:
        Place(std::shared_ptr<Table> table, std::string credential);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        void give_back();

    private:
        const std::shared_ptr<Table> table_;
        std::string credential_;  // guarded by the table's mutex; empty once given back
    };

    /// 0: as many as one likes.
    explicit Places(unsigned most_per_credential);

    /// Null when this credential has as many as it may.
    std::shared_ptr<Place> take(const domain::Identity& identity);

private:
    const unsigned most_;
    const std::shared_ptr<Table> table_;
};

}  // namespace tandem::stream
