#include "settings/document.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <tuple>

#include "base/text.h"
#include "settings/tree_builder.h"

namespace tandem::settings {

std::string Place::text() const {
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Node::Entry* Node::find(std::string_view key) {
    for (Entry& entry : entries)
        if (entry.key == key) return &entry;
    return nullptr;
}

const Node::Entry* Node::find(std::string_view key) const {
    return const_cast<Node*>(this)->find(key);
}

void Report::error(const Place& place, std::string key, std::string expected) {
    add(place, std::move(key), std::move(expected), false);
}

void Report::warn(const Place& place, std::string key, std::string expected) {
    add(place, std::move(key), std::move(expected), true);
}

void Report::add(const Place& place, std::string key, std::string expected, bool warning) {
    all_.emplace_back(place, Finding{place.text(), std::move(key), std::move(expected), warning});
}

std::vector<Finding> Report::sorted() const {
    auto ordered = all_;
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& left, const auto& right) {
        const auto rank = [](const auto& one) {
            return std::tie(one.first.order, one.first.line, one.first.column);
        };
        return rank(left) < rank(right);
    });
    std::vector<Finding> findings;
    bool failed_beyond = false;
    for (const auto& [place, finding] : ordered) {
        if (findings.size() < max_findings)
            findings.push_back(finding);
        else
            failed_beyond = failed_beyond || !finding.warning;
    }
    if (ordered.size() > max_findings) {
        const size_t more = ordered.size() - max_findings;
        findings.push_back({ordered[max_findings].second.where, "settings",
                            "and " + std::to_string(more) + " more like these", !failed_beyond});
    }
    return findings;
}

namespace {

/// The whole file, or what is wrong with it.
std::optional<std::string> read_bounded(const std::string& file, std::string& wrong) {
    // Without O_NONBLOCK a FIFO in the place of a file would hang the start.
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        wrong = std::string("a file that can be read (") + std::strerror(errno) + ")";
        return std::nullopt;
    }
    struct stat status {};
    std::string text;
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        wrong = "a regular file";
    } else {
        char buffer[16384];
        ssize_t got = 0;
        while (text.size() <= max_file_bytes &&
               (got = ::read(descriptor, buffer, sizeof buffer)) > 0)
            text.append(buffer, static_cast<size_t>(got));
        if (got < 0) wrong = std::string("a file that can be read (") + std::strerror(errno) + ")";
    }
    ::close(descriptor);
    if (!wrong.empty()) return std::nullopt;
    return text;
}

Place place_of_byte(const std::string& text, size_t byte, const std::string& file, unsigned order) {
    const auto begin = text.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(byte);
    const auto line = std::count(begin, end, '\n');
    const size_t line_start = byte == 0 ? std::string::npos : text.rfind('\n', byte - 1);
    const size_t column = line_start == std::string::npos ? byte : byte - line_start - 1;
    return {order, file, static_cast<int>(line) + 1, static_cast<int>(column) + 1};
}

/// Bytes that no settings file has, whatever the parser would make of them.
bool check_bytes(const std::string& text, const std::string& file, unsigned order, Report& report) {
    if (text.size() > max_file_bytes) {
        report.error({order, file}, "settings", "at most 1 MiB");
        return false;
    }
    if (text.rfind("\xff\xfe", 0) == 0 || text.rfind("\xfe\xff", 0) == 0) {
        report.error({order, file}, "settings", "UTF-8, this file is UTF-16");
        return false;
    }
    if (const size_t nul = text.find('\0'); nul != std::string::npos) {
        report.error(place_of_byte(text, nul, file, order), "settings",
                     "text, there is a NUL byte");
        return false;
    }
    if (const size_t bad = first_invalid_utf8(text); bad != std::string::npos) {
        report.error(place_of_byte(text, bad, file, order), "settings", "UTF-8, this byte is not");
        return false;
    }
    for (size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f) {
            report.error(place_of_byte(text, at, file, order), "settings",
                         "text, there is a control character");
            return false;
        }
    }
    return true;
}

/// `key:` and `key: ""`.
bool is_empty(const Node& node) {
    return node.kind == Node::Kind::Absent || (node.kind == Node::Kind::Text && node.text.empty());
}

bool is_list_of_named_blocks(const Node& node) {
    return node.kind == Node::Kind::List &&
           std::all_of(node.items.begin(), node.items.end(), [](const Node& item) {
               return item.kind == Node::Kind::Block && item.find("id") != nullptr;
           });
}

}  // namespace

Node read_document(const std::string& file, unsigned order, Report& report) {
    std::string wrong;
    const auto text = read_bounded(file, wrong);
    if (!text) {
        report.error({order, file}, "settings", wrong);
        Node broken;
        broken.kind = Node::Kind::Broken;
        return broken;
    }
    return parse_document(*text, file, order, report);
}

Node parse_document(const std::string& raw, const std::string& file, unsigned order,
                    Report& report) {
    Node root;
    root.kind = Node::Kind::Broken;
    root.place = {order, file};
    if (!check_bytes(raw, file, order, report)) return root;
    // The parser's positions do not count a byte order mark.
    const std::string text = raw.rfind("\xef\xbb\xbf", 0) == 0 ? raw.substr(3) : raw;
    root = build_tree(text, file, order, report);
    if (root.kind == Node::Kind::Absent) {
        root.kind = Node::Kind::Block;
        root.place = {order, file};
    }
    if (root.kind != Node::Kind::Block && root.kind != Node::Kind::Broken) {
        report.error(root.place, "settings", "sections such as `server:` at the outermost level");
        root.kind = Node::Kind::Broken;
    }
    return root;
}

void merge(Node& base, Node over) {
    if (base.kind == Node::Kind::Block && over.kind == Node::Kind::Block) {
        for (Node::Entry& entry : over.entries) {
            Node::Entry* below = base.find(entry.key);
            if (below == nullptr) {
                base.entries.push_back(std::move(entry));
            } else if (!is_empty(entry.value)) {
                below->place = entry.place;
                merge(below->value, std::move(entry.value));
            }
        }
        return;
    }
    if (is_list_of_named_blocks(base) && is_list_of_named_blocks(over)) {
        const size_t before = base.items.size();
        for (Node& item : over.items) {
            const std::string id = item.find("id")->value.text;
            const auto end = base.items.begin() + static_cast<std::ptrdiff_t>(before);
            const auto below = std::find_if(base.items.begin(), end, [&id](const Node& one) {
                return one.find("id")->value.text == id;
            });
            // Two of one id in the later file stay two, so that they are found out.
            if (below == end)
                base.items.push_back(std::move(item));
            else
                merge(*below, std::move(item));
        }
        return;
    }
    base = std::move(over);
}

}  // namespace tandem::settings
