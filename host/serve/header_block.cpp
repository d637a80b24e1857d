#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "serve/framing.h"

namespace tandem::serve {

namespace {

constexpr Refusal bad(std::string_view detail) {
    return {400, "BAD_REQUEST", detail};
}
constexpr Refusal too_large(std::string_view detail) {
    return {431, "HEADERS_TOO_LARGE", detail};
}
constexpr Refusal uri_too_long{414, "URI_TOO_LONG", "The request target is too long."};
constexpr Refusal bare_line_feed = bad("A line does not end in CR LF.");
constexpr Refusal bad_length = bad("Content-Length is not one plain number.");

// RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<size_t>(c)] = true;
    return table;
}
constexpr auto token_table = make_token_table();

bool token_char(char c) {
    return token_table[static_cast<unsigned char>(c)];
}

bool token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), token_char);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// An encoded word (RFC 2047) has no meaning in HTTP, but a library behind us may decode
// it into CR LF: refused, whatever it holds.
bool has_encoded_word(std::string_view value) {
    // Looked for once: from each beginning anew it would cost the square of the value's length.
    const size_t last_end = value.rfind("?=");
    if (last_end == std::string_view::npos) return false;
    for (size_t at = value.find("=?"); at != std::string_view::npos;
         at = value.find("=?", at + 2)) {
        const size_t charset = at + 2;
        const size_t encoding = value.find('?', charset);
        if (encoding == std::string_view::npos || encoding == charset) continue;
        if (!token(value.substr(charset, encoding - charset))) continue;
        if (encoding + 2 >= value.size() || value[encoding + 2] != '?') continue;
        const char kind = lower(value[encoding + 1]);
        if (kind != 'b' && kind != 'q') continue;
        if (last_end >= encoding + 3) return true;
    }
    return false;
}

Verdict read_request_line(std::string_view line, const FramingLimits& limits, Head& head) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last == first)
        return bad("The request line has no method, target and version.");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!token(method)) return bad("The method is not a token.");
    if (target.empty()) return bad("The request target is empty.");
    if (target.size() > limits.line_bytes) return uri_too_long;
    for (const char c : target) {
        // Eight bits, a fragment or a backslash: readers differ in what they mean.
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7f || c == '#' || c == '\\')
            return bad("The request target holds a forbidden character.");
    }
    const bool shaped = version.size() == 8 && version.substr(0, 5) == "HTTP/" &&
                        std::isdigit(static_cast<unsigned char>(version[5])) != 0 &&
                        version[6] == '.' &&
                        std::isdigit(static_cast<unsigned char>(version[7])) != 0;
    if (!shaped) return bad("The request line does not end in an HTTP version.");
    if (method == "PRI") return bad("HTTP/2 is not spoken here.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return Refusal{505, "VERSION_NOT_SUPPORTED", "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    head.method = method;
    head.target = target;
    head.version = version.back() == '1' ? 11 : 10;
    return std::nullopt;
}

// Host is one name or address with a port at most (RFC 9110 section 7.2).
bool valid_host(std::string_view host) {
    if (host.empty() || host.size() > 300) return false;
    size_t name_end = 0;
    if (host.front() == '[') {
        name_end = host.find(']');
        if (name_end == std::string_view::npos || name_end == 1) return false;
        for (const char c : host.substr(1, name_end - 1))
            if (std::isxdigit(static_cast<unsigned char>(c)) == 0 && c != ':' && c != '.')
                return false;
        ++name_end;
    } else {
        name_end = std::min(host.find(':'), host.size());
        if (name_end == 0) return false;
        for (const char c : host.substr(0, name_end))
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' &&
                c != '_')
                return false;
    }
    if (name_end == host.size()) return true;
    const std::string_view port = host.substr(name_end);
    return port.front() == ':' && port.size() <= 6 &&
           std::all_of(port.begin() + 1, port.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

// What each coding of all Transfer-Encoding fields together means for us.
Verdict read_transfer_encoding(const std::vector<std::string_view>& values, const Head& head) {
    if (head.version == 10) return bad("HTTP/1.0 has no Transfer-Encoding.");
    size_t codings = 0, chunked = 0;
    bool ambiguous = false, unknown = false, chunked_last = false;
    for (const std::string_view value : values) {
        for (size_t start = 0; start <= value.size();) {
            const size_t comma = std::min(value.find(',', start), value.size());
            const std::string_view coding = trimmed(value.substr(start, comma - start));
            start = comma + 1;
            ++codings;
            chunked_last = same_text(coding, "chunked");
            if (chunked_last)
                ++chunked;
            else if (!token(coding) || same_text(coding, "identity"))
                ambiguous = true;
            else
                unknown = true;
        }
    }
    if (ambiguous || chunked > 1 || (chunked == 1 && !chunked_last))
        return bad("Transfer-Encoding is ambiguous.");
    if (unknown)
        return Refusal{501, "NOT_IMPLEMENTED", "Only the chunked transfer coding is understood."};
    if (codings != 1 || head.length)
        return bad("Transfer-Encoding and Content-Length exclude each other.");
    return std::nullopt;
}

Verdict read_length(std::string_view line, Head& head) {
    if (head.length) return bad_length;
    // The raw text: a blank behind the number is one more thing to read differently.
    std::string_view digits = line.substr(line.find(':') + 1);
    while (!digits.empty() && (digits.front() == ' ' || digits.front() == '\t'))
        digits.remove_prefix(1);
    // 15 digits are a petabyte: no overflow in any counter behind us.
    if (digits.empty() || digits.size() > 15) return bad_length;
    uint64_t length = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return bad_length;
        length = length * 10 + static_cast<uint64_t>(c - '0');
    }
    head.length = length;
    return std::nullopt;
}

