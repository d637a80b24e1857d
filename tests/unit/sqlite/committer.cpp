// Commits until it is killed, and says on standard output which ids were acknowledged.
// Arguments: the database, a prefix for ids.
#include <unistd.h>

#include <iostream>

#include "fixture.h"

int main(int argc, char** argv) {
    using namespace tandem::sqlite;
    if (argc != 3) return 64;
    try {
        const auto engine = opened(argv[1], 50);
        for (int number = 0;; number += 8) {
            std::vector<std::string> ids;
            for (int i = 0; i < 1 + number % 20; ++i)
                ids.push_back(std::string(argv[2]) + "-" + std::to_string(number) + "-" +
                              std::to_string(i));
            std::vector<records::ChangeSet> batch;
            for (const std::string& id : ids) batch.push_back(change_set(id));
            const auto results = engine->commit(batch);
            std::string lines;
            for (size_t i = 0; i < ids.size(); ++i)
                if (results[i].code == TANDEM_OK) lines += ids[i] + "\n";
            if (::write(1, lines.data(), lines.size()) < 0) return 1;
        }
    } catch (const std::exception& exception) {
        std::cerr << "committer: " << exception.what() << '\n';
        return 1;
    }
}
