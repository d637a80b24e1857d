#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/serve.h"

/// Where a request begins and ends (RFC 9112), strictly: a message that two parsers could
/// frame differently is refused and the connection closed, because a proxy in front of us
/// may be the other parser and what it takes for a body must never run as a request.
/// Every check stands twice where it can: ours on the raw bytes, then Boost.Beast's.
namespace tandem::serve {

/// Why a message is not served: the answer to give before the connection is closed.
/// The texts are constants.
struct Refusal {
    int status;
    std::string_view code;
    std::string_view detail;
};
using Verdict = std::optional<Refusal>;  // nothing: go on

struct FramingLimits {
    size_t header_bytes = 32 * 1024;
    size_t line_bytes = 8 * 1024;  // the request line; beyond: 414
    size_t fields = 64;
    size_t name_bytes = 256;
    size_t value_bytes = 8 * 1024;
};
/// Extensions and trailers carry nothing for us; these bounds only keep them from being
/// a way to make us read for ever.
inline constexpr size_t max_chunk_extension_bytes = 8 * 1024;
inline constexpr size_t max_trailer_bytes = 4 * 1024;

/// The header of a request, checked.
struct Head {
    std::string method;
    std::string target;
    unsigned version = 11;  // 10 or 11
    std::vector<Header> headers;
    std::optional<uint64_t> length;  // Content-Length
    bool chunked = false;
    bool expects_continue = false;
};

/// Looks for the end of a header block as its bytes arrive, and refuses early what can
/// not become one (a TLS hello, a bare line feed, too much of anything). `bytes` begins
/// at the same byte each time; a leading empty line must have been taken off.
class HeadEnd {
public:
    Verdict look(std::string_view bytes, const FramingLimits& limits);
    /// Length of the block with its empty line; 0 until it was found.
    size_t length() const { return length_; }

private:
    size_t seen_ = 0;        // bytes looked at
    size_t line_start_ = 0;  // of the line that is not finished yet
    size_t lines_ = 0;
    size_t length_ = 0;
};

/// Checks a whole header block, empty line included, and takes it apart.
Verdict read_head(std::string_view block, const FramingLimits& limits, Head& head);
/// Checks one `name: value` line without its line end.
Verdict read_field(std::string_view line, const FramingLimits& limits, Header& field);

/// What a request asks for. Percent-encoding is undone once; whatever a router and a
/// proxy could read differently is refused (dot segments, //, encoded slashes, NUL,
/// overlong UTF-8).
struct Target {
    std::string path;  // "*" for OPTIONS *
    std::string raw_query;
};
Verdict read_target(const Head& head, Target& target);

/// Equal but for the case of ASCII letters.
bool same_text(std::string_view a, std::string_view b);
/// The value of the only field of this name; nothing if there is none, or more than one.
std::optional<std::string_view> only_field(const std::vector<Header>& headers,
                                           std::string_view name);
bool valid_utf8(std::string_view text);
/// Undoes %XX (and + where `form`); nothing if an escape is broken.
std::optional<std::string> percent_decoded(std::string_view text, bool form);

/// Boost.Beast's parser over one request: the second opinion on its header, and the
/// framing of its body. Confined to one thread.
class Framing {
public:
    Framing();
    ~Framing();

    /// Must be called once, with a block that `read_head` passed.
    Verdict take_head(std::string_view block, const Head& head);
    /// Takes what it can of `bytes`, appends the content to `body`, and says in `used`
    /// how much it took. What it did not take must be given again, with more behind it.
    Verdict take_body(std::string_view bytes, size_t limit, std::string& body, size_t& used);
    bool done() const;
    bool keep_alive() const;

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace tandem::serve
