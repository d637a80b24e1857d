#include <unistd.h>

#include <fstream>
#include <mutex>
#include <string>

#include "memory_store.h"

namespace tandem::tests {

/// Whoever comes in is received as the mood's file says: `away`, as by a database that went
/// down; `bare`, as by a store that has few functions; and else well.
class Mood {
public:
    void lock() {
        refuse_in_a_mood();
        mutex_.lock();
    }
    void unlock() { mutex_.unlock(); }
    void refuse_in_a_mood() const {
        std::string mood;
        std::ifstream(file) >> mood;
        if (mood == "away") throw plugin::Failure(TANDEM_UNAVAILABLE, "asked for by the test");
        if (mood == "bare") throw plugin::Failure(TANDEM_UNSUPPORTED, "asked for by the test");
    }

    std::string file;

private:
    std::mutex mutex_;
};

/// The memory store, with moods.
class MoodyStore : public memory::MemoryStore<Mood> {
public:
    explicit MoodyStore(plugin::Host host) : MemoryStore<Mood>(host) {
        door_.file = host.config().text("mood");
    }
    static plugin::Description describe() {
        plugin::Description description = MemoryStore<Mood>::describe();
        description.id = "org.tandem.tests.moody";
        description.options = {{"mood",
                                TANDEM_OPTION_TEXT,
                                TANDEM_OPTION_REQUIRED,
                                {},
                                "A file with the word for what happens next"}};
        return description;
    }
    void health() override { door_.refuse_in_a_mood(); }
};

}  // namespace tandem::tests

TANDEM_PLUGIN(tandem::tests::MoodyStore)
