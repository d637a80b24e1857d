#include <http_parser.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/framing.h"
#include "target.h"

// Whatever we accept as requests, a second parser must read as the same requests: the one that
// could read them differently may be the proxy in front of us. The second is http-parser, which
// shares no line with Boost.Beast.

namespace tandem::fuzz {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Message {
    std::string method, target, body;
    Fields fields;

    bool operator==(const Message& other) const {
        return method == other.method && target == other.target && body == other.body &&
               fields == other.fields;
    }
};

struct Stream {
    std::vector<Message> messages;
    size_t accepted = 0;  // bytes that the messages took
};

bool served_method(std::string_view method) {
    static constexpr std::string_view served[] = {"GET",   "HEAD",   "POST",   "PUT",
                                                  "PATCH", "DELETE", "OPTIONS"};
    return std::find(std::begin(served), std::end(served), method) != std::end(served);
}

/// Gives the bytes to the reader in pieces of this size, as a socket may.
class Dripping {
public:
    Dripping(std::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}
    std::string_view seen(size_t from) const { return bytes_.substr(from, shown_ - from); }
    bool more() {
        if (shown_ == bytes_.size()) return false;
        shown_ = std::min(bytes_.size(), shown_ + piece_);
        return true;
    }

private:
    const std::string_view bytes_;
    const size_t piece_;
    size_t shown_ = 0;
};

/// One request as a connection reads it; false where it is refused or not whole.
bool read_message(Dripping& bytes, size_t& at, Message& message, bool& keep_alive) {
    using namespace serve;
    while (bytes.seen(at).size() < 2)
        if (!bytes.more()) break;
    if (bytes.seen(at).substr(0, 2) == "\r\n") at += 2;
    HeadEnd end;
    do {
        if (bytes.seen(at).empty()) continue;
        if (end.look(bytes.seen(at), {})) return false;
    } while (end.length() == 0 && bytes.more());
    if (end.length() == 0) return false;

    const std::string_view block = bytes.seen(at).substr(0, end.length());
    Head head;
    Framing framing;
    if (read_head(block, {}, head) || framing.take_head(block, head)) return false;
    if (!served_method(head.method)) return false;
    Target target;
    if (read_target(head, target)) return false;
    at += block.size();
    while (!framing.done()) {
        size_t used = 0;
        if (!bytes.seen(at).empty() &&
            framing.take_body(bytes.seen(at), 1 << 20, message.body, used))
            return false;
        at += used;
        if (!framing.done() && used == 0 && !bytes.more()) return false;
    }
    if (seeded_bug() && head.chunked && message.body.empty()) message.body = "x";
    message.method = head.method;
    message.target = head.target;
    for (const Header& field : head.headers) message.fields.emplace_back(field.name, field.value);
    keep_alive = framing.keep_alive();
    return true;
}

Stream ours(std::string_view bytes, size_t piece) {
    Stream stream;
    Dripping dripping(bytes, piece);
    for (bool keep_alive = true; keep_alive && stream.messages.size() < 64;) {
        Message message;
        size_t at = stream.accepted;
        if (!read_message(dripping, at, message, keep_alive)) break;
        stream.accepted = at;
        stream.messages.push_back(std::move(message));
    }
    return stream;
}

/// What http-parser tells while it reads.
struct Second {
    std::vector<Message> done;
    Message now;
    bool in_value = false, in_body = false;

    static Second& of(http_parser* parser) { return *static_cast<Second*>(parser->data); }
    static std::string trimmed(const std::string& text) {
        const size_t from = text.find_first_not_of(" \t");
        if (from == std::string::npos) return {};
        return text.substr(from, text.find_last_not_of(" \t") - from + 1);
    }

    static int url(http_parser* parser, const char* at, size_t size) {
        of(parser).now.target.append(at, size);
        return 0;
    }
    static int name(http_parser* parser, const char* at, size_t size) {
        Second& second = of(parser);
        if (second.in_body) return 0;  // a trailer
        if (second.in_value || second.now.fields.empty()) second.now.fields.emplace_back();
        second.in_value = false;
        second.now.fields.back().first.append(at, size);
        return 0;
    }
    static int value(http_parser* parser, const char* at, size_t size) {
        Second& second = of(parser);
        if (second.in_body) return 0;
        second.in_value = true;
        second.now.fields.back().second.append(at, size);
        return 0;
    }
    static int headers_complete(http_parser* parser) {
        Second& second = of(parser);
        second.in_body = true;
        second.now.method = http_method_str(static_cast<http_method>(parser->method));
        for (auto& field : second.now.fields) field.second = trimmed(field.second);
        parser->upgrade = 0;  // nobody here upgrades
        return 0;
    }
    static int body(http_parser* parser, const char* at, size_t size) {
        of(parser).now.body.append(at, size);
        return 0;
    }
    static int message_complete(http_parser* parser) {
        Second& second = of(parser);
        second.done.push_back(std::move(second.now));
        second.now = {};
        second.in_value = second.in_body = false;
        return 0;
    }
};

/// Nothing where it refuses for a reason that is its own.
std::optional<std::vector<Message>> theirs(std::string_view bytes) {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = &Second::url;
    settings.on_header_field = &Second::name;
    settings.on_header_value = &Second::value;
    settings.on_headers_complete = &Second::headers_complete;
    settings.on_body = &Second::body;
    settings.on_message_complete = &Second::message_complete;
    Second second;
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &second;
    http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
    const auto error = HTTP_PARSER_ERRNO(&parser);
    // It judges trailers, and names that only begin like these, as if they framed the message;
    // who refuses runs nothing.
    if (error == HPE_INVALID_TRANSFER_ENCODING || error == HPE_INVALID_CONTENT_LENGTH ||
        error == HPE_UNEXPECTED_CONTENT_LENGTH)
        return std::nullopt;
    if (error != HPE_OK) std::fprintf(stderr, "%s\n", http_errno_description(error));
    expect(error == HPE_OK, "the other parser refuses what we accept");
    return second.done;
}

}  // namespace

}  // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tandem::fuzz;
    std::string_view input = text(bytes, size);
    const size_t piece = 1 + take_choice(input) % 61;
    const Stream whole = ours(input, input.size() + 1);
    const Stream dripped = ours(input, piece);
    expect(whole.accepted == dripped.accepted && whole.messages == dripped.messages,
           "requests do not depend on how their bytes come");
    if (whole.messages.empty()) return 0;
    const auto second = theirs(input.substr(0, whole.accepted));
    expect(!second || *second == whole.messages, "another parser reads the same requests");
    return 0;
}