// Two of these would be read by one as the first, by another as the last.
constexpr std::string_view singular[] = {
    "authorization",   "content-type",  "expect",          "host",
    "idempotency-key", "last-event-id", "content-encoding"};

Verdict check_fields(const std::vector<std::string_view>& lines, Head& head) {
    std::array<bool, std::size(singular)> seen{};
    std::vector<std::string_view> codings;
    std::optional<std::string_view> host, expect;
    for (size_t i = 0; i < head.headers.size(); ++i) {
        const Header& field = head.headers[i];
        for (size_t k = 0; k < std::size(singular); ++k) {
            if (!same_text(field.name, singular[k])) continue;
            if (seen[k]) return bad("A header that may stand only once stands twice.");
            seen[k] = true;
        }
        if (same_text(field.name, "content-length")) {
            if (const Verdict verdict = read_length(lines[i], head)) return verdict;
        } else if (same_text(field.name, "transfer-encoding")) {
            codings.push_back(field.value);
        } else if (same_text(field.name, "host")) {
            host = field.value;
        } else if (same_text(field.name, "expect")) {
            expect = field.value;
        }
    }
    if (head.version == 11 && !host) return bad("The Host header is missing.");
    if (host && !valid_host(*host)) return bad("The Host header is not a host.");
    if (!codings.empty()) {
        if (const Verdict verdict = read_transfer_encoding(codings, head)) return verdict;
        head.chunked = true;
    }
    // HTTP/1.0 knows no expectations; one from there is ignored (RFC 9110 section 10.1.1).
    if (expect && head.version == 11) {
        if (!same_text(*expect, "100-continue"))
            return Refusal{417, "EXPECTATION_FAILED", "Only 100-continue can be expected."};
        head.expects_continue = true;
    }
    return std::nullopt;
}

}  // namespace

bool same_text(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> only_field(const std::vector<Header>& headers,
                                           std::string_view name) {
    std::optional<std::string_view> found;
    for (const Header& field : headers) {
        if (!same_text(field.name, name)) continue;
        if (found) return std::nullopt;  // two: neither can be trusted
        found = field.value;
    }
    return found;
}

Verdict HeadEnd::look(std::string_view bytes, const FramingLimits& limits) {
    if (seen_ == 0 && !bytes.empty() && !token_char(bytes.front()))
        return bad("This is not an HTTP request.");
    while (length_ == 0) {
        const void* found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
        if (found == nullptr) {
            seen_ = bytes.size();
            break;
        }
        const size_t end = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
        if (end == line_start_ || bytes[end - 1] != '\r') return bare_line_feed;
        if (lines_ == 0 && end > limits.line_bytes) return uri_too_long;
        if (end - line_start_ == 1) length_ = end + 1;
        // The request line and the empty line are not fields.
        else if (++lines_ > limits.fields + 1)
            return too_large("There are too many headers.");
        seen_ = line_start_ = end + 1;
    }
    if (lines_ == 0 && bytes.size() > limits.line_bytes) return uri_too_long;
    if (length_ > limits.header_bytes || (length_ == 0 && bytes.size() > limits.header_bytes))
        return too_large("The headers are larger than allowed.");
    return std::nullopt;
}

Verdict read_field(std::string_view line, const FramingLimits& limits, Header& field) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return bad("A header line has no colon.");
    const std::string_view name = line.substr(0, colon);
    // This also refuses obs-fold and a blank before the colon.
    if (!token(name)) return bad("A header name is not a token.");
    const std::string_view value = trimmed(line.substr(colon + 1));
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return bad("A header value holds a control character.");
    }
    if (name.size() > limits.name_bytes) return too_large("A header name is too long.");
    if (value.size() > limits.value_bytes) return too_large("A header value is too long.");
    if (has_encoded_word(value)) return bad("A header value holds an encoded word.");
    field.name = name;
    field.value = value;
    return std::nullopt;
}

Verdict read_head(std::string_view block, const FramingLimits& limits, Head& head) {
    size_t end = block.find("\r\n");
    if (const Verdict verdict = read_request_line(block.substr(0, end), limits, head))
        return verdict;
    std::vector<std::string_view> lines;
    for (size_t start = end + 2; start + 2 < block.size(); start = end + 2) {
        end = block.find('\n', start) - 1;  // HeadEnd saw to it that CR stands before it
        lines.push_back(block.substr(start, end - start));
        if (const Verdict verdict = read_field(lines.back(), limits, head.headers.emplace_back()))
            return verdict;
    }
    return check_fields(lines, head);
}

}  // namespace tandem::serve
