#include <string>
#include <vector>

#include "domain/event.h"
#include "stream/encoder.h"
#include "target.h"
#include "unit/stream/reader.h"

// Whatever is put into the stream comes out of an EventSource as it was, however the bytes are
// cut; and a position has one text.

namespace tandem::fuzz {

namespace {

/// Line ends as EventSource gives them back: all of them LF.
std::string lines_unified(std::string_view data) {
    std::string unified;
    for (size_t i = 0; i < data.size(); ++i) {
        if (data[i] != '\r') {
            unified.push_back(data[i]);
            continue;
        }
        unified.push_back('\n');
        if (i + 1 < data.size() && data[i + 1] == '\n') ++i;
    }
    return unified;
}

struct Told {
    std::string stream;
    std::vector<stream::Heard> expected;
};

Told tell(std::string_view input) {
    static const std::string names[] = {"ping", "stream_reset", "stream_end"};
    Told told;
    std::string last_id;
    domain::Position position{"0a1b2c3d4e5f6071", 0};
    while (!input.empty() && told.expected.size() < 100) {
        const unsigned choice = take_choice(input);
        const size_t length = take_choice(input) + 256 * (choice >> 6);
        const std::string_view data = input.substr(0, length);
        input.remove_prefix(data.size());
        stream::Heard heard{"message", lines_unified(data), last_id};
        switch (choice % 4) {
            case 0:
                position.offset += 1 + choice;
                last_id = heard.last_id = domain::to_text(position);
                told.stream += stream::event_text(position, data);
                break;
            case 1: told.stream += stream::event_text(data); break;
            case 2:
                heard.name = names[choice / 4 % std::size(names)];
                told.stream += stream::named_event_text(heard.name, data);
                break;
            case 3: told.stream += stream::retry_text(Milliseconds(length)); continue;
        }
        told.expected.push_back(std::move(heard));
    }
    return told;
}

void check_position(std::string_view id) {
    const auto position = domain::parse_position(id);
    if (position) expect(domain::to_text(*position) == id, "a position has one text");
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    std::string_view input = text(bytes, size);
    const size_t piece = 1 + take_choice(input) % 97;
    check_position(input);
    Told told = tell(input);
    const size_t doubled = seeded_bug() ? told.stream.find("data: :") : std::string::npos;
    if (doubled != std::string::npos) told.stream.erase(doubled + 6, 1);
    tandem::stream::EventReader reader;
    for (size_t at = 0; at < told.stream.size(); at += piece)
        reader.take(std::string_view(told.stream).substr(at, piece));
    expect(reader.events.size() == told.expected.size(), "as many events come out as went in");
    for (size_t i = 0; i < reader.events.size(); ++i) {
        expect(reader.events[i].name == told.expected[i].name, "an event keeps its name");
        expect(reader.events[i].data == told.expected[i].data, "an event keeps its data");
        expect(reader.events[i].last_id == told.expected[i].last_id, "an event keeps its id");
    }
    return 0;
}
