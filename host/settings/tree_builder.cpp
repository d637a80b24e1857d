#include "settings/tree_builder.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace tandem::settings {

namespace {

/// Reading cannot go on; the finding is already in the report.
struct GivenUp {};

/// Builds the tree from the parser's events. Aliases, duplicates and second documents are
/// seen only here: the parser's own tree hides them.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& text, const std::string& file, unsigned order, Report& report)
        : text_(text), file_(file), order_(order), report_(report) {}

    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (seen_document_)
            fail(mark, "one document; is the indentation right, or is there a `---`?");
        seen_document_ = true;
    }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        // A word alone in its line reaches us as a key and an empty value at one place.
        if (!frames_.empty() && frames_.back().has_key && frames_.back().key_at == mark.pos)
            fail(mark, "a colon after `" + frames_.back().key + "`");
        Node node;
        // An empty value's mark is that of the next line; its key stands where people look.
        node.place =
            !frames_.empty() && frames_.back().has_key ? frames_.back().key_place : place(mark);
        add(mark, std::move(node));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail(mark, "the value itself; aliases (*name) are not supported");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_anchor(mark, anchor);
        refuse_tag(mark, tag);
        Node node;
        node.kind = Node::Kind::Text;
        node.text = value;
        node.plain = tag == "?";
        node.place = place(mark);
        if (!node.plain) check_quotes(mark);
        add(mark, std::move(node));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::List);
    }

    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::Block);
    }

    void OnMapEnd() override { close(); }

private:
    struct Frame {
        Node node;
        bool has_key = false;
        std::string key;
        Place key_place;
        int key_at = -1;  // byte
    };

    Place place(const YAML::Mark& mark) const {
        return {order_, file_, mark.line + 1, mark.column + 1};
    }

    [[noreturn]] void fail(const YAML::Mark& mark, std::string expected) {
        report_.error(place(mark), path(), std::move(expected));
        throw GivenUp{};
    }

    std::string path() const {
        std::string text;
        for (const Frame& frame : frames_)
            if (frame.has_key) text += (text.empty() ? "" : ".") + frame.key;
        return text.empty() ? "settings" : text;
    }

    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0) fail(mark, "a value without an anchor (&name)");
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!")
            fail(mark, "a value without a tag (" + tag.substr(0, 60) + ")");
    }

    // yaml-cpp takes the end of the file for the end of a quoted text.
    void check_quotes(const YAML::Mark& mark) {
        size_t at = static_cast<size_t>(mark.pos);
        if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
        const char quote = text_[at];
        for (++at; at < text_.size(); ++at) {
            if (quote == '"' && text_[at] == '\\')
                ++at;
            else if (text_[at] == quote) {
                if (quote == '\'' && at + 1 < text_.size() && text_[at + 1] == quote)
                    ++at;
                else
                    return;
            }
        }
        fail(mark, std::string("a closing ") + quote);
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              Node::Kind kind) {
        refuse_anchor(mark, anchor);
        refuse_tag(mark, tag);
        if (!frames_.empty() && frames_.back().node.kind == Node::Kind::Block &&
            !frames_.back().has_key)
            fail(mark, "a key that is a word");
        if (frames_.size() >= max_depth) fail(mark, "at most 32 levels");
        Frame frame;
        frame.node.kind = kind;
        frame.node.place = place(mark);
        frames_.push_back(std::move(frame));
    }

    void close() {
        Node node = std::move(frames_.back().node);
        frames_.pop_back();
        add({}, std::move(node));
    }

    void add(const YAML::Mark& mark, Node node) {
        if (frames_.empty()) {
            root_ = std::move(node);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node.kind == Node::Kind::List) {
            frame.node.items.push_back(std::move(node));
        } else if (!frame.has_key) {
            if (node.kind != Node::Kind::Text) fail(mark, "a key that is a word");
            // Keys are looked for one by one: without a bound, many would take minutes.
            if (frame.node.entries.size() == max_block_keys)
                fail(mark, "at most " + std::to_string(max_block_keys) + " keys in a block");
            if (node.text == "<<") fail(mark, "a key; merge keys (<<) are not supported");
            frame.has_key = true;
            frame.key = std::move(node.text);
            frame.key_place = node.place;
            frame.key_at = mark.pos;
        } else {
            add_entry(frame, std::move(node));
            frame.has_key = false;
        }
    }

    void add_entry(Frame& frame, Node node) {
        if (const Node::Entry* first = frame.node.find(frame.key)) {
            report_.error(frame.key_place, path(),
                          "this key once; it stands in line " + std::to_string(first->place.line) +
                              " already");
            return;
        }
        frame.node.entries.push_back({frame.key, frame.key_place, std::move(node)});
    }

    const std::string& text_;
    const std::string& file_;
    const unsigned order_;
    Report& report_;
    std::vector<Frame> frames_;
    Node root_;
    bool seen_document_ = false;
};

std::string explain(const std::string& text, const YAML::Exception& failure) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 0; number <= failure.mark.line; ++number) std::getline(lines, line);
    if (line.find("[::") != std::string::npos)
        return "valid YAML (" + failure.msg + "); an IPv6 address needs quotes: \"[::]:8080\"";
    const size_t indent = line.find_first_not_of(' ');
    if (indent != std::string::npos && line[indent] == '\t')
        return "spaces for indentation, there is a tab";
    return "valid YAML (" + failure.msg + ")";
}

}  // namespace

Node build_tree(const std::string& text, const std::string& file, unsigned order, Report& report) {
    Node broken;
    broken.kind = Node::Kind::Broken;
    broken.place = {order, file};
    TreeBuilder builder(text, file, order, report);
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        return builder.take();
    } catch (const GivenUp&) {
        return broken;
    } catch (const YAML::Exception& failure) {
        const int line = failure.mark.line < 0 ? 0 : failure.mark.line;
        const int column = failure.mark.column < 0 ? 0 : failure.mark.column;
        report.error({order, file, line + 1, column + 1}, "settings", explain(text, failure));
        return broken;
    }
}

}  // namespace tandem::settings
