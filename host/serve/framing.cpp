#include "serve/framing.h"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

// The only file that includes Boost.Beast: it takes six seconds to compile.

namespace tandem::serve {

namespace {

namespace http = boost::beast::http;

constexpr Refusal malformed{400, "BAD_REQUEST", "The request is not well-formed HTTP."};
constexpr Refusal bad_chunk{400, "BAD_REQUEST", "The chunked body is not well-formed."};
constexpr Refusal body_too_large{413, "PAYLOAD_TOO_LARGE", "The body is larger than allowed."};

// A chunk size of eight hex digits counts 4 GiB; more digits only serve to overflow
// somebody's counter.
constexpr size_t max_chunk_size_digits = 8;

bool hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

class Framing::Parser : public http::basic_parser<true> {
public:
    using Text = boost::beast::string_view;
    using Failure = boost::beast::error_code;

    bool at_chunk_line() const { return chunked() && left_ == 0; }
    /// `length` is 0 until the line is whole, with the trailers behind it if it is the last.
    Verdict look_at_chunk_line(std::string_view bytes, size_t& length, bool& last);
    /// The last chunk as Beast shall see it: without trailers.
    std::string_view plain_end() const { return first_ ? "0\r\n\r\n" : "\r\n0\r\n\r\n"; }

    size_t limit = 0;
    std::string* body = nullptr;
    bool over_limit = false;

private:
    static Verdict look_at_trailer(std::string_view bytes, size_t& length);

    void on_request_impl(http::verb, Text, Text, int, Failure&) override {}
    void on_response_impl(int, Text, int, Failure&) override {}
    // Fields are taken from the raw block, in wire order.
    void on_field_impl(http::field, Text, Text, Failure&) override {}
    void on_header_impl(Failure&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
    size_t on_body_impl(Text bytes, Failure& problem) override { return take(bytes, problem); }

    void on_chunk_header_impl(std::uint64_t size, Text, Failure& problem) override {
        left_ = size;
        first_ = false;
        // A chunk that cannot fit is refused before its bytes are read.
        if (size > limit - std::min(limit, body->size())) {
            over_limit = true;
            problem = http::error::body_limit;
        }
    }
    size_t on_chunk_body_impl(std::uint64_t, Text bytes, Failure& problem) override {
        const size_t taken = take(bytes, problem);
        left_ -= taken;
        return taken;
    }
    void on_finish_impl(Failure&) override {}

    size_t take(Text bytes, Failure& problem) {
        if (bytes.size() > limit - std::min(limit, body->size())) {
            over_limit = true;
            problem = http::error::body_limit;
            return 0;
        }
        body->append(bytes.data(), bytes.size());
        return bytes.size();
    }

    std::uint64_t left_ = 0;  // of the chunk in hand
    bool first_ = true;       // no chunk was seen yet
    size_t extension_bytes_ = 0;
};

// Beast takes nine digits, and says nothing of how much it was made to skip: so each size
// line is looked at here first, and Beast sees it only when it is whole.
Verdict Framing::Parser::look_at_chunk_line(std::string_view bytes, size_t& length, bool& last) {
    length = 0;
    const size_t start = first_ ? 0 : 2;
    if (bytes.size() < start) return std::nullopt;
    if (bytes.substr(0, start) != std::string_view("\r\n", start)) return bad_chunk;
    const std::string_view rest = bytes.substr(start);
    size_t digits = 0;
    while (digits < rest.size() && hex_digit(rest[digits])) ++digits;
    if (digits > max_chunk_size_digits) return bad_chunk;
    if (digits == rest.size()) return std::nullopt;
    if (digits == 0 || (rest[digits] != '\r' && rest[digits] != ';')) return bad_chunk;

    const size_t end = rest.find('\n', digits);
    const size_t extension = std::min(end, rest.size()) - digits;
    if (extension_bytes_ + extension > max_chunk_extension_bytes) return bad_chunk;
    if (end == std::string_view::npos) return std::nullopt;
    if (rest[end - 1] != '\r') return bad_chunk;
    for (const char c : rest.substr(digits, end - 1 - digits))
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad_chunk;

    last = rest.substr(0, digits).find_first_not_of('0') == std::string_view::npos;
    size_t trailer = 0;
    if (last) {
        const Verdict verdict = look_at_trailer(rest.substr(end + 1), trailer);
        if (verdict || trailer == 0) return verdict;
    }
    // The line's own end is no extension: any number of plain chunks is allowed.
    extension_bytes_ += extension - 1;
    length = start + end + 1 + trailer;
    return std::nullopt;
}

Verdict Framing::Parser::look_at_trailer(std::string_view bytes, size_t& length) {
    for (size_t start = 0; start < bytes.size();) {
        const size_t end = bytes.find('\n', start);
        if (std::min(end, bytes.size()) > max_trailer_bytes) return bad_chunk;
        if (end == std::string_view::npos) break;
        if (end == start || bytes[end - 1] != '\r') return bad_chunk;
        const std::string_view line = bytes.substr(start, end - 1 - start);
        start = end + 1;
        if (line.empty()) {
            length = start;
            break;
        }
        Header ignored;
        if (const Verdict verdict = read_field(line, {}, ignored)) return verdict;
    }
    return std::nullopt;
}

Framing::Framing() : parser_(std::make_unique<Parser>()) {
    parser_->eager(false);              // stops at the header's end, so that trailers stay apart
    parser_->header_limit(UINT32_MAX);  // ours were checked before
    // Ours too; "none" would refuse every length, because 1.74 compares with it.
    parser_->body_limit(UINT64_MAX);
}

Framing::~Framing() = default;

Verdict Framing::take_head(std::string_view block, const Head& head) {
    boost::beast::error_code problem;
    const size_t used = parser_->put(boost::asio::buffer(block.data(), block.size()), problem);
    if (problem || used != block.size() || !parser_->is_header_done()) return malformed;
    // Both readings must agree on how the body is framed.
    if (parser_->chunked() != head.chunked) return malformed;
    const auto length = parser_->content_length();
    if (!head.chunked && head.length.value_or(0) != length.value_or(0)) return malformed;
    return std::nullopt;
}

Verdict Framing::take_body(std::string_view bytes, size_t limit, std::string& body, size_t& used) {
    used = 0;
    parser_->limit = limit;
    parser_->body = &body;
    while (!parser_->is_done()) {
        std::string_view rest = bytes.substr(used);
        if (rest.empty()) return std::nullopt;
        size_t length = 0;
        bool last = false;
        if (parser_->at_chunk_line()) {
            if (const Verdict verdict = parser_->look_at_chunk_line(rest, length, last))
                return verdict;
            if (length == 0) return std::nullopt;
            // Trailers were looked at and end here: Beast would take them for headers.
            if (last) rest = parser_->plain_end();
        }
        boost::beast::error_code problem;
        const size_t taken = parser_->put(boost::asio::buffer(rest.data(), rest.size()), problem);
        used += last ? length : taken;
        if (parser_->over_limit) return body_too_large;
        if (problem == http::error::need_more) return std::nullopt;
        if (problem) return parser_->chunked() ? bad_chunk : malformed;
        if (taken == 0 && !parser_->is_done()) return malformed;
    }
    return std::nullopt;
}

bool Framing::done() const {
    return parser_->is_done();
}

bool Framing::keep_alive() const {
    return parser_->keep_alive();
}

}  // namespace tandem::serve
