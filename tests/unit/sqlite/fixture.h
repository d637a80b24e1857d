#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine.h"
#include "tandem/plugin/failure.hpp"

namespace tandem::sqlite {

/// A folder of its own for a test, gone with it.
class TemporaryFolder {
public:
    TemporaryFolder() {
        char name[] = "/tmp/tandem-sqlite-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// What every commit of these tests writes: a message, its event and its dedupe key.
inline records::ChangeSet change_set(const std::string& id) {
    records::ConversationView conversation;
    conversation.address = "+1";
    records::MessageView message;
    message.id = id;
    message.address = "+1";
    message.content = "hello";
    message.type = 1;
    records::EventView event;
    event.id = id;
    event.type = "sms_received";
    event.payload = "{}";
    records::Dedupe dedupe{"test", id, "hash", 1};
    return {"o", {records::DedupeNew{"test", id, "hash"}}, {conversation, message, event, dedupe}};
}

/// Counts the events that a read gives.
struct CountingSink {
    static tandem_status position(void* context, const tandem_position* row) {
        static_cast<CountingSink*>(context)->head = row->offset;
        return TANDEM_OK;
    }
    static tandem_status event(void* context, const tandem_journal_event*) {
        ++static_cast<CountingSink*>(context)->events;
        return TANDEM_OK;
    }
    tandem_row_sink raw() {
        auto sink = plugin::sized<tandem_row_sink>();
        sink.context = this;
        sink.position = &position;
        sink.event = &event;
        return sink;
    }
    int64_t head = 0;
    size_t events = 0;
};

inline CountingSink journal_of(Engine& engine) {
    CountingSink counting;
    const tandem_row_sink raw = counting.raw();
    records::Rows rows(&raw);
    engine.read([&](Reader& reader) { reader.journal("o", 0, "", 1u << 30, rows); });
    return counting;
}

inline bool has_message(Engine& engine, const std::string& id) {
    CountingSink counting;
    const tandem_row_sink raw = counting.raw();
    records::Rows rows(&raw);
    return engine.read([&](Reader& reader) { return reader.message("o", id, rows); });
}

inline std::unique_ptr<Engine> opened(const std::string& path, int checkpoint_pages = 1000) {
    auto engine =
        std::make_unique<Engine>(EngineOptions{path, 4, checkpoint_pages}, Engine::Warn());
    engine->start();
    engine->migrate();
    return engine;
}

/// The status and the text of the Failure that `work` throws; OK if it does not.
template <typename Work>
std::pair<tandem_status, std::string> failure_of(Work&& work) {
    try {
        work();
    } catch (const plugin::Failure& failure) {
        return {failure.code(), failure.what()};
    }
    return {TANDEM_OK, ""};
}

}  // namespace tandem::sqlite
