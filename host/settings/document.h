#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/settings.h"

/// A settings file as a tree with the place of every key and value. YAML is reduced to
/// blocks, lists and texts: what could surprise (aliases, tags, merge keys, a second
/// document) is refused.
namespace tandem::settings {

constexpr size_t max_file_bytes = 1 << 20;  // a file of 10,000 organisations has less
constexpr unsigned max_depth = 32;          // the deepest key we know has 6
constexpr size_t max_block_keys = 1000;     // far above the known ones
constexpr size_t max_findings = 100;        // nobody reads more at once

/// Where something stands. `order` is the file's turn: the main file, then conf.d by name.
struct Place {
    unsigned order = 0;
    std::string file;
    int line = 1;
    int column = 1;

    std::string text() const;
};

/// A value with its place. `Absent` is an empty value, `Broken` one that already has a
/// finding of its own and is skipped.
struct Node {
    enum class Kind { Absent, Broken, Text, List, Block };
    struct Entry;

    Kind kind = Kind::Absent;
    std::string text;       // of Text
    bool plain = false;     // of Text: without quotes
    bool literal = false;   // of Text: not to be searched for ${…}
    bool resolved = false;  // of Text: came from a ${…} or from the environment
    Place place;
    std::vector<Node> items;     // of List
    std::vector<Entry> entries;  // of Block, in file order, each key once

    /// Null if there is none; only of a Block.
    Entry* find(std::string_view key);
    const Entry* find(std::string_view key) const;
};

struct Node::Entry {
    std::string key;
    Place place;
    Node value;
};

/// Collects what is wrong. Confined to one load.
class Report {
public:
    void error(const Place& place, std::string key, std::string expected);
    void warn(const Place& place, std::string key, std::string expected);
    /// In the order of files, lines and columns; at most max_findings and one more that
    /// counts the rest.
    std::vector<Finding> sorted() const;

private:
    void add(const Place& place, std::string key, std::string expected, bool warning);

    std::vector<std::pair<Place, Finding>> all_;
};

/// Reads one file; what is wrong goes into the report. An empty file is an empty Block.
Node read_document(const std::string& file, unsigned order, Report& report);
/// The same for text that is at hand.
Node parse_document(const std::string& text, const std::string& file, unsigned order,
                    Report& report);

/// Lays `over` on `base`: blocks key by key, lists of blocks by their `id`, all else is
/// replaced by the later value. An empty value replaces nothing.
void merge(Node& base, Node over);

}  // namespace tandem::settings
