#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "serve/serve.h"

/// The second port of serve: JSON from strangers, for handlers. Two readers must not read the same
/// text differently, and no reader may be made to use its stack up: what is doubtful is refused.
namespace tandem::serve {

/// Arrays and objects within each other; deeper is an attack, not data.
inline constexpr unsigned max_json_depth = 64;

/// Reads one JSON object (RFC 8259) into `into`. Refused as VALIDATION_FAILED: anything
/// that is no object, text behind it, a byte order mark, members named twice, more than
/// `max_json_depth` levels, bytes that are no UTF-8, lone surrogates, NUL in a string, and
/// numbers that neither 64 bits nor a double can hold. The problem's field is `body`.
std::optional<Problem> read_json(std::string_view text, nlohmann::json& into);

/// The members of one object that a handler knows, asked for by name and type. What is
/// amiss is collected, so that a caller learns of it at once; a member that nobody asked
/// for is amiss too. Null counts as absent: front ends send null for what they do not have.
/// Confined to one thread.
class Members {
public:
    /// Reads `text` as read_json does; of a text that is refused all members are absent.
    explicit Members(std::string_view text);
    ~Members();
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;

    /// Empty when absent or amiss.
    std::string text(std::string_view name, size_t max_bytes);
    /// Whether the member is there and not null.
    bool has(std::string_view name);
    /// Whether the member is there, as null.
    bool is_null(std::string_view name);
    /// `otherwise` when absent or amiss.
    bool yes_no(std::string_view name, bool otherwise = false);
    /// An integer from `least` to `most`; `otherwise` when absent or amiss.
    int64_t integer(std::string_view name, int64_t least, int64_t most, int64_t otherwise);
    /// A list of texts; empty when absent or amiss.
    std::vector<std::string> texts(std::string_view name, size_t most, size_t max_bytes);
    /// An object as JSON text, whatever its members; empty when absent or amiss.
    std::string object(std::string_view name, size_t max_bytes);
    /// Members that nobody asks for are no fault here: the contract's routes whose older
    /// clients send more than they must.
    void ignore_others() { ignores_others_ = true; }
    /// Gives `each` the members of every object in a list; not called when the list is
    /// absent or longer than `most`.
    void objects(std::string_view name, size_t most, const std::function<void(Members&)>& each);

    /// Gives `one` the members of an object; not called when it is absent or amiss.
    void member(std::string_view name, const std::function<void(Members&)>& one);

    /// What a type does not say; the first complaint of a member stands, the first 16 in all.
    void complain(std::string_view name, std::string_view message);
    /// VALIDATION_FAILED with all complaints as `errors`; nothing when all is well. To be
    /// asked after all members were asked for, and before their values are believed.
    [[nodiscard]] std::optional<Problem> problem();

private:
    Members(Members& outer, const nlohmann::json& object, std::string place);
    const nlohmann::json* find(std::string_view name);
    void complain_of_unknown();

    const std::unique_ptr<nlohmann::json> body_;  // of the outermost
    const nlohmann::json& object_;
    Members& outermost_;
    const std::string place_;  // before the names of this object's members: `turns[3].`
    std::vector<std::string> known_;
    bool ignores_others_ = false;
    std::optional<Problem> refused_;                               // of the outermost
    std::vector<std::pair<std::string, std::string>> complaints_;  // of the outermost
};

}  // namespace tandem::serve
