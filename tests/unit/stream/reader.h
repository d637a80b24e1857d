#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// EventSource's parser, written from the specification (WHATWG HTML 9.2.5 and 9.2.6) and
/// from nothing of ours. Takes bytes in any pieces.
namespace tandem::stream {

struct Heard {
    std::string name;  // "message" for unnamed ones
    std::string data;
    std::string last_id;
};

class EventReader {
public:
    void take(std::string_view bytes) {
        for (const char byte : bytes) {
            if (at_start_ && bom_ < 3) {
                static constexpr std::string_view mark = "\xef\xbb\xbf";
                if (byte == mark[bom_]) {
                    ++bom_;
                    if (bom_ == 3) at_start_ = false;
                    continue;
                }
                const std::string begun(mark.substr(0, bom_));
                at_start_ = false;
                for (const char held : begun) letter(held);
            }
            letter(byte);
        }
    }

    std::vector<Heard> events;
    std::string last_id;
    std::optional<std::string> retry;

private:
    void letter(char byte) {
        if (after_cr_ && byte == '\n') {
            after_cr_ = false;
            return;
        }
        after_cr_ = byte == '\r';
        if (byte == '\r' || byte == '\n') {
            line();
            line_.clear();
            return;
        }
        line_.push_back(byte);
    }

    void line() {
        if (line_.empty()) return dispatch();
        const size_t colon = line_.find(':');
        if (colon == 0) return;
        const std::string field = line_.substr(0, colon);
        std::string value = colon == std::string::npos ? "" : line_.substr(colon + 1);
        if (!value.empty() && value.front() == ' ') value.erase(0, 1);
        if (field == "event") {
            name_ = value;
        } else if (field == "data") {
            data_ += value + '\n';
        } else if (field == "id") {
            if (value.find('\0') == std::string::npos) id_ = value;
        } else if (field == "retry") {
            if (!value.empty() && value.find_first_not_of("0123456789") == std::string::npos)
                retry = value;
        }
    }

    void dispatch() {
        last_id = id_;
        if (!data_.empty()) {
            data_.pop_back();
            events.push_back({name_.empty() ? "message" : name_, data_, last_id});
        }
        data_.clear();
        name_.clear();
    }

    bool at_start_ = true;
    size_t bom_ = 0;
    bool after_cr_ = false;
    std::string line_, name_, data_, id_;
};

}  // namespace tandem::stream
