#include <algorithm>

#include "settings/keys.h"
#include "settings/settings.h"

namespace tandem::settings {

namespace {

bool same(const Options& one, const Options& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](const auto& a, const auto& b) {
                          return a.first == b.first && a.second.value == b.second.value &&
                                 a.second.plain == b.second.plain;
                      });
}

/// Both slots are of one key, so their types are the same.
bool same(const Slot& one, const Slot& other) {
    return std::visit(
        [&](const auto& a) {
            using Type = std::decay_t<decltype(a)>;
            const auto& b = std::get<Type>(other);
            if constexpr (std::is_same_v<Type, TwoWords>)
                return *a.yes == *b.yes;
            else if constexpr (std::is_same_v<Type, Options*>)
                return same(*a, *b);
            else
                return *a == *b;
        },
        one);
}

template <typename Owner>
void compare(const std::vector<Key<Owner>>& keys, const std::string& place, Owner& before,
             Owner& after, std::vector<std::string>& changed) {
    for (const Key<Owner>& key : keys)
        if (!same(key.slot(before), key.slot(after)))
            changed.push_back(place + std::string(key.path));
}

/// What stands in a list is known by its id.
template <typename Item>
void compare_lists(const std::vector<Key<Item>>& keys, const std::string& name,
                   std::vector<Item>& before, std::vector<Item>& after,
                   std::vector<std::string>& changed) {
    const auto find = [](std::vector<Item>& all, const std::string& id) {
        return std::find_if(all.begin(), all.end(), [&](const Item& one) { return one.id == id; });
    };
    for (Item& one : before) {
        const std::string place = name + "[" + one.id + "]";
        const auto other = find(after, one.id);
        if (other == after.end())
            changed.push_back(place);
        else
            compare(keys, place + ".", one, *other, changed);
    }
    for (const Item& one : after)
        if (find(before, one.id) == before.end()) changed.push_back(name + "[" + one.id + "]");
    const auto same_id = [](const Item& one, const Item& other) { return one.id == other.id; };
    if (std::is_permutation(before.begin(), before.end(), after.begin(), after.end(), same_id) &&
        !std::equal(before.begin(), before.end(), after.begin(), same_id))
        changed.push_back(name);  // in another order
}

}  // namespace

std::vector<std::string> changes(const Settings& before, const Settings& after) {
    Settings one = before, other = after;  // the tables hand out places to write, too
    std::vector<std::string> changed;
    compare_lists(auth_keys(), "auth", one.auth, other.auth, changed);
    compare_lists(provider_keys(), "providers", one.providers, other.providers, changed);
    compare_lists(organization_keys(), "organizations", one.organizations, other.organizations,
                  changed);
    compare_lists(role_keys(), "roles", one.roles, other.roles, changed);
    compare(section_keys(), "", one, other, changed);
    return changed;
}

}  // namespace tandem::settings
